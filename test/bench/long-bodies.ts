import { claudeModel, model } from './bodies.ts';

/** One request at the size limit. */
export interface LongBody {
  readonly name: string;
  readonly path: string;
  readonly body: Buffer;
}

/** `server.max_request_body_size` at its default, less what the ends of a body take. */
const limitBytes = 10 * 1024 * 1024 - 1_000;

type Item = (index: number) => string;

/** `head`, as many items as there is room for, and `tail`. */
function full(head: string, item: Item, tail: string): string {
  const pieces: string[] = [];
  let length = head.length + tail.length;
  for (let index = 0; ; index++) {
    const piece = item(index);
    length += piece.length + 1;
    if (length > limitBytes) return head + pieces.join(',') + tail;
    pieces.push(piece);
  }
}

type Body = (model: string) => string;

function messagesOf(item: Item): Body {
  return (name) => full(`{"model":"${name}","max_tokens":9,"messages":[`, item, ']}');
}

function partsOf(item: Item, role = 'user'): Body {
  const asked = role === 'user' ? '' : '{"role":"user","content":"a"},';
  const head = (name: string) => `{"model":"${name}","max_tokens":9,"messages":[${asked}{"role":"${role}","content":[`;
  return (name) => full(head(name), item, ']}]}');
}

function fieldOf(field: string, item: Item, [open, close] = ['[', ']']): Body {
  const head = (name: string) =>
    `{"model":"${name}","max_tokens":9,"messages":[{"role":"user","content":"a"}],"${field}":`;
  return (name) => full(head(name) + open, item, `${close}}`);
}

function textOf(piece: string): Body {
  return (name) => {
    const text = piece.repeat(Math.floor((limitBytes - 200) / piece.length));
    return `{"model":"${name}","max_tokens":9,"messages":[{"role":"user","content":"${text}"}]}`;
  };
}

function nested(open: string, close: string): Body {
  return (name) => {
    const depth = Math.floor((limitBytes - 200) / (open.length + close.length));
    return `{"model":"${name}","max_tokens":9,"messages":[],"x":${open.repeat(depth)}1${close.repeat(depth)}}`;
  };
}

/** What Chat Completions and Messages write alike. */
const shared: Readonly<Record<string, Body>> = {
  'messages of one role': messagesOf(() => '{"role":"user","content":"a"}'),
  'messages in turn': messagesOf((index) => `{"role":"${index % 2 === 0 ? 'user' : 'assistant'}","content":"a"}`),
  'text parts': partsOf(() => '{"type":"text","text":"a"}'),
  'one long text': textOf('a'),
  'a text of escapes': textOf('\\u00e9'),
  'a text of backslashes': textOf('\\\\'),
  'a text of line ends': textOf('\\n'),
  'nested lists': nested('[', ']'),
  'nested objects': nested('{"a":', '}'),
  'empty objects': fieldOf('x', () => '{}'),
  numbers: fieldOf('x', () => '1'),
  'wide objects': fieldOf('metadata', (index) => `"field_${index}":"a"`, ['{', '}']),
};

const chat: Readonly<Record<string, Body>> = {
  ...shared,
  'system messages': messagesOf(() => '{"role":"system","content":"a"}'),
  'tool calls': (name) =>
    full(
      `{"model":"${name}","messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[`,
      (index) => `{"id":"c${index}","type":"function","function":{"name":"t","arguments":"{}"}}`,
      ']}]}',
    ),
  'tool results': messagesOf((index) => `{"role":"tool","tool_call_id":"c${index}","content":"a"}`),
  images: partsOf(() => '{"type":"image_url","image_url":{"url":"data:image/png;base64,aaaa"}}'),
  tools: fieldOf(
    'tools',
    (index) => `{"type":"function","function":{"name":"t${index}","parameters":{"type":"object"}}}`,
  ),
  'stop words': fieldOf('stop', (index) => `"word ${index}"`),
};

const messages: Readonly<Record<string, Body>> = {
  ...shared,
  'tool calls': partsOf((index) => `{"type":"tool_use","id":"c${index}","name":"t","input":{}}`, 'assistant'),
  'tool results': partsOf((index) => `{"type":"tool_result","tool_use_id":"c${index}","content":"a"}`),
  images: partsOf(() => '{"type":"image","source":{"type":"base64","media_type":"image/png","data":"aaaa"}}'),
  tools: fieldOf('tools', (index) => `{"name":"t${index}","input_schema":{"type":"object"}}`),
};

const responses: Readonly<Record<string, Body>> = {
  items: (name) => full(`{"model":"${name}","input":[`, () => '{"role":"user","content":"a"}', ']}'),
  'tool calls': (name) =>
    full(
      `{"model":"${name}","input":[`,
      (index) => `{"type":"function_call","call_id":"c${index}","name":"t","arguments":"{}"}`,
      ']}',
    ),
};

const gemini: Readonly<Record<string, Body>> = {
  'contents of one role': () => full('{"contents":[', () => '{"role":"user","parts":[{"text":"a"}]}', ']}'),
  'contents of the model': () =>
    full('{"contents":[', () => '{"role":"model","parts":[{"text":"Hello, hello"}]}', ']}'),
  calls: () =>
    full(
      '{"contents":[{"role":"model","parts":[',
      () => '{"functionCall":{"name":"a_tool","args":{"city":"Rome"}}}',
      ']}]}',
    ),
};

const ollama: Readonly<Record<string, Body>> = {
  'messages of one role': (name) =>
    full(`{"model":"${name}","stream":false,"messages":[`, () => '{"role":"user","content":"a"}', ']}'),
  'tool results': (name) =>
    full(`{"model":"${name}","stream":false,"messages":[`, () => '{"role":"tool","tool_name":"t","content":"a"}', ']}'),
};

const embeddings: Readonly<Record<string, Body>> = {
  texts: (name) => full(`{"model":"${name}","input":[`, (index) => `"text number ${index}"`, ']}'),
  tokens: (name) => full(`{"model":"${name}","input":[`, () => '1', ']}'),
};

interface Route {
  readonly name: string;
  readonly path: string;
  readonly model: string;
  readonly bodies: Readonly<Record<string, Body>>;
}

const routes: readonly Route[] = [
  { name: 'Chat passed through', path: '/v1/chat/completions', model, bodies: chat },
  { name: 'Chat to Messages', path: '/v1/chat/completions', model: claudeModel, bodies: chat },
  { name: 'Messages to Chat', path: '/v1/messages', model, bodies: messages },
  { name: 'Messages passed through', path: '/v1/messages', model: claudeModel, bodies: messages },
  { name: 'token count', path: '/v1/messages/count_tokens', model, bodies: messages },
  { name: 'Responses to Chat', path: '/v1/responses', model, bodies: responses },
  { name: 'Gemini to Chat', path: `/v1beta/models/${model}:generateContent`, model, bodies: gemini },
  { name: 'Gemini to Messages', path: `/v1beta/models/${claudeModel}:generateContent`, model, bodies: gemini },
  { name: 'Ollama to Chat', path: '/api/chat', model, bodies: ollama },
  { name: 'embeddings', path: '/v1/embeddings', model, bodies: embeddings },
];

/** Bodies of every shape, made one at a time: together they are a gigabyte. */
export function* longBodies(): Generator<LongBody> {
  for (const { name, path, model: asked, bodies } of routes) {
    for (const [shape, body] of Object.entries(bodies)) {
      yield { name: `${name}, ${shape}`, path, body: Buffer.from(body(asked)) };
    }
  }
}
