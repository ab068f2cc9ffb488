/*
 * The published rules of `POST /v1/chat/completions`, written from the API's reference and error texts, without any
 * code of the router's: what passes here would pass there.
 */

import {
  checkName,
  invalid,
  isObject,
  listAt,
  missing,
  numberIn,
  oneOf,
  onlyKeys,
  RuleBroken,
  textAt,
  wrongType,
} from './responses-checks.ts';
import type { Json } from './vendor-server.ts';

const topLevel = [
  'audio',
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'max_completion_tokens',
  'max_tokens',
  'messages',
  'metadata',
  'min_p',
  'modalities',
  'model',
  'n',
  'parallel_tool_calls',
  'prediction',
  'presence_penalty',
  'prompt_cache_key',
  'reasoning_effort',
  'response_format',
  'safety_identifier',
  'seed',
  'service_tier',
  'stop',
  'store',
  'stream',
  'stream_options',
  'temperature',
  'tool_choice',
  'tools',
  'top_k',
  'top_logprobs',
  'top_p',
  'user',
  'verbosity',
];

const messageFields: Readonly<Record<string, readonly string[]>> = {
  system: ['role', 'content', 'name'],
  developer: ['role', 'content', 'name'],
  user: ['role', 'content', 'name'],
  assistant: [
    'role',
    'content',
    'name',
    'tool_calls',
    'refusal',
    'reasoning_content',
    'reasoning',
    'reasoning_details',
  ],
  tool: ['role', 'content', 'tool_call_id', 'name'],
};

const partFields: Readonly<Record<string, readonly string[]>> = {
  text: ['type', 'text'],
  image_url: ['type', 'image_url'],
  input_audio: ['type', 'input_audio'],
  file: ['type', 'file'],
  refusal: ['type', 'refusal'],
};

/** Throws RuleBroken for the first rule that the body breaks. */
export function checkRequest(body: unknown): asserts body is Json {
  if (!isObject(body)) throw new RuleBroken('We could not parse the JSON body of your request.');
  onlyKeys(body, topLevel, '');
  textAt(body.model, 'model');
  if (!Array.isArray(body.messages) || body.messages.length === 0) missing('messages');
  const messages = body.messages.map((message: unknown, index) => checkMessage(message, `messages[${index}]`));
  checkCalls(messages);
  checkTools(body);
  checkFormat(body.response_format);
  checkSettings(body);
}

/** The same of `POST /v1/completions`. */
export function checkCompletion(body: unknown): asserts body is Json {
  if (!isObject(body)) throw new RuleBroken('We could not parse the JSON body of your request.');
  const own = ['best_of', 'echo', 'prompt', 'suffix'];
  const foreign = ['messages', 'tools', 'tool_choice', 'parallel_tool_calls', 'response_format', 'reasoning_effort'];
  onlyKeys(body, [...topLevel.filter((key) => !foreign.includes(key)), ...own], '');
  textAt(body.model, 'model');
  if (typeof body.prompt !== 'string' && !Array.isArray(body.prompt)) wrongType('prompt', 'a string or an array');
  checkSettings(body);
}

/** The rules of `POST /v1/embeddings`. */
export function checkEmbedding(body: unknown): asserts body is Json {
  if (!isObject(body)) throw new RuleBroken('We could not parse the JSON body of your request.');
  onlyKeys(body, ['model', 'input', 'dimensions', 'encoding_format', 'user'], '');
  textAt(body.model, 'model');
  if (typeof body.input !== 'string' && !Array.isArray(body.input)) wrongType('input', 'a string or an array');
  if (body.encoding_format !== undefined) oneOf(body.encoding_format, ['float', 'base64'], 'encoding_format');
}

function checkMessage(message: unknown, path: string): Json {
  if (!isObject(message)) return wrongType(path, 'an object');
  const fields = messageFields[textAt(message.role, `${path}.role`)];
  if (fields === undefined) return oneOf(message.role, Object.keys(messageFields), `${path}.role`) as never;
  onlyKeys(message, fields, path);
  checkContent(message, path);
  for (const [index, call] of listAt(message.tool_calls, `${path}.tool_calls`).entries())
    checkCall(call, `${path}.tool_calls[${index}]`);
  if (message.role === 'tool') textAt(message.tool_call_id, `${path}.tool_call_id`);
  return message;
}

function checkContent({ role, content, tool_calls }: Json, path: string): void {
  if (content === undefined || content === null) {
    if (role !== 'assistant' || tool_calls === undefined) wrongType(`${path}.content`, 'a string or an array');
    return;
  }
  if (typeof content === 'string') return;
  for (const [index, part] of listAt(content, `${path}.content`).entries()) {
    const here = `${path}.content[${index}]`;
    if (!isObject(part)) return wrongType(here, 'an object');
    const fields = partFields[textAt(part.type, `${here}.type`)];
    if (fields === undefined) return oneOf(part.type, Object.keys(partFields), `${here}.type`);
    onlyKeys(part, fields, here);
    if (part.type !== 'text' && part.type !== 'refusal' && role !== 'user')
      invalid(`${here}.type`, `${String(part.type)} is only allowed in user messages`);
    if (part.type === 'image_url') checkImage(part.image_url, `${here}.image_url`);
  }
}

function checkImage(image: unknown, path: string): void {
  if (!isObject(image)) return wrongType(path, 'an object');
  onlyKeys(image, ['url', 'detail'], path);
  if (!/^(https?:\/\/|data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*$)/.test(textAt(image.url, `${path}.url`)))
    invalid(`${path}.url`, 'expected a URL or a base64 data URL of an image');
}

function checkCall(call: unknown, path: string): void {
  if (!isObject(call) || !isObject(call.function)) return wrongType(path, 'an object');
  onlyKeys(call, ['id', 'type', 'function'], path);
  textAt(call.id, `${path}.id`);
  oneOf(call.type, ['function'], `${path}.type`);
  onlyKeys(call.function, ['name', 'arguments'], `${path}.function`);
  checkName(textAt(call.function.name, `${path}.function.name`), `${path}.function.name`);
  textAt(call.function.arguments, `${path}.function.arguments`);
}

/** The results of a turn's calls follow it, each once, before anything else is said. */
function checkCalls(messages: readonly Json[]): void {
  let open: unknown[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      if (!open.includes(message.tool_call_id))
        throw new RuleBroken("Messages with role 'tool' must be a response to a preceding message with 'tool_calls'.");
      open = open.filter((id) => id !== message.tool_call_id);
      continue;
    }
    checkAnswered(open);
    open = listAt(message.tool_calls, 'tool_calls').map((call) => (isObject(call) ? call.id : undefined));
  }
  checkAnswered(open);
}

function checkAnswered(open: readonly unknown[]): void {
  if (open.length === 0) return;
  const text = "An assistant message with 'tool_calls' must be followed by tool messages responding to each";
  throw new RuleBroken(`${text} 'tool_call_id'. Missing: ${open.join(', ')}`);
}

function checkTools(body: Json): void {
  const names = listAt(body.tools, 'tools').map((tool, index) => checkTool(tool, `tools[${index}]`));
  if (body.tools !== undefined && names.length === 0) invalid('tools', 'array too short');
  if (names.length === 0) {
    for (const field of ['tool_choice', 'parallel_tool_calls'])
      if (body[field] !== undefined) invalid(field, `${field} is only allowed when 'tools' are specified`);
    return;
  }
  const { tool_choice: choice } = body;
  if (choice === undefined) return;
  if (!isObject(choice)) return oneOf(choice, ['none', 'auto', 'required'], 'tool_choice');
  oneOf(choice.type, ['function', 'allowed_tools'], 'tool_choice.type');
  if (choice.type === 'function' && !(isObject(choice.function) && names.includes(String(choice.function.name))))
    invalid('tool_choice', 'not found in tools');
}

function checkTool(tool: unknown, path: string): string {
  if (!isObject(tool) || !isObject(tool.function)) return wrongType(path, 'an object');
  onlyKeys(tool, ['type', 'function'], path);
  oneOf(tool.type, ['function'], `${path}.type`);
  onlyKeys(tool.function, ['name', 'description', 'parameters', 'strict'], `${path}.function`);
  const name = textAt(tool.function.name, `${path}.function.name`);
  checkName(name, `${path}.function.name`);
  return name;
}

function checkFormat(format: unknown): void {
  if (format === undefined) return;
  if (!isObject(format)) return wrongType('response_format', 'an object');
  oneOf(format.type, ['text', 'json_object', 'json_schema'], 'response_format.type');
  if (format.type !== 'json_schema') return onlyKeys(format, ['type'], 'response_format');
  onlyKeys(format, ['type', 'json_schema'], 'response_format');
  const { json_schema: named } = format;
  if (!isObject(named)) return missing('response_format.json_schema');
  onlyKeys(named, ['name', 'description', 'schema', 'strict'], 'response_format.json_schema');
  checkName(textAt(named.name, 'response_format.json_schema.name'), 'response_format.json_schema.name');
  if (!isObject(named.schema)) missing('response_format.json_schema.schema');
}

function checkSettings(body: Json): void {
  if (body.stream_options !== undefined && body.stream !== true)
    invalid('stream_options', "only allowed when 'stream' is enabled");
  numberIn(body.temperature, [0, 2], 'temperature');
  numberIn(body.top_p, [0, 1], 'top_p');
  for (const field of ['max_tokens', 'max_completion_tokens']) numberIn(body[field], [1, 1_000_000], field);
  if (body.max_tokens !== undefined && body.max_completion_tokens !== undefined)
    invalid('max_tokens', "cannot be set together with 'max_completion_tokens'");
  if (body.reasoning_effort !== undefined)
    oneOf(body.reasoning_effort, ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'], 'reasoning_effort');
}
