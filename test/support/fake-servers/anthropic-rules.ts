/*
 * The published rules of `POST /v1/messages`, written from the API's reference and error texts, without any code of
 * the router's: what passes here would pass there.
 */

export class RuleBroken extends Error {}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fail(message: string): never {
  throw new RuleBroken(message);
}

function onlyKeys(value: Json, allowed: readonly string[], path: string): void {
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) fail(`${path === '' ? key : `${path}.${key}`}: Extra inputs are not permitted`);
  }
}

function objectAt(value: unknown, path: string): Json {
  return isObject(value) ? value : fail(`${path}: Input should be a valid dictionary`);
}

function listAt(value: unknown, path: string): readonly unknown[] {
  return Array.isArray(value) ? value : fail(`${path}: Input should be a valid list`);
}

function textAt(value: unknown, path: string): string {
  return typeof value === 'string' ? value : fail(`${path}: Input should be a valid string`);
}

const topLevel = [
  'model',
  'max_tokens',
  'messages',
  'system',
  'metadata',
  'output_config',
  'service_tier',
  'stop_sequences',
  'stream',
  'temperature',
  'thinking',
  'tool_choice',
  'tools',
  'top_k',
  'top_p',
];

const blockFields: Readonly<Record<string, readonly string[]>> = {
  text: ['type', 'text', 'cache_control', 'citations'],
  image: ['type', 'source', 'cache_control'],
  document: ['type', 'source', 'title', 'context', 'citations', 'cache_control'],
  tool_use: ['type', 'id', 'name', 'input', 'cache_control', 'caller'],
  tool_result: ['type', 'tool_use_id', 'content', 'is_error', 'cache_control'],
  thinking: ['type', 'thinking', 'signature'],
  redacted_thinking: ['type', 'data'],
};

const rolesOf: Readonly<Record<string, readonly string[]>> = {
  text: ['user', 'assistant', 'system', 'result'],
  image: ['user', 'result'],
  document: ['user', 'result'],
  tool_result: ['user'],
  tool_use: ['assistant'],
  thinking: ['assistant'],
  redacted_thinking: ['assistant'],
};

function checkSource(block: Json, path: string): void {
  const source = objectAt(block.source, `${path}.source`);
  const types = block.type === 'image' ? ['base64', 'url', 'file'] : ['base64', 'url', 'file', 'text', 'content'];
  const type = textAt(source.type, `${path}.source.type`);
  if (!types.includes(type)) fail(`${path}.source: Input tag '${type}' found using 'type' does not match`);
  if (type !== 'base64') return;
  const mediaTypes =
    block.type === 'image' ? ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] : ['application/pdf'];
  if (!mediaTypes.includes(textAt(source.media_type, `${path}.source.media_type`))) {
    fail(`${path}.source.base64.media_type: Input should be ${mediaTypes.join(', ')}`);
  }
  textAt(source.data, `${path}.source.data`);
}

/** Signatures that the fake itself hands out start like this; any other was not made here. */
export const signaturePrefix = 'EqQBfake';

function checkBlock(value: unknown, role: string, path: string): void {
  const block = objectAt(value, path);
  const type = textAt(block.type, `${path}.type`);
  const fields = blockFields[type] ?? fail(`${path}: Input tag '${type}' found using 'type' does not match`);
  onlyKeys(block, fields, `${path}.${type}`);
  if (!(rolesOf[type] ?? []).includes(role)) fail(`${path}: \`${type}\` blocks are not allowed in ${role} messages`);
  if (type === 'text' && textAt(block.text, `${path}.text`).trim() === '') {
    fail('messages: text content blocks must contain non-whitespace text');
  }
  if (type === 'image' || type === 'document') checkSource(block, path);
  if (type === 'thinking' && !textAt(block.signature, `${path}.signature`).startsWith(signaturePrefix)) {
    fail(`${path}: Invalid \`signature\` in \`thinking\` block`);
  }
  if (type === 'tool_use') checkToolUse(block, path);
  if (type === 'tool_result' && block.content !== undefined) checkContent(block.content, 'result', `${path}.content`);
}

const idPattern = /^[a-zA-Z0-9_-]+$/;

function checkToolUse(block: Json, path: string): void {
  if (!idPattern.test(textAt(block.id, `${path}.id`))) fail(`${path}.tool_use.id: String should match pattern`);
  objectAt(block.input, `${path}.tool_use.input`);
}

function checkContent(content: unknown, role: string, path: string): void {
  if (typeof content === 'string') return;
  listAt(content, path).forEach((block, index) => {
    checkBlock(block, role, `${path}.${index}`);
  });
}

function blocksOf(message: Json): readonly Json[] {
  return Array.isArray(message.content) ? message.content.filter(isObject) : [];
}

function idsOf(message: Json | undefined, type: string, key: string): readonly unknown[] {
  return message === undefined ? [] : blocksOf(message).flatMap((block) => (block.type === type ? [block[key]] : []));
}

/** Results answer all calls of the turn before, and stand first in theirs. */
function checkToolPairs(messages: readonly Json[], index: number): void {
  const message = messages[index];
  if (message === undefined) return;
  const results = idsOf(message, 'tool_result', 'tool_use_id');
  const calls = idsOf(messages[index - 1], 'tool_use', 'id');
  for (const id of results) {
    if (!calls.includes(id))
      fail(`messages.${index}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}`);
  }
  for (const id of calls) {
    if (!results.includes(id)) {
      fail(
        `messages.${index - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${id}`,
      );
    }
  }
  const kinds = blocksOf(message).map((block) => block.type === 'tool_result');
  if (kinds.lastIndexOf(true) > kinds.indexOf(false) && kinds.includes(false) && kinds.includes(true)) {
    fail(`messages.${index}: \`tool_result\` blocks must come first`);
  }
}

function checkSystemPlace(messages: readonly Json[], index: number, model: string): void {
  if (!/claude-(?:opus-4-8|\w+-5)/.test(model)) fail("role 'system' is not supported on this model");
  const next = messages[index + 1]?.role;
  if (messages[index - 1]?.role !== 'user' || (next !== undefined && next !== 'assistant')) {
    fail(`messages.${index}: a system message must follow a user turn and precede an assistant turn`);
  }
}

function checkMessages(body: Json, model: string): void {
  const messages = listAt(body.messages, 'messages').map((message, index) => objectAt(message, `messages.${index}`));
  if (messages.length === 0) fail('messages: at least one message is required');
  messages.forEach((message, index) => {
    onlyKeys(message, ['role', 'content'], `messages.${index}`);
    const role = textAt(message.role, `messages.${index}.role`);
    if (!['user', 'assistant', 'system'].includes(role)) fail(`messages: Unexpected role "${role}"`);
    if (role === 'system') checkSystemPlace(messages, index, model);
    if (index === 0 && role !== 'user') fail('messages: first message must use the "user" role');
    if (messages[index - 1]?.role === role) fail('messages: roles must alternate between "user" and "assistant"');
    if (blocksOf(message).length === 0 && typeof message.content !== 'string') {
      fail(`messages.${index}: all messages must have non-empty content`);
    }
    checkContent(message.content, role, `messages.${index}.content`);
    checkToolPairs(messages, index);
  });
  checkLast(messages, model);
}

function checkLast(messages: readonly Json[], model: string): void {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') return;
  if (idsOf(last, 'tool_use', 'id').length > 0)
    fail('messages: `tool_use` ids were found without `tool_result` blocks');
  if (/claude-(?:\w+-4-[678]|\w+-5)/.test(model)) fail('This model does not support assistant message prefill');
  const text = blocksOf(last).at(-1)?.text;
  if (typeof text === 'string' && text !== text.trimEnd()) {
    fail('messages: final assistant content cannot end with trailing whitespace');
  }
}

function checkTools(body: Json): void {
  const tools = body.tools === undefined ? [] : listAt(body.tools, 'tools');
  const names = tools.map((value, index) => {
    const tool = objectAt(value, `tools.${index}`);
    onlyKeys(tool, ['name', 'description', 'input_schema', 'strict', 'cache_control', 'type'], `tools.${index}`);
    if (objectAt(tool.input_schema, `tools.${index}.input_schema`).type !== 'object') {
      fail(`tools.${index}.custom.input_schema.type: Field required`);
    }
    return textAt(tool.name, `tools.${index}.name`);
  });
  if (new Set(names).size !== names.length) fail('tools: Tool names must be unique.');
  if (body.tool_choice === undefined) return;
  if (tools.length === 0) fail('tool_choice may only be specified while providing `tools`');
  const choice = objectAt(body.tool_choice, 'tool_choice');
  const fields = { auto: 'disable_parallel_tool_use', any: 'disable_parallel_tool_use', none: '', tool: 'name' };
  const type = textAt(choice.type, 'tool_choice.type');
  if (!Object.hasOwn(fields, type)) fail(`tool_choice: Input tag '${type}' does not match`);
  onlyKeys(choice, type === 'none' ? ['type'] : ['type', 'disable_parallel_tool_use', 'name'], 'tool_choice');
  if (type === 'tool' && !names.some((name) => name === choice.name)) fail(`Tool '${choice.name}' not found`);
}

function checkSampling(body: Json, model: string): void {
  const isNewest = /claude-(?:opus-4-[78]|\w+-5)/.test(model);
  for (const key of ['temperature', 'top_p', 'top_k']) {
    if (body[key] !== undefined && isNewest) fail(`${key} is deprecated for this model.`);
  }
  if (body.temperature !== undefined && body.top_p !== undefined && /claude-\w+-4-[156]/.test(model)) {
    fail('`temperature` and `top_p` cannot both be specified for this model. Please use only one.');
  }
  for (const key of ['temperature', 'top_p']) {
    const value = body[key];
    if (value !== undefined && (typeof value !== 'number' || value < 0 || value > 1)) fail(`${key}: range: 0..1`);
  }
}

function checkThinking(body: Json, model: string): void {
  if (body.thinking === undefined) return;
  const thinking = objectAt(body.thinking, 'thinking');
  onlyKeys(thinking, ['type', 'budget_tokens', 'display'], 'thinking');
  if (thinking.type === 'disabled') return;
  const isNewest = /claude-(?:opus-4-[78]|\w+-5)/.test(model);
  if (thinking.type === 'enabled' && isNewest) fail('"thinking.type.enabled" is not supported for this model.');
  if (thinking.type === 'enabled') {
    const budget = Number(thinking.budget_tokens);
    if (!(budget >= 1024)) fail('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
    if (budget >= Number(body.max_tokens)) fail('`max_tokens` must be greater than `thinking.budget_tokens`.');
  }
  if (body.temperature !== undefined && body.temperature !== 1) {
    fail('`temperature` may only be set to 1 when thinking is enabled');
  }
  if (body.top_k !== undefined) fail('`top_k` must be unset when thinking is enabled');
  const choice = isObject(body.tool_choice) ? body.tool_choice.type : undefined;
  if (choice === 'any' || choice === 'tool') fail('Thinking may not be enabled when tool_choice forces tool use.');
}

function checkOutput(body: Json): void {
  if (body.output_config === undefined) return;
  const config = objectAt(body.output_config, 'output_config');
  onlyKeys(config, ['effort', 'format'], 'output_config');
  if (config.effort !== undefined && !['low', 'medium', 'high', 'xhigh', 'max'].includes(String(config.effort))) {
    fail('output_config.effort: Input should be low, medium, high, xhigh or max');
  }
  if (config.format === undefined) return;
  const format = objectAt(config.format, 'output_config.format');
  onlyKeys(format, ['type', 'schema'], 'output_config.format');
  checkClosed(objectAt(format.schema, 'output_config.format.schema'));
}

function checkClosed(schema: Json): void {
  if (schema.type === 'object' && schema.additionalProperties !== false) {
    fail("output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false");
  }
  for (const key of ['minimum', 'maximum', 'minLength', 'maxLength', 'maxItems']) {
    if (key in schema) fail(`output_config.format.schema: property '${key}' is not supported`);
  }
  if (isObject(schema.properties))
    for (const inner of Object.values(schema.properties)) checkClosed(objectAt(inner, ''));
}

function checkRest(body: Json): void {
  if (body.metadata !== undefined) onlyKeys(objectAt(body.metadata, 'metadata'), ['user_id'], 'metadata');
  if (body.service_tier !== undefined && !['auto', 'standard_only'].includes(String(body.service_tier))) {
    fail("service_tier: Input should be 'auto' or 'standard_only'");
  }
  for (const word of body.stop_sequences === undefined ? [] : listAt(body.stop_sequences, 'stop_sequences')) {
    if (textAt(word, 'stop_sequences').trim() === '')
      fail('stop_sequences: each stop sequence must contain non-whitespace');
  }
  const marks = JSON.stringify(body).match(/"cache_control":/g)?.length ?? 0;
  if (marks > 4) fail(`A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`);
  if (body.system === undefined) return;
  if (typeof body.system !== 'string' && listAt(body.system, 'system').length === 0) fail('system: list is empty');
  checkContent(body.system, 'system', 'system');
}

export interface Kind {
  readonly isCount: boolean;
  /** API version 2026-10-21, which knows no sampling parameters. */
  readonly isNewest: boolean;
}

const sampling = ['temperature', 'top_p', 'top_k'];

/** Throws `RuleBroken` with the API's wording for the first rule that a body breaks. */
export function checkRequest(body: unknown, { isCount, isNewest }: Kind): void {
  const request = objectAt(body, 'body');
  onlyKeys(request, isNewest ? topLevel.filter((key) => !sampling.includes(key)) : topLevel, '');
  const model = textAt(request.model, 'model');
  if (!isCount && !(Number.isInteger(request.max_tokens) && Number(request.max_tokens) >= 1)) {
    fail('max_tokens: Field required');
  }
  if (isCount && request.max_tokens !== undefined) fail('max_tokens: Extra inputs are not permitted');
  checkMessages(request, model);
  checkTools(request);
  checkSampling(request, model);
  checkThinking(request, model);
  checkOutput(request);
  checkRest(request);
}
