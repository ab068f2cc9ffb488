import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ContentBlock, StopReason, Usage } from '@anthropic-ai/sdk/resources/messages/messages';
import { checkRequest, RuleBroken, signaturePrefix } from './anthropic-rules.ts';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Parsed JSON; undefined when there was none. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  /** Resolves when the connection of this request is done: true when the client left before the end. */
  readonly aborted: Promise<boolean>;
}

export type AnthropicFault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly type: string;
      readonly message: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A 200 whose stream ends in an error event after `after` events; a 200 with an error body when not streaming. */
  | { readonly kind: 'error-event'; readonly after: number; readonly type: string; readonly message: string }
  /** The connection breaks after `after` events, or in the middle of a body. */
  | { readonly kind: 'cut'; readonly after: number }
  /** An orderly end of the stream after `after` events. */
  | { readonly kind: 'end'; readonly after: number }
  /** Silence after `after` events, until the client leaves or the fake closes. */
  | { readonly kind: 'stall'; readonly after: number };

export type FakeBlock =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly thinking: string }
  | { readonly type: 'redacted_thinking'; readonly data: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: unknown };

/** One answer. What it leaves out: the text "Hello!", `end_turn` (or `tool_use` after a call), 25 tokens in, 15 out. */
export interface FakeAnswer {
  readonly blocks?: readonly FakeBlock[];
  readonly stopReason?: StopReason;
  readonly stopSequence?: string;
  readonly refusal?: string;
  readonly usage?: Partial<Usage>;
  readonly fault?: AnthropicFault;
}

export interface AnthropicFake {
  /** With the version prefix, as a provider's base URL: `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Queues the answer to one request; without one the default is given. Rules are checked either way. */
  answer(answer: FakeAnswer): void;
  close(): Promise<void>;
}

type Event = Readonly<Record<string, unknown>> & { readonly type: string };

/** What the official clients have sent since their 1.0; agents still send 2023-06-01. */
const newestVersion = '2026-10-21';

const modelIds = ['claude-opus-4-8', 'claude-sonnet-4-5-20250929', 'claude-haiku-4-5-20251001'];

const defaultUsage = {
  input_tokens: 25,
  output_tokens: 15,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  service_tier: 'standard',
};

function errorBody(type: string, message: string) {
  return { type: 'error', error: { type, message }, request_id: 'req_011fake' };
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    'request-id': 'req_011fake',
    ...headers,
  });
  response.end(bytes);
}

function contentBlock(block: FakeBlock): ContentBlock {
  switch (block.type) {
    case 'text':
      return { ...block, citations: null };
    case 'thinking':
      return { ...block, signature: `${signaturePrefix}${Buffer.from(block.thinking).toString('base64')}` };
    case 'redacted_thinking':
      return block;
    case 'tool_use':
      return { ...block, caller: { type: 'direct' } };
  }
}

function blocksOf(answer: FakeAnswer): readonly ContentBlock[] {
  return (answer.blocks ?? [{ type: 'text', text: 'Hello!' }]).map(contentBlock);
}

function ending(answer: FakeAnswer, blocks: readonly ContentBlock[]) {
  const implied = blocks.some((block) => block.type === 'tool_use') ? 'tool_use' : 'end_turn';
  const refusal = { type: 'refusal', category: null, explanation: answer.refusal };
  return {
    stop_reason: answer.stopReason ?? implied,
    stop_sequence: answer.stopSequence ?? null,
    stop_details: answer.refusal === undefined ? null : refusal,
  };
}

function message(answer: FakeAnswer, model: unknown) {
  const content = blocksOf(answer);
  const usage = { ...defaultUsage, ...answer.usage };
  return { id: 'msg_01fake', type: 'message', role: 'assistant', model, content, ...ending(answer, content), usage };
}

/** Text in pieces of a few characters, as a model writes it. */
function pieces(text: string): readonly string[] {
  return text.match(/[\s\S]{1,7}/gu) ?? [];
}

function delta(index: number, fields: Readonly<Record<string, unknown>>): Event {
  return { type: 'content_block_delta', index, delta: fields };
}

function blockStart(index: number, block: unknown): Event {
  return { type: 'content_block_start', index, content_block: block };
}

function blockEvents(block: ContentBlock, index: number): readonly Event[] {
  const stop = { type: 'content_block_stop', index };
  switch (block.type) {
    case 'text': {
      const deltas = pieces(block.text).map((text) => delta(index, { type: 'text_delta', text }));
      return [blockStart(index, { type: 'text', text: '' }), ...deltas, stop];
    }
    case 'thinking': {
      const start = blockStart(index, { type: 'thinking', thinking: '', signature: '' });
      const deltas = pieces(block.thinking).map((thinking) => delta(index, { type: 'thinking_delta', thinking }));
      return [start, ...deltas, delta(index, { type: 'signature_delta', signature: block.signature }), stop];
    }
    case 'tool_use': {
      const parts = ['', ...pieces(JSON.stringify(block.input))];
      const deltas = parts.map((partial_json) => delta(index, { type: 'input_json_delta', partial_json }));
      return [blockStart(index, { ...block, input: {} }), ...deltas, stop];
    }
    default:
      return [blockStart(index, block), stop];
  }
}

/** The stream of an answer, event by event, as the API orders them. */
export function streamEvents(answer: FakeAnswer, model: unknown): readonly Event[] {
  const { content, stop_reason, stop_sequence, stop_details, usage, ...rest } = message(answer, model);
  const opening = { ...usage, output_tokens: 1 };
  const start = { ...rest, content: [], stop_reason: null, stop_sequence: null, usage: opening };
  const [first, ...others] = content.flatMap(blockEvents);
  return [
    { type: 'message_start', message: start },
    ...(first === undefined ? [] : [first]),
    { type: 'ping' },
    ...others,
    { type: 'message_delta', delta: { stop_reason, stop_sequence, stop_details }, usage },
    { type: 'message_stop' },
  ];
}

export function eventText(event: Event): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Writes and waits until the bytes have left, so that a fault strikes after them. */
function write(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve) => {
    response.write(text, () => resolve());
  });
}

async function sendStream(response: ServerResponse, answer: FakeAnswer, model: unknown): Promise<void> {
  const { fault } = answer;
  const events = streamEvents(answer, model);
  const sent = fault === undefined || fault.kind === 'status' ? events : events.slice(0, fault.after);
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_011fake' });
  response.flushHeaders();
  for (const event of sent) await write(response, eventText(event));
  switch (fault?.kind) {
    case 'stall':
      return;
    case 'cut':
      response.destroy();
      return;
    case 'error-event':
      response.end(eventText({ ...errorBody(fault.type, fault.message) }));
      return;
    case 'end':
    case 'status':
    case undefined:
      response.end();
  }
}

async function sendMessage(response: ServerResponse, answer: FakeAnswer, model: unknown): Promise<void> {
  const { fault } = answer;
  if (fault?.kind === 'stall') return;
  if (fault?.kind === 'error-event') return sendJson(response, 200, errorBody(fault.type, fault.message));
  if (fault?.kind === 'end') return sendJson(response, 200, {});
  if (fault?.kind !== 'cut') return sendJson(response, 200, message(answer, model));
  const text = JSON.stringify(message(answer, model));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  await write(response, text.slice(0, text.length / 2));
  response.destroy();
}

class Refused extends Error {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

function checkHeaders(headers: IncomingMessage['headers'], apiKey: string): void {
  const key = headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer /, '');
  if (key === undefined) throw new Refused(401, 'authentication_error', 'x-api-key header is required');
  if (key !== apiKey) throw new Refused(401, 'authentication_error', 'invalid x-api-key');
  const version = headers['anthropic-version'];
  if (version === undefined) throw new RuleBroken('anthropic-version: header is required');
  if (version !== '2023-06-01' && version !== newestVersion)
    throw new RuleBroken(`anthropic-version: "${version}" is not a valid version`);
  if (headers['content-type']?.startsWith('application/json') === false) {
    throw new RuleBroken('content-type: must be application/json');
  }
}

function parseJson(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function modelList() {
  const data = modelIds.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-05-28T00:00:00Z' }));
  return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
}

/** Four characters a token, as a stand-in for the real count. */
function countTokens(body: unknown) {
  return { input_tokens: Math.ceil(JSON.stringify(body).length / 4) };
}

async function handle(response: ServerResponse, recorded: RecordedRequest, next: () => FakeAnswer, apiKey: string) {
  checkHeaders(recorded.headers, apiKey);
  const path = recorded.path.split('?')[0];
  if (recorded.method === 'GET' && path === '/v1/models') return sendJson(response, 200, modelList());
  const isCount = path === '/v1/messages/count_tokens';
  if (recorded.method !== 'POST' || (path !== '/v1/messages' && !isCount)) {
    throw new Refused(404, 'not_found_error', 'Not Found');
  }
  checkRequest(recorded.body, { isCount, isNewest: recorded.headers['anthropic-version'] === newestVersion });
  if (isCount) return sendJson(response, 200, countTokens(recorded.body));
  const answer = next();
  if (answer.fault?.kind === 'status') {
    const { status, type, message: text, headers } = answer.fault;
    return sendJson(response, status, errorBody(type, text), headers);
  }
  const model = recorded.body?.model;
  if (recorded.body?.stream === true) return sendStream(response, answer, model);
  return sendMessage(response, answer, model);
}

function sendFailure(response: ServerResponse, thrown: unknown): void {
  if (thrown instanceof RuleBroken) {
    return sendJson(response, 400, errorBody('invalid_request_error', thrown.message));
  }
  if (thrown instanceof Refused) return sendJson(response, thrown.status, errorBody(thrown.type, thrown.message));
  throw thrown;
}

/**
 * A Messages API on a loopback port of its own that refuses what the real one refuses: a wrong header, field or order
 * is a 400 in Anthropic's envelope. Close it where it was started.
 */
export async function startAnthropicFake(apiKey = 'sk-ant-test-fake'): Promise<AnthropicFake> {
  const requests: RecordedRequest[] = [];
  const queue: FakeAnswer[] = [];
  const server = createServer(async (request, response) => {
    const aborted = once(response, 'close').then(() => !response.writableFinished);
    const body = parseJson(await readBody(request));
    const { method = '', url: path = '', headers } = request;
    const recorded: RecordedRequest = { method, path, headers, body, aborted };
    requests.push(recorded);
    try {
      await handle(response, recorded, () => queue.shift() ?? {}, apiKey);
    } catch (thrown) {
      sendFailure(response, thrown);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    answer: (answer) => {
      queue.push(answer);
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
