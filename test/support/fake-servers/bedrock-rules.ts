/** What Converse refuses, in its own words. A 400 `ValidationException`. */
export class RuleBroken extends Error {}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new RuleBroken(`The value at '${path}' in the request body must be an object.`);
}

function list(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new RuleBroken(`The value at '${path}' in the request body must be a list.`);
}

function onlyKnown(value: Fields, known: readonly string[], path: string): void {
  const odd = Object.keys(value).find((key) => !known.includes(key));
  if (odd !== undefined) throw new RuleBroken(`Unexpected field '${odd}' at '${path}'.`);
}

/** A union: exactly one member. */
function member(value: unknown, known: readonly string[], path: string): readonly [kind: string, inner: unknown] {
  const block = fields(value, path);
  onlyKnown(block, known, path);
  const [first, ...others] = Object.entries(block);
  if (first === undefined || others.length > 0) throw new RuleBroken(`Exactly one member must be set at ${path}.`);
  return first;
}

function matches(value: unknown, pattern: RegExp, path: string): string {
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw new RuleBroken(`Value at '${path}' failed to satisfy constraint: Member must satisfy ${pattern.source}`);
}

const name = /^[a-zA-Z0-9_-]{1,64}$/;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;
const documentName = /^(?!.*\s\s)[a-zA-Z0-9\s()[\]-]{1,200}$/;

/** What one request gathers while it is checked. */
interface Checked {
  readonly documentNames: Set<string>;
  cachePoints: number;
  hasToolBlocks: boolean;
}

function checkCachePoint(value: unknown, path: string, checked: Checked): void {
  const point = fields(value, path);
  onlyKnown(point, ['type', 'ttl'], path);
  matches(point.type, /^default$/, `${path}.type`);
  if (point.ttl !== undefined) matches(point.ttl, /^(?:5m|1h)$/, `${path}.ttl`);
  checked.cachePoints += 1;
  if (checked.cachePoints > 4) throw new RuleBroken('You have exceeded the maximum number of 4 cache points.');
}

function checkText(text: unknown, path: string): void {
  if (typeof text === 'string' && text.trim() !== '') return;
  throw new RuleBroken(
    `The text field in the ContentBlock object at ${path} is blank. Add text to the text field, and try again.`,
  );
}

function checkMedia(kind: string, value: unknown, path: string, checked: Checked): void {
  const media = fields(value, path);
  onlyKnown(media, ['format', 'source', 'name'], path);
  const formats = kind === 'image' ? /^(?:png|jpeg|gif|webp)$/ : /^(?:pdf|csv|docx?|xlsx?|html|txt|md)$/;
  matches(media.format, formats, `${path}.format`);
  const [source, bytes] = member(media.source, ['bytes', 's3Location'], `${path}.source`);
  if (source === 'bytes') matches(bytes, base64, `${path}.source.bytes`);
  if (kind !== 'document') return;
  const called = matches(media.name, documentName, `${path}.name`);
  if (checked.documentNames.has(called)) throw new RuleBroken('The document names must be unique.');
  checked.documentNames.add(called);
}

function checkToolUse(value: unknown, path: string, checked: Checked): void {
  const call = fields(value, path);
  checked.hasToolBlocks = true;
  matches(call.toolUseId, name, `${path}.toolUseId`);
  matches(call.name, name, `${path}.name`);
  fields(call.input, `${path}.input`);
}

function checkToolResult(value: unknown, path: string, checked: Checked): void {
  const result = fields(value, path);
  checked.hasToolBlocks = true;
  onlyKnown(result, ['toolUseId', 'content', 'status'], path);
  matches(result.toolUseId, name, `${path}.toolUseId`);
  if (result.status !== undefined) matches(result.status, /^(?:success|error)$/, `${path}.status`);
  const content = list(result.content, `${path}.content`);
  if (content.length === 0) throw new RuleBroken(`The content field at ${path} is empty.`);
  content.forEach((item, i) => {
    const here = `${path}.content.${i}`;
    const [kind, inner] = member(item, ['text', 'json', 'image', 'document'], here);
    if (kind === 'text') checkText(inner, here);
    if (kind === 'image' || kind === 'document') checkMedia(kind, inner, here, checked);
  });
}

function checkReasoning(value: unknown, path: string): void {
  const [kind, inner] = member(value, ['reasoningText', 'redactedContent'], path);
  if (kind === 'redactedContent') return void matches(inner, base64, path);
  const text = fields(inner, path);
  if (typeof text.text !== 'string' || typeof text.signature !== 'string') {
    throw new RuleBroken(`${path}.reasoningText.signature: Field required`);
  }
}

const blockKinds = ['text', 'image', 'document', 'toolUse', 'toolResult', 'reasoningContent', 'cachePoint'];

function checkBlock(value: unknown, path: string, checked: Checked): string {
  const [kind, inner] = member(value, blockKinds, path);
  switch (kind) {
    case 'text':
      checkText(inner, path);
      break;
    case 'image':
    case 'document':
      checkMedia(kind, inner, path, checked);
      break;
    case 'toolUse':
      checkToolUse(inner, path, checked);
      break;
    case 'toolResult':
      checkToolResult(inner, path, checked);
      break;
    case 'reasoningContent':
      checkReasoning(inner, path);
      break;
    default:
      checkCachePoint(inner, path, checked);
  }
  return kind;
}

/** Ids of calls, or of the results that answer them. */
function idsOf(content: readonly unknown[], kind: 'toolUse' | 'toolResult', path: string): readonly unknown[] {
  return content.flatMap((block) => {
    const inner = fields(block, path)[kind];
    return inner === undefined ? [] : [fields(inner, path).toolUseId];
  });
}

function checkResults(asked: readonly unknown[], given: readonly unknown[], path: string): void {
  if (given.length > asked.length) {
    throw new RuleBroken(
      `The number of toolResult blocks at ${path} exceeds the number of toolUse blocks of previous turn.`,
    );
  }
  const missing = asked.filter((id) => !given.includes(id));
  if (missing.length === 0) return;
  throw new RuleBroken(`Expected toolResult blocks at ${path} for the following Ids: ${missing.join(', ')}`);
}

function checkMessages(value: unknown, checked: Checked): void {
  const messages = list(value, 'messages').map((message, i) => fields(message, `messages.${i}`));
  if (messages.length === 0) throw new RuleBroken('The messages field is empty.');
  let asked: readonly unknown[] = [];
  messages.forEach((message, i) => {
    const path = `messages.${i}.content`;
    onlyKnown(message, ['role', 'content'], `messages.${i}`);
    matches(message.role, /^(?:user|assistant)$/, `messages.${i}.role`);
    if (i === 0 && message.role !== 'user') {
      throw new RuleBroken(
        'A conversation must start with a user message. Try again with a conversation that starts with a user message.',
      );
    }
    if (i > 0 && message.role === messages[i - 1]?.role) {
      throw new RuleBroken('A conversation must alternate between user and assistant roles.');
    }
    const content = list(message.content, path);
    if (content.length === 0)
      throw new RuleBroken(`The content field in the Message object at messages.${i} is empty.`);
    const kinds = content.map((block, at) => checkBlock(block, `${path}.${at}`, checked));
    if (kinds.includes('document') && !kinds.includes('text')) {
      throw new RuleBroken('A text block is required in a message that includes a document.');
    }
    checkResults(asked, idsOf(content, 'toolResult', path), path);
    asked = idsOf(content, 'toolUse', path);
  });
  const last = messages.at(-1);
  if (last?.role !== 'assistant') return;
  const text = fields(list(last.content, 'messages').at(-1), 'messages').text;
  if (typeof text !== 'string' || /\s$/.test(text)) {
    throw new RuleBroken(
      'The model returned the following errors: messages: final assistant content cannot end with trailing whitespace',
    );
  }
}

function checkTools(value: unknown, checked: Checked): void {
  const config = fields(value, 'toolConfig');
  onlyKnown(config, ['tools', 'toolChoice'], 'toolConfig');
  const tools = list(config.tools, 'toolConfig.tools');
  if (tools.length === 0)
    throw new RuleBroken(
      "Value at 'toolConfig.tools' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
  tools.forEach((tool, i) => {
    const path = `toolConfig.tools.${i}`;
    const [kind, inner] = member(tool, ['toolSpec', 'cachePoint'], path);
    if (kind === 'cachePoint') checkCachePoint(inner, path, checked);
    else checkToolSpec(inner, path);
  });
  if (config.toolChoice !== undefined) member(config.toolChoice, ['auto', 'any', 'tool'], 'toolConfig.toolChoice');
}

function checkToolSpec(value: unknown, path: string): void {
  const spec = fields(value, path);
  onlyKnown(spec, ['name', 'description', 'inputSchema', 'strict'], path);
  matches(spec.name, name, `${path}.toolSpec.name`);
  if (spec.description !== undefined) matches(spec.description, /^[\s\S]+$/, `${path}.toolSpec.description`);
  const schema = fields(fields(spec.inputSchema, path).json, `${path}.toolSpec.inputSchema.json`);
  matches(schema.type, /^object$/, `${path}.toolSpec.inputSchema.json.type`);
}

function checkInference(value: unknown): void {
  const config = fields(value, 'inferenceConfig');
  onlyKnown(config, ['maxTokens', 'temperature', 'topP', 'stopSequences'], 'inferenceConfig');
  for (const [key, low, high] of [
    ['temperature', 0, 1],
    ['topP', 0, 1],
    ['maxTokens', 1, 1_000_000],
  ] as const) {
    const number = config[key];
    if (number === undefined || (typeof number === 'number' && number >= low && number <= high)) continue;
    throw new RuleBroken(`Value at 'inferenceConfig.${key}' failed to satisfy constraint.`);
  }
  list(config.stopSequences ?? [], 'inferenceConfig.stopSequences').forEach((word, i) => {
    matches(word, /\S/, `inferenceConfig.stopSequences.${i}`);
  });
}

const topLevel = [
  'messages',
  'system',
  'inferenceConfig',
  'toolConfig',
  'outputConfig',
  'additionalModelRequestFields',
  'additionalModelResponseFieldPaths',
  'requestMetadata',
  'serviceTier',
  'guardrailConfig',
  'performanceConfig',
];

/** Throws RuleBroken for a body that the real API would answer with a 400. */
export function checkRequest(value: unknown): void {
  const body = fields(value, 'body');
  const checked: Checked = { documentNames: new Set(), cachePoints: 0, hasToolBlocks: false };
  onlyKnown(body, topLevel, 'body');
  list(body.system ?? [], 'system').forEach((block, i) => {
    const [kind, inner] = member(block, ['text', 'cachePoint'], `system.${i}`);
    if (kind === 'text') checkText(inner, `system.${i}`);
    else checkCachePoint(inner, `system.${i}`, checked);
  });
  checkMessages(body.messages, checked);
  if (body.toolConfig !== undefined) checkTools(body.toolConfig, checked);
  else if (checked.hasToolBlocks) {
    throw new RuleBroken('The toolConfig field must be defined when using toolUse and toolResult content blocks.');
  }
  if (body.inferenceConfig !== undefined) checkInference(body.inferenceConfig);
}
