import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chunks, embeddings, type FakeAnswer, listing, textChunks, whole, wholeText } from './chat-answers.ts';
import { checkCompletion, checkEmbedding, checkRequest } from './chat-rules.ts';
import { type Json, RuleBroken } from './responses-checks.ts';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Parsed JSON; undefined when there was none. */
  readonly body: Json | undefined;
}

export interface ChatFake {
  /** With the version prefix, as a provider's base URL: `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Queues the answer to one request; without one the default is given. Rules are checked either way. */
  answer(answer: FakeAnswer): void;
  close(): Promise<void>;
}

/** Who may ask, and where: what sets providers of this API apart. */
export interface ChatFront {
  /** Of the provider's base URL, after the origin. */
  readonly basePath: string;
  /** The operation that a path with its query leads to; undefined when it leads nowhere. */
  operationOf(path: string): string | undefined;
  /** What is wrong with the key; undefined when it will do. */
  refusalOf(headers: IncomingMessage['headers']): string | undefined;
  /** Chunks before the first of an answer. */
  readonly preamble: readonly Json[];
}

const openaiFront: ChatFront = {
  basePath: '/v1',
  operationOf: (path) => (path.startsWith('/v1/') ? path.slice('/v1'.length) : undefined),
  refusalOf: ({ authorization = '' }) =>
    /^Bearer \S+/.test(authorization) ? undefined : "You didn't provide an API key.",
  preamble: [],
};

function errorBody(message: string, type = 'invalid_request_error', extra: Json = {}): Json {
  return { error: { message, type, param: null, code: null, ...extra } };
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
  response.end(bytes);
}

/** Writes and waits until the bytes have left, so that a fault strikes after them. */
function write(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve) => {
    response.write(text, () => resolve());
  });
}

function event(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

async function sendChunks(
  response: ServerResponse,
  answer: FakeAnswer,
  chunksOf: (answer: FakeAnswer) => readonly Json[],
): Promise<void> {
  const { fault } = answer;
  if (fault?.kind === 'status') return sendJson(response, fault.status, errorBody(fault.message), fault.headers);
  const all = chunksOf(answer);
  const sent = fault === undefined ? all : all.slice(0, fault.after);
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.flushHeaders();
  for (const chunk of sent) await write(response, event(chunk));
  switch (fault?.kind) {
    case 'cut':
      response.destroy();
      return;
    case 'error-event':
      response.end(event(errorBody(fault.message, 'server_error')));
      return;
    case 'end':
      response.end();
      return;
    case undefined:
      response.end('data: [DONE]\n\n');
  }
}

async function sendWhole(
  response: ServerResponse,
  answer: FakeAnswer,
  wholeOf: (answer: FakeAnswer) => Json,
): Promise<void> {
  const { fault } = answer;
  if (fault?.kind === 'status') return sendJson(response, fault.status, errorBody(fault.message), fault.headers);
  if (fault?.kind === 'error-event') return sendJson(response, 200, errorBody(fault.message, 'server_error'));
  if (fault?.kind === 'end') return sendJson(response, 200, {});
  const json = wholeOf(answer);
  if (fault?.kind !== 'cut') return sendJson(response, 200, json);
  const text = JSON.stringify(json);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  await write(response, text.slice(0, text.length / 2));
  response.destroy();
}

async function readBody(request: IncomingMessage): Promise<Json | undefined> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
}

interface Handling {
  readonly front: ChatFront;
  readonly next: () => FakeAnswer;
}

async function handle(response: ServerResponse, recorded: RecordedRequest, { front, next }: Handling): Promise<void> {
  const { method, path, headers, body } = recorded;
  const refusal = front.refusalOf(headers);
  if (refusal !== undefined) return sendJson(response, 401, errorBody(refusal));
  switch (`${method} ${front.operationOf(path)}`) {
    case 'GET /models':
      return sendJson(response, 200, listing());
    case 'POST /embeddings':
      checkEmbedding(body);
      return sendJson(response, 200, embeddings(body));
    case 'POST /chat/completions':
      checkRequest(body);
      return body.stream === true
        ? sendChunks(response, next(), (answer) => [...front.preamble, ...chunks(answer, body)])
        : sendWhole(response, next(), (answer) => whole(answer, body.model));
    case 'POST /completions':
      checkCompletion(body);
      return body.stream === true
        ? sendChunks(response, next(), (answer) => textChunks(answer, body))
        : sendWhole(response, next(), (answer) => wholeText(answer, body.model));
    default:
      return sendJson(response, 404, errorBody(`Invalid URL (${method} ${path})`));
  }
}

function sendRefusal(response: ServerResponse, thrown: unknown): void {
  if (!(thrown instanceof RuleBroken)) throw thrown;
  const { message, param = null, code = null } = thrown;
  sendJson(response, thrown.status, errorBody(message, 'invalid_request_error', { param, code }));
}

/**
 * A chat completions API on a loopback port of its own that refuses what the real one refuses: a wrong field, form or
 * order is a 400 in OpenAI's envelope. Any key will do. Close it where it was started.
 */
export async function startChatFake(front: ChatFront = openaiFront): Promise<ChatFake> {
  const requests: RecordedRequest[] = [];
  const queue: FakeAnswer[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    const recorded: RecordedRequest = { method, path, headers, body: await readBody(request) };
    requests.push(recorded);
    try {
      await handle(response, recorded, { front, next: () => queue.shift() ?? {} });
    } catch (thrown) {
      sendRefusal(response, thrown);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${front.basePath}`,
    requests,
    answer: (answer) => void queue.push(answer),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
