import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkChat, checkEmbed, checkRerank, RuleBroken } from './cohere-rules.ts';

export interface CohereRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Parsed JSON; undefined when there was none. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  /** Resolves when the connection of this request is done: true when the client left before the end. */
  readonly aborted: Promise<boolean>;
}

export type CohereFault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly message: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A 200 whose answer ends with the finish reason ERROR (or TIMEOUT), in a stream after `after` events. */
  | { readonly kind: 'error-finish'; readonly after: number; readonly reason: string; readonly message: string }
  /** The connection breaks after `after` events, or in the middle of a body. */
  | { readonly kind: 'cut'; readonly after: number }
  /** An orderly end of the stream after `after` events; an empty object when not streaming. */
  | { readonly kind: 'end'; readonly after: number }
  /** Silence after `after` events, until the client leaves or the fake closes. */
  | { readonly kind: 'stall'; readonly after: number };

export interface CohereCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** One answer. What it leaves out: the text "Hello!" (none beside calls), the finish reason that fits, the usage. */
export interface CohereAnswer {
  readonly thinking?: string;
  readonly text?: string;
  readonly plan?: string;
  readonly calls?: readonly CohereCall[];
  readonly finishReason?: string;
  readonly usage?: unknown;
  readonly fault?: CohereFault;
}

export interface CohereFake {
  /** With the version, as a provider's base URL: `http://127.0.0.1:PORT/v2`. */
  readonly url: string;
  readonly requests: readonly CohereRequest[];
  /** Queues the answer to one request; without one the default is given. Rules are checked either way. */
  answer(answer: CohereAnswer): void;
  close(): Promise<void>;
}

type Event = Readonly<Record<string, unknown>> & { readonly type: string };

const answerId = 'c14c80c3-18eb-4519-9460-6c92edd8cfb4';

const defaultUsage = {
  billed_units: { input_tokens: 5, output_tokens: 15 },
  tokens: { input_tokens: 71, output_tokens: 17 },
  cached_tokens: 12,
};

const meta = { api_version: { version: '2' }, billed_units: { input_tokens: 6 } };

function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
  response.end(bytes);
}

function errorBody(message: string) {
  return { id: answerId, message };
}

function textOf(answer: CohereAnswer): string | undefined {
  return answer.text ?? (answer.calls === undefined && answer.thinking === undefined ? 'Hello!' : undefined);
}

function ending(answer: CohereAnswer) {
  const { fault, calls } = answer;
  const implied = calls === undefined ? 'COMPLETE' : 'TOOL_CALL';
  const failed = fault?.kind === 'error-finish' ? { error: fault.message } : undefined;
  const reason = fault?.kind === 'error-finish' ? fault.reason : (answer.finishReason ?? implied);
  return { ...failed, finish_reason: reason, usage: answer.usage ?? defaultUsage };
}

function message(answer: CohereAnswer) {
  const text = textOf(answer);
  const content = [
    ...(answer.thinking === undefined ? [] : [{ type: 'thinking', thinking: answer.thinking }]),
    ...(text === undefined ? [] : [{ type: 'text', text }]),
  ];
  const calls = answer.calls?.map(({ id, ...named }) => ({ id, type: 'function', function: named }));
  return {
    id: answerId,
    message: {
      role: 'assistant',
      ...(content.length === 0 ? undefined : { content }),
      ...(answer.plan === undefined ? undefined : { tool_plan: answer.plan }),
      ...(calls === undefined ? undefined : { tool_calls: calls, citations: [] }),
    },
    ...ending(answer),
  };
}

/** Text in pieces of a few characters, as a model writes it. */
function pieces(text: string): readonly string[] {
  return text.match(/[\s\S]{1,7}/gu) ?? [];
}

function contentEvents(kind: 'text' | 'thinking', text: string, index: number): readonly Event[] {
  const event = (type: string, content: unknown) => ({ type, index, delta: { message: { content } } });
  return [
    event('content-start', { type: kind, [kind]: '' }),
    ...pieces(text).map((piece) => event('content-delta', { [kind]: piece })),
    { type: 'content-end', index },
  ];
}

function callEvents({ id, name, arguments: given }: CohereCall, index: number): readonly Event[] {
  const event = (type: string, call: unknown) => ({ type, index, delta: { message: { tool_calls: call } } });
  return [
    event('tool-call-start', { id, type: 'function', function: { name, arguments: '' } }),
    ...pieces(given).map((piece) => event('tool-call-delta', { function: { arguments: piece } })),
    { type: 'tool-call-end', index },
  ];
}

/** The stream of an answer, event by event, as the API orders them. */
export function cohereEvents(answer: CohereAnswer): readonly Event[] {
  const text = textOf(answer);
  const opening = { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] };
  const citation = { start: 0, end: 1, text: 'H', sources: [], type: 'TEXT_CONTENT' };
  const textIndex = answer.thinking === undefined ? 0 : 1;
  return [
    { type: 'message-start', id: answerId, delta: { message: opening } },
    ...(answer.thinking === undefined ? [] : contentEvents('thinking', answer.thinking, 0)),
    ...pieces(answer.plan ?? '').map((plan) => ({ type: 'tool-plan-delta', delta: { message: { tool_plan: plan } } })),
    ...(text === undefined ? [] : contentEvents('text', text, textIndex)),
    ...(text === undefined ? [] : [{ type: 'citation-start', index: 0, delta: { message: { citations: citation } } }]),
    ...(text === undefined ? [] : [{ type: 'citation-end', index: 0 }]),
    ...(answer.calls ?? []).flatMap(callEvents),
    { type: 'message-end', id: answerId, delta: ending(answer) },
  ];
}

export function cohereEventText(event: Event): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Writes and waits until the bytes have left, so that a fault strikes after them. */
function write(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve) => {
    response.write(text, () => resolve());
  });
}

async function sendStream(response: ServerResponse, answer: CohereAnswer): Promise<void> {
  const { fault } = answer;
  const events = cohereEvents(answer);
  const sent = fault === undefined || fault.kind === 'status' ? events : events.slice(0, fault.after);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  for (const event of sent) await write(response, cohereEventText(event));
  switch (fault?.kind) {
    case 'stall':
      return;
    case 'cut':
      response.destroy();
      return;
    case 'error-finish':
      response.end(events.slice(-1).map(cohereEventText).join(''));
      return;
    case 'end':
    case 'status':
    case undefined:
      response.end();
  }
}

async function sendMessage(response: ServerResponse, answer: CohereAnswer): Promise<void> {
  const { fault } = answer;
  if (fault?.kind === 'stall') return;
  if (fault?.kind === 'end') return sendJson(response, 200, {});
  if (fault?.kind !== 'cut') return sendJson(response, 200, message(answer));
  const text = JSON.stringify(message(answer));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  await write(response, text.slice(0, text.length / 2));
  response.destroy();
}

type Body = CohereRequest['body'];

function embeddings(body: Body) {
  const texts = Array.isArray(body?.texts) ? body.texts : [];
  const float = texts.map((text: string, i) => [i, text.length]);
  return { id: answerId, embeddings: { float }, texts, response_type: 'embeddings_by_type', meta };
}

/** The later a document, the better: an order that is not the request's. */
function ranking(body: Body) {
  const documents = Array.isArray(body?.documents) ? body.documents : [];
  const results = documents.map((_, index) => ({ index, relevance_score: (index + 1) / (documents.length + 1) }));
  const wanted = typeof body?.top_n === 'number' ? body.top_n : documents.length;
  return { id: answerId, results: results.reverse().slice(0, wanted), meta };
}

function checkHeaders(headers: IncomingMessage['headers'], apiKey: string): void {
  if (headers.authorization === undefined) throw new RuleBroken('no api key supplied', 401);
  if (headers.authorization !== `Bearer ${apiKey}`) throw new RuleBroken('invalid api token', 401);
  if (headers['content-type']?.startsWith('application/json') !== true) {
    throw new RuleBroken('invalid request: content-type must be application/json');
  }
}

async function handle(response: ServerResponse, recorded: CohereRequest, next: () => CohereAnswer): Promise<void> {
  const { body, method, path } = recorded;
  if (method !== 'POST') throw new RuleBroken('method not allowed', 405);
  const check = { '/v2/chat': checkChat, '/v2/embed': checkEmbed, '/v2/rerank': checkRerank }[path];
  if (check === undefined) throw new RuleBroken('404 page not found', 404);
  check(body);
  const answer = next();
  if (answer.fault?.kind === 'status') {
    const { status, message: text, headers } = answer.fault;
    return sendJson(response, status, errorBody(text), headers);
  }
  if (path === '/v2/embed') return sendJson(response, 200, embeddings(body));
  if (path === '/v2/rerank') return sendJson(response, 200, ranking(body));
  if (body?.stream !== true) return sendMessage(response, answer);
  // Asked for plain JSON, the API streams bare lines, which nobody here wants.
  if (recorded.headers.accept === 'application/json') throw new RuleBroken('invalid request: not a stream of events');
  return sendStream(response, answer);
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

/**
 * Cohere's API on a loopback port of its own that refuses what the real one refuses: a wrong key, field or order is
 * an error in Cohere's form. Close it where it was started.
 */
export async function startCohereFake(apiKey = 'co-test-fake-key'): Promise<CohereFake> {
  const requests: CohereRequest[] = [];
  const queue: CohereAnswer[] = [];
  const server = createServer(async (request, response) => {
    const aborted = once(response, 'close').then(() => !response.writableFinished);
    const body = parseJson(await readBody(request));
    const { method = '', url: path = '', headers } = request;
    const recorded: CohereRequest = { method, path, headers, body, aborted };
    requests.push(recorded);
    try {
      checkHeaders(headers, apiKey);
      await handle(response, recorded, () => queue.shift() ?? {});
    } catch (thrown) {
      if (!(thrown instanceof RuleBroken)) throw thrown;
      sendJson(response, thrown.status, errorBody(thrown.message));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v2`,
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
