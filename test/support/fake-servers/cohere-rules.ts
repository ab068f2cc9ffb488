/*
 * The published rules of Cohere's API, version 2, written from its reference and error texts, without any code of the
 * router's: what passes here would pass there.
 */

/** A refusal, with the status and the text that Cohere gives it. */
export class RuleBroken extends Error {
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(message: string): never {
  throw new RuleBroken(`invalid request: ${message}`);
}

/** Fields that the API does not know are a 422 of their own. */
function onlyKeys(value: Json, allowed: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) throw new RuleBroken(`unknown field: parameter '${key}' is not a valid field.`, 422);
  }
}

function objectAt(value: unknown, name: string): Json {
  return isObject(value) ? value : refuse(`${name} must be an object.`);
}

function listAt(value: unknown, name: string): readonly unknown[] {
  return Array.isArray(value) && value.length > 0 ? value : refuse(`${name} must be a list of at least one element.`);
}

function textAt(value: unknown, name: string): string {
  return typeof value === 'string' && value !== '' ? value : refuse(`${name} must be at least 1 token long.`);
}

function numberWithin(value: unknown, name: string, [min, max]: readonly [number, number]): void {
  if (value === undefined) return;
  if (typeof value !== 'number' || value < min || value > max) {
    refuse(`${name} must be between ${min} and ${max} inclusive.`);
  }
}

function oneOf(value: unknown, name: string, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) refuse(`${name} must be one of ${allowed.join(', ')}.`);
}

const chatFields = [
  'model',
  'messages',
  'stream',
  'tools',
  'strict_tools',
  'documents',
  'citation_options',
  'response_format',
  'safety_mode',
  'max_tokens',
  'stop_sequences',
  'temperature',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'k',
  'p',
  'logprobs',
  'tool_choice',
  'thinking',
  'priority',
];

function checkModel(body: Json): string {
  return typeof body.model === 'string' && body.model !== ''
    ? body.model
    : refuse('a model parameter is required for this endpoint.');
}

export function checkChat(value: unknown): void {
  const body = objectAt(value, 'body');
  onlyKeys(body, chatFields);
  const model = checkModel(body);
  checkSampling(body);
  checkTools(body);
  checkFormat(body);
  checkThinking(body, model);
  checkMessages(listAt(body.messages, 'messages'), model);
}

function checkSampling(body: Json): void {
  numberWithin(body.max_tokens, 'max_tokens', [1, 1_000_000]);
  numberWithin(body.temperature, 'temperature', [0, 1]);
  numberWithin(body.p, 'p', [0.01, 0.99]);
  numberWithin(body.k, 'k', [0, 500]);
  numberWithin(body.seed, 'seed', [0, 2 ** 64]);
  numberWithin(body.frequency_penalty, 'frequency_penalty', [0, 1]);
  numberWithin(body.presence_penalty, 'presence_penalty', [0, 1]);
  if (body.frequency_penalty !== undefined && body.presence_penalty !== undefined) {
    refuse('cannot specify both frequency_penalty and presence_penalty.');
  }
  if (body.stop_sequences === undefined) return;
  if (listAt(body.stop_sequences, 'stop_sequences').length > 5) refuse('stop_sequences takes at most 5 elements.');
}

function checkTools(body: Json): void {
  if (body.tool_choice !== undefined) {
    oneOf(body.tool_choice, 'tool_choice', ['REQUIRED', 'NONE']);
    if (body.tools === undefined) refuse('tool_choice requires tools.');
  }
  if (body.tools === undefined) return;
  for (const tool of listAt(body.tools, 'tools')) {
    const { type, function: given, ...rest } = objectAt(tool, 'tool');
    onlyKeys(rest, []);
    oneOf(type, 'tool type', ['function']);
    const named = objectAt(given, 'function');
    onlyKeys(named, ['name', 'description', 'parameters']);
    textAt(named.name, 'tool name');
    const { required } = objectAt(named.parameters, 'tool parameters');
    if (body.strict_tools === true && !Array.isArray(required)) refuse('strict_tools needs a required parameter.');
  }
}

function checkFormat(body: Json): void {
  if (body.response_format === undefined) return;
  const format = objectAt(body.response_format, 'response_format');
  onlyKeys(format, ['type', 'json_schema']);
  oneOf(format.type, 'response_format.type', ['text', 'json_object']);
  if (format.type === 'text' && format.json_schema !== undefined) refuse('json_schema needs type json_object.');
  if (body.tools !== undefined) refuse('response_format is not supported with tools.');
}

function checkThinking(body: Json, model: string): void {
  if (body.thinking === undefined) return;
  const thinking = objectAt(body.thinking, 'thinking');
  onlyKeys(thinking, ['type', 'token_budget']);
  oneOf(thinking.type, 'thinking.type', ['enabled', 'disabled']);
  numberWithin(thinking.token_budget, 'thinking.token_budget', [1, 1_000_000]);
  if (!model.includes('reasoning')) refuse(`thinking is not supported by model '${model}'.`);
}

const messageFields: Readonly<Record<string, readonly string[]>> = {
  system: ['role', 'content'],
  user: ['role', 'content'],
  assistant: ['role', 'content', 'tool_calls', 'tool_plan', 'citations'],
  tool: ['role', 'content', 'tool_call_id'],
};

function checkMessages(messages: readonly unknown[], model: string): void {
  let unanswered = new Set<unknown>();
  messages.forEach((value, i) => {
    const message = objectAt(value, 'message');
    const role = textAt(message.role, 'role');
    onlyKeys(message, messageFields[role] ?? refuse(`role '${role}' is unknown.`));
    if (role === 'system' && i > 0) throw new RuleBroken('system turn must be the first in the list');
    if (role === 'tool') {
      if (!unanswered.delete(message.tool_call_id)) refuse('tool_call_id answers no call of the turn before.');
    } else if (unanswered.size > 0) refuse('all tool calls must be answered directly.');
    checkContent(message, { role, model });
    if (role === 'assistant') unanswered = callIds(message);
  });
  const last = messages.at(-1);
  if (isObject(last) && last.role !== 'user' && last.role !== 'tool') refuse('last message must be from user or tool.');
}

function callIds({ tool_calls: calls, content, tool_plan: plan }: Json): Set<unknown> {
  if (calls === undefined) {
    if (plan !== undefined) refuse('tool_plan requires tool_calls.');
    if (content === undefined) throw new RuleBroken('message must not be empty in a turn');
    return new Set();
  }
  const ids = listAt(calls, 'tool_calls').map((value) => {
    const call = objectAt(value, 'tool call');
    onlyKeys(call, ['id', 'type', 'function']);
    oneOf(call.type, 'tool call type', ['function']);
    const named = objectAt(call.function, 'function');
    textAt(named.name, 'tool call name');
    textAt(named.arguments, 'tool call arguments');
    return textAt(call.id, 'tool call id');
  });
  return new Set(ids);
}

interface Turn {
  readonly role: string;
  readonly model: string;
}

const partTypes: Readonly<Record<string, readonly string[]>> = {
  system: ['text'],
  user: ['text', 'image_url'],
  assistant: ['text', 'thinking'],
  tool: ['text', 'document'],
};

function checkContent({ content }: Json, turn: Turn): void {
  if (typeof content === 'string') {
    if (content === '' && turn.role !== 'tool') throw new RuleBroken('message must not be empty in a turn');
    return;
  }
  if (content === undefined && turn.role === 'assistant') return;
  for (const part of listAt(content, 'content')) checkPart(objectAt(part, 'content'), turn);
}

function checkPart(part: Json, { role, model }: Turn): void {
  oneOf(part.type, `content of ${role}`, partTypes[role] ?? []);
  switch (part.type) {
    case 'text':
      onlyKeys(part, ['type', 'text']);
      textAt(part.text, 'text');
      return;
    case 'thinking':
      onlyKeys(part, ['type', 'thinking']);
      textAt(part.thinking, 'thinking');
      if (!model.includes('reasoning')) refuse(`thinking is not supported by model '${model}'.`);
      return;
    case 'document':
      onlyKeys(part, ['type', 'document']);
      objectAt(objectAt(part.document, 'document').data, 'document.data');
      return;
    default:
      checkImage(part, model);
  }
}

function checkImage(part: Json, model: string): void {
  onlyKeys(part, ['type', 'image_url']);
  const image = objectAt(part.image_url, 'image_url');
  onlyKeys(image, ['url', 'detail']);
  if (!/^(?:https?:\/\/|data:image\/(?:png|jpeg|webp|gif);base64,)/.test(textAt(image.url, 'url'))) {
    refuse('image_url.url must be a web URL or a data URI.');
  }
  if (image.detail !== undefined) oneOf(image.detail, 'image_url.detail', ['auto', 'low', 'high']);
  if (/^command-r/.test(model)) refuse(`image input is not supported by model '${model}'.`);
}

const inputTypes = ['search_document', 'search_query', 'classification', 'clustering', 'image'];

export function checkEmbed(value: unknown): void {
  const body = objectAt(value, 'body');
  onlyKeys(body, [
    ...['model', 'texts', 'images', 'inputs', 'input_type', 'embedding_types'],
    ...['max_tokens', 'output_dimension', 'truncate', 'priority'],
  ]);
  checkModel(body);
  if (!inputTypes.includes(String(body.input_type)))
    refuse('valid input_type must be provided with the provided model');
  const texts = listAt(body.texts, 'texts');
  if (texts.length > 96) refuse(`total number of texts must be at most 96 - received ${texts.length}`);
  for (const text of texts) if (typeof text !== 'string') refuse('texts must be strings.');
  for (const type of listAt(body.embedding_types, 'embedding_types')) oneOf(type, 'embedding_types', ['float']);
  if (body.output_dimension !== undefined) oneOf(body.output_dimension, 'output_dimension', [256, 512, 1024, 1536]);
  if (body.truncate !== undefined) oneOf(body.truncate, 'truncate', ['NONE', 'START', 'END']);
}

export function checkRerank(value: unknown): void {
  const body = objectAt(value, 'body');
  onlyKeys(body, ['model', 'query', 'documents', 'top_n', 'max_tokens_per_doc', 'priority']);
  checkModel(body);
  if (typeof body.query !== 'string' || body.query.trim() === '') {
    refuse('query must not be empty or be only whitespace');
  }
  if (!Array.isArray(body.documents) || body.documents.length === 0) refuse('list of documents must not be empty');
  for (const document of listAt(body.documents, 'documents')) {
    if (typeof document !== 'string') refuse('documents must be strings.');
  }
  numberWithin(body.top_n, 'top_n', [1, Number.MAX_SAFE_INTEGER]);
}
