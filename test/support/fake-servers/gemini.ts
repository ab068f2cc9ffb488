import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkCount, checkEmbedding, checkGenerate, InvalidArgument, signaturePrefix } from './gemini-rules.ts';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Parsed JSON; undefined when there was none. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  /** Resolves when the connection of this request is done: true when the client left before the end. */
  readonly aborted: Promise<boolean>;
}

export type GeminiFault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly word: string;
      readonly message: string;
      readonly details?: readonly object[];
    }
  /** A stream that ends in an error object after `after` chunks; a 200 with an error body when not streaming. */
  | { readonly kind: 'error-event'; readonly after: number; readonly status: number; readonly message: string }
  /** The connection breaks after `after` chunks, or in the middle of a body. */
  | { readonly kind: 'cut'; readonly after: number }
  /** An orderly end of the stream after `after` chunks. */
  | { readonly kind: 'end'; readonly after: number }
  /** Silence after `after` chunks, until the client leaves or the fake closes. */
  | { readonly kind: 'stall'; readonly after: number };

export type FakePart =
  | { readonly text: string; readonly thought?: boolean }
  | { readonly functionCall: { readonly name: string; readonly args?: object; readonly id?: string } }
  | { readonly inlineData: { readonly mimeType: string; readonly data: string } };

/** One answer. What it leaves out: the text "Hello!", STOP, 25 tokens in, 15 out. */
export interface FakeAnswer {
  readonly parts?: readonly FakePart[];
  readonly finishReason?: string;
  readonly blockReason?: string;
  readonly usage?: Readonly<Record<string, number>>;
  readonly fault?: GeminiFault;
}

export interface GeminiFake {
  /** With the version prefix, as a provider's base URL: `http://127.0.0.1:PORT/v1beta`. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Queues the answer to one request; without one the default is given. Rules are checked either way. */
  answer(answer: FakeAnswer): void;
  close(): Promise<void>;
}

type Chunk = Readonly<Record<string, unknown>>;

const models = [
  'gemini-3-flash-preview',
  'gemini-3-pro-preview',
  'gemini-2.5-flash',
  'gemini-2.5-pro',
  'gemini-2.0-flash',
];
const embedders = ['gemini-embedding-001'];
const generating = ['generateContent', 'countTokens', 'createCachedContent', 'batchGenerateContent'];
const defaultUsage = { promptTokenCount: 25, candidatesTokenCount: 15, totalTokenCount: 40 };

class Refused extends Error {
  readonly status: number;
  readonly word: string;
  readonly details: readonly object[];

  constructor(status: number, word: string, message: string, details: readonly object[] = []) {
    super(message);
    this.status = status;
    this.word = word;
    this.details = details;
  }
}

function errorBody(status: number, word: string, message: string, details: readonly object[] = []) {
  return { error: { code: status, message, status: word, ...(details.length === 0 ? {} : { details }) } };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body, null, 2));
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', 'content-length': bytes.length });
  response.end(bytes);
}

/** Of a step's calls the first is signed, as the current models do. */
function signed(parts: readonly FakePart[]): readonly object[] {
  const first = parts.findIndex((part) => 'functionCall' in part);
  return parts.map((part, i) => (i === first ? { ...part, thoughtSignature: `${signaturePrefix}${i}=` } : part));
}

function envelope(answer: FakeAnswer, model: string, rest: Chunk): Chunk {
  return {
    ...rest,
    usageMetadata: { ...defaultUsage, ...answer.usage },
    modelVersion: model,
    responseId: 'fakeResponse1',
  };
}

function candidate(parts: readonly object[], finishReason?: string): Chunk {
  const content = parts.length === 0 ? { role: 'model' } : { parts, role: 'model' };
  return { candidates: [{ content, ...(finishReason === undefined ? {} : { finishReason }), index: 0 }] };
}

function partsOf(answer: FakeAnswer): readonly object[] {
  return signed(answer.parts ?? [{ text: 'Hello!' }]);
}

function whole(answer: FakeAnswer, model: string): Chunk {
  const { blockReason, finishReason = 'STOP' } = answer;
  if (blockReason !== undefined) return envelope(answer, model, { promptFeedback: { blockReason } });
  return envelope(answer, model, candidate(partsOf(answer), finishReason));
}

/** Text in pieces of a few characters, as a model writes it; calls whole. */
function pieces(part: object): readonly object[] {
  if (!('text' in part) || typeof part.text !== 'string') return [part];
  return (part.text.match(/[\s\S]{1,7}/gu) ?? ['']).map((text) => ({ ...part, text }));
}

export function streamChunks(answer: FakeAnswer, model: string): readonly Chunk[] {
  if (answer.blockReason !== undefined) return [whole(answer, model)];
  const written = partsOf(answer)
    .flatMap(pieces)
    .map((part) => candidate([part]));
  return [...written, candidate([{ text: '' }], answer.finishReason ?? 'STOP')].map((chunk) =>
    envelope(answer, model, chunk),
  );
}

/** Writes and waits until the bytes have left, so that a fault strikes after them. */
function write(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve) => {
    response.write(text, () => resolve());
  });
}

interface Frames {
  readonly type: string;
  readonly frame: (chunk: object, index: number) => string;
  readonly end: string;
}

const sse: Frames = { type: 'text/event-stream', frame: (chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`, end: '' };
const list: Frames = {
  type: 'application/json; charset=UTF-8',
  frame: (chunk, index) => `${index === 0 ? '[' : ',\r\n'}${JSON.stringify(chunk, null, 2)}\n`,
  end: ']',
};

async function sendStream(
  response: ServerResponse,
  answer: FakeAnswer,
  { model, frames }: { model: string; frames: Frames },
): Promise<void> {
  const { fault } = answer;
  const chunks = streamChunks(answer, model);
  const sent = fault === undefined || fault.kind === 'status' ? chunks : chunks.slice(0, fault.after);
  response.writeHead(200, { 'content-type': frames.type });
  response.flushHeaders();
  for (const [index, chunk] of sent.entries()) await write(response, frames.frame(chunk, index));
  if (fault?.kind === 'stall') return;
  if (fault?.kind === 'cut') {
    response.destroy();
    return;
  }
  const error = fault?.kind === 'error-event' ? errorBody(fault.status, 'UNAVAILABLE', fault.message) : undefined;
  response.end((error === undefined ? '' : frames.frame(error, sent.length)) + frames.end);
}

async function sendWhole(response: ServerResponse, answer: FakeAnswer, model: string): Promise<void> {
  const { fault } = answer;
  if (fault?.kind === 'stall') return;
  if (fault?.kind === 'error-event')
    return sendJson(response, 200, errorBody(fault.status, 'UNAVAILABLE', fault.message));
  if (fault?.kind === 'end') return sendJson(response, 200, {});
  if (fault?.kind !== 'cut') return sendJson(response, 200, whole(answer, model));
  const text = JSON.stringify(whole(answer, model));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  await write(response, text.slice(0, text.length / 2));
  response.destroy();
}

/** The real API takes the key in the query as well, where it ends up in logs: here that is no key at all. */
function checkKey(headers: IncomingMessage['headers'], apiKey: string): void {
  const key = headers['x-goog-api-key'];
  if (key === undefined) {
    throw new Refused(
      403,
      'PERMISSION_DENIED',
      "Method doesn't allow unregistered callers (callers without established identity).",
    );
  }
  if (key === apiKey) return;
  const reason = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: 'API_KEY_INVALID',
    domain: 'googleapis.com',
  };
  throw new Refused(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [reason]);
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
  const entry = (id: string, supportedGenerationMethods: readonly string[]) => ({
    name: `models/${id}`,
    version: '001',
    displayName: id,
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods,
  });
  return {
    models: [
      ...models.map((id) => entry(id, generating)),
      ...embedders.map((id) => entry(id, ['embedContent', 'countTextTokens', 'countTokens'])),
    ],
  };
}

function vector(text: unknown) {
  const size = JSON.stringify(text).length;
  return { values: [size / 100, 0.5, -0.25] };
}

interface Call {
  readonly model: string;
  readonly action: string;
  readonly isSse: boolean;
}

function callOf({ method, path }: RecordedRequest): Call {
  const url = new URL(path, 'http://fake');
  const [, model = '', action = ''] = /^\/v1(?:beta)?\/models\/([^/:]+):(\w+)$/.exec(url.pathname) ?? [];
  if (method !== 'POST' || action === '') throw new Refused(404, 'NOT_FOUND', 'Requested entity was not found.');
  if (![...models, ...embedders].includes(model)) {
    const hint = 'Call ListModels to see the list of available models and their supported methods.';
    throw new Refused(
      404,
      'NOT_FOUND',
      `models/${model} is not found for API version v1beta, or is not supported for ${action}. ${hint}`,
    );
  }
  return { model, action, isSse: url.searchParams.get('alt') === 'sse' };
}

async function handle(response: ServerResponse, recorded: RecordedRequest, next: () => FakeAnswer): Promise<void> {
  if (recorded.method === 'GET' && /^\/v1(beta)?\/models/.test(recorded.path))
    return sendJson(response, 200, modelList());
  const { model, action, isSse } = callOf(recorded);
  const body = recorded.body ?? {};
  switch (action) {
    case 'countTokens':
      checkCount(body, model);
      return sendJson(response, 200, { totalTokens: Math.ceil(JSON.stringify(body).length / 4) });
    case 'embedContent':
      checkEmbedding(body, model, false);
      return sendJson(response, 200, { embedding: vector(body.content) });
    case 'batchEmbedContents': {
      const requests = Array.isArray(body.requests) ? body.requests : [];
      for (const request of requests) checkEmbedding(request, model, true);
      return sendJson(response, 200, { embeddings: requests.map(vector) });
    }
    case 'generateContent':
    case 'streamGenerateContent':
      checkGenerate(body, model);
      return sendAnswer(response, next(), {
        model,
        frames: isSse ? sse : list,
        isStream: action !== 'generateContent',
      });
    default:
      throw new Refused(404, 'NOT_FOUND', 'Requested entity was not found.');
  }
}

async function sendAnswer(
  response: ServerResponse,
  answer: FakeAnswer,
  how: { readonly model: string; readonly frames: Frames; readonly isStream: boolean },
): Promise<void> {
  const { fault } = answer;
  if (fault?.kind === 'status') throw new Refused(fault.status, fault.word, fault.message, fault.details);
  return how.isStream ? sendStream(response, answer, how) : sendWhole(response, answer, how.model);
}

function sendFailure(response: ServerResponse, thrown: unknown, isList: boolean): void {
  const refused = thrown instanceof InvalidArgument ? new Refused(400, 'INVALID_ARGUMENT', thrown.message) : thrown;
  if (!(refused instanceof Refused)) throw thrown;
  const body = errorBody(refused.status, refused.word, refused.message, refused.details);
  // A stream that is no SSE is a list, and so is its error.
  sendJson(response, refused.status, isList ? [body] : body);
}

/**
 * Gemini's API on a loopback port of its own that refuses what the real one refuses: a wrong header, field or order is
 * a 400 in Google's envelope. Close it where it was started.
 */
export async function startGeminiFake(apiKey = 'AIza-test-fake'): Promise<GeminiFake> {
  const requests: RecordedRequest[] = [];
  const queue: FakeAnswer[] = [];
  const server = createServer(async (request, response) => {
    const aborted = once(response, 'close').then(() => !response.writableFinished);
    const body = parseJson(await readBody(request));
    const { method = '', url: path = '', headers } = request;
    const recorded: RecordedRequest = { method, path, headers, body, aborted };
    requests.push(recorded);
    try {
      checkKey(headers, apiKey);
      await handle(response, recorded, () => queue.shift() ?? {});
    } catch (thrown) {
      sendFailure(response, thrown, path.includes(':stream') && !path.includes('alt=sse'));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1beta`,
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
