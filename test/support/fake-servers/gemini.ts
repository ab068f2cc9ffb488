import type { IncomingHttpHeaders } from 'node:http';
import { checkCount, checkEmbedding, checkGenerate, InvalidArgument, signaturePrefix } from './gemini-rules.ts';
import {
  type ConnectionFault,
  type Json,
  pieces,
  type RecordedRequest,
  type Refusal,
  type Reply,
  startVendorServer,
  type VendorFake,
} from './vendor-server.ts';

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
  | ConnectionFault;

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

export type GeminiFake = VendorFake<FakeAnswer>;

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

/** Of a step's calls the first is signed, as the current models do. */
function signed(parts: readonly FakePart[]): readonly object[] {
  const first = parts.findIndex((part) => 'functionCall' in part);
  return parts.map((part, i) => (i === first ? { ...part, thoughtSignature: `${signaturePrefix}${i}=` } : part));
}

function envelope(answer: FakeAnswer, model: string, rest: Json): Json {
  return {
    ...rest,
    usageMetadata: { ...defaultUsage, ...answer.usage },
    modelVersion: model,
    responseId: 'fakeResponse1',
  };
}

function candidate(parts: readonly object[], finishReason?: string): Json {
  const content = parts.length === 0 ? { role: 'model' } : { parts, role: 'model' };
  return { candidates: [{ content, ...(finishReason === undefined ? {} : { finishReason }), index: 0 }] };
}

function partsOf(answer: FakeAnswer): readonly object[] {
  return signed(answer.parts ?? [{ text: 'Hello!' }]);
}

function whole(answer: FakeAnswer, model: string): Json {
  const { blockReason, finishReason = 'STOP' } = answer;
  if (blockReason !== undefined) return envelope(answer, model, { promptFeedback: { blockReason } });
  return envelope(answer, model, candidate(partsOf(answer), finishReason));
}

/** A part as it streams: its text in pieces, a call whole. */
function written(part: object): readonly object[] {
  if (!('text' in part) || typeof part.text !== 'string') return [part];
  return part.text === '' ? [part] : pieces(part.text).map((text) => ({ ...part, text }));
}

export function streamChunks(answer: FakeAnswer, model: string): readonly Json[] {
  if (answer.blockReason !== undefined) return [whole(answer, model)];
  const parts = partsOf(answer).flatMap(written);
  return [...parts.map((part) => candidate([part])), candidate([{ text: '' }], answer.finishReason ?? 'STOP')].map(
    (chunk) => envelope(answer, model, chunk),
  );
}

interface Frames {
  readonly type: string;
  readonly frame: (chunk: object, index: number) => string;
  readonly end: string;
}

const jsonType = 'application/json; charset=UTF-8';

function indented(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

const sse: Frames = { type: 'text/event-stream', frame: (chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`, end: '' };
const list: Frames = {
  type: jsonType,
  frame: (chunk, index) => `${index === 0 ? '[' : ',\r\n'}${indented(chunk)}\n`,
  end: ']',
};

interface Manner {
  readonly model: string;
  readonly frames: Frames;
  readonly isStream: boolean;
}

function sendAnswer(reply: Reply, answer: FakeAnswer, { model, frames, isStream }: Manner): Promise<void> {
  const { fault } = answer;
  if (fault?.kind === 'status') throw new Refused(fault.status, fault.word, fault.message, fault.details);
  const error = fault?.kind === 'error-event' ? errorBody(fault.status, 'UNAVAILABLE', fault.message) : undefined;
  if (!isStream) return reply.whole(error ?? whole(answer, model), fault);
  const last = (error === undefined ? '' : frames.frame(error, fault?.after ?? 0)) + frames.end;
  return reply.stream({ type: frames.type, pieces: streamChunks(answer, model).map(frames.frame), fault, last });
}

/** The real API takes the key in the query as well, where it ends up in logs: here that is no key at all. */
function checkKey(headers: IncomingHttpHeaders, apiKey: string): void {
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

function respond(request: RecordedRequest, reply: Reply, next: () => FakeAnswer): void | Promise<void> {
  if (request.method === 'GET' && /^\/v1(beta)?\/models/.test(request.path)) return reply.json(200, modelList());
  const { model, action, isSse } = callOf(request);
  const body = request.body ?? {};
  switch (action) {
    case 'countTokens':
      checkCount(body, model);
      return reply.json(200, { totalTokens: Math.ceil(JSON.stringify(body).length / 4) });
    case 'embedContent':
      checkEmbedding(body, model, false);
      return reply.json(200, { embedding: vector(body.content) });
    case 'batchEmbedContents': {
      const requests = Array.isArray(body.requests) ? body.requests : [];
      for (const one of requests) checkEmbedding(one, model, true);
      return reply.json(200, { embeddings: requests.map(vector) });
    }
    case 'generateContent':
    case 'streamGenerateContent': {
      checkGenerate(body, model);
      const isStream = action === 'streamGenerateContent';
      return sendAnswer(reply, next(), { model, frames: isSse ? sse : list, isStream });
    }
    default:
      throw new Refused(404, 'NOT_FOUND', 'Requested entity was not found.');
  }
}

function refusalOf(thrown: unknown, { path }: RecordedRequest): Refusal | undefined {
  const refused = thrown instanceof InvalidArgument ? new Refused(400, 'INVALID_ARGUMENT', thrown.message) : thrown;
  if (!(refused instanceof Refused)) return undefined;
  const { status, word, message, details } = refused;
  const body = errorBody(status, word, message, details);
  // A stream that is no SSE is a list, and so is its error.
  const isList = path.includes(':stream') && !path.includes('alt=sse');
  return { status, body: isList ? [body] : body };
}

/** Gemini's API that refuses what the real one refuses: a wrong header, field or order is a 400 in Google's envelope. */
export function startGeminiFake(apiKey = 'AIza-test-fake'): Promise<GeminiFake> {
  return startVendorServer<FakeAnswer>({
    basePath: '/v1beta',
    headers: { 'content-type': jsonType },
    stringify: indented,
    admit: ({ headers }) => checkKey(headers, apiKey),
    respond,
    refusalOf,
  });
}
