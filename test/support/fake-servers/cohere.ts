import type { IncomingHttpHeaders } from 'node:http';
import { checkChat, checkEmbed, checkRerank, RuleBroken } from './cohere-rules.ts';
import {
  type ConnectionFault,
  eventText,
  type Json,
  pieces,
  type RecordedRequest,
  type Refusal,
  type Reply,
  startVendorServer,
  type TypedEvent,
  type VendorFake,
} from './vendor-server.ts';

export type CohereFault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly message: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A 200 whose answer ends with the finish reason ERROR (or TIMEOUT), in a stream after `after` events. */
  | { readonly kind: 'error-finish'; readonly after: number; readonly reason: string; readonly message: string }
  | ConnectionFault;

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

export type CohereFake = VendorFake<CohereAnswer>;

const answerId = 'c14c80c3-18eb-4519-9460-6c92edd8cfb4';

const defaultUsage = {
  billed_units: { input_tokens: 5, output_tokens: 15 },
  tokens: { input_tokens: 71, output_tokens: 17 },
  cached_tokens: 12,
};

const meta = { api_version: { version: '2' }, billed_units: { input_tokens: 6 } };

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

function contentEvents(kind: 'text' | 'thinking', text: string, index: number): readonly TypedEvent[] {
  const event = (type: string, content: unknown) => ({ type, index, delta: { message: { content } } });
  return [
    event('content-start', { type: kind, [kind]: '' }),
    ...pieces(text).map((piece) => event('content-delta', { [kind]: piece })),
    { type: 'content-end', index },
  ];
}

function callEvents({ id, name, arguments: given }: CohereCall, index: number): readonly TypedEvent[] {
  const event = (type: string, call: unknown) => ({ type, index, delta: { message: { tool_calls: call } } });
  return [
    event('tool-call-start', { id, type: 'function', function: { name, arguments: '' } }),
    ...pieces(given).map((piece) => event('tool-call-delta', { function: { arguments: piece } })),
    { type: 'tool-call-end', index },
  ];
}

/** The stream of an answer, event by event, as the API orders them. */
export function cohereEvents(answer: CohereAnswer): readonly TypedEvent[] {
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

function sendStream(reply: Reply, answer: CohereAnswer): Promise<void> {
  const { fault } = answer;
  const events = cohereEvents(answer).map(eventText);
  const last = fault?.kind === 'error-finish' ? events.at(-1) : undefined;
  return reply.stream({ type: 'text/event-stream', pieces: events, fault, last });
}

function embeddings(body: Json | undefined) {
  const texts = Array.isArray(body?.texts) ? body.texts : [];
  const float = texts.map((text: string, i) => [i, text.length]);
  return { id: answerId, embeddings: { float }, texts, response_type: 'embeddings_by_type', meta };
}

/** The later a document, the better: an order that is not the request's. */
function ranking(body: Json | undefined) {
  const documents = Array.isArray(body?.documents) ? body.documents : [];
  const results = documents.map((_, index) => ({ index, relevance_score: (index + 1) / (documents.length + 1) }));
  const wanted = typeof body?.top_n === 'number' ? body.top_n : documents.length;
  return { id: answerId, results: results.reverse().slice(0, wanted), meta };
}

function checkHeaders(headers: IncomingHttpHeaders, apiKey: string): void {
  if (headers.authorization === undefined) throw new RuleBroken('no api key supplied', 401);
  if (headers.authorization !== `Bearer ${apiKey}`) throw new RuleBroken('invalid api token', 401);
  if (headers['content-type']?.startsWith('application/json') !== true) {
    throw new RuleBroken('invalid request: content-type must be application/json');
  }
}

function respond({ method, path, headers, body }: RecordedRequest, reply: Reply, next: () => CohereAnswer) {
  if (method !== 'POST') throw new RuleBroken('method not allowed', 405);
  const check = { '/v2/chat': checkChat, '/v2/embed': checkEmbed, '/v2/rerank': checkRerank }[path];
  if (check === undefined) throw new RuleBroken('404 page not found', 404);
  check(body);
  const answer = next();
  if (answer.fault?.kind === 'status') {
    const { status, message: text, headers: more } = answer.fault;
    return reply.json(status, errorBody(text), more);
  }
  if (path === '/v2/embed') return reply.json(200, embeddings(body));
  if (path === '/v2/rerank') return reply.json(200, ranking(body));
  if (body?.stream !== true) return reply.whole(message(answer), answer.fault);
  // Asked for plain JSON, the API streams bare lines, which nobody here wants.
  if (headers.accept === 'application/json') throw new RuleBroken('invalid request: not a stream of events');
  return sendStream(reply, answer);
}

function refusalOf(thrown: unknown): Refusal | undefined {
  return thrown instanceof RuleBroken ? { status: thrown.status, body: errorBody(thrown.message) } : undefined;
}

/** Cohere's API that refuses what the real one refuses: a wrong key, field or order is an error in Cohere's form. */
export function startCohereFake(apiKey = 'co-test-fake-key'): Promise<CohereFake> {
  return startVendorServer<CohereAnswer>({
    basePath: '/v2',
    admit: ({ headers }) => checkHeaders(headers, apiKey),
    respond,
    refusalOf,
  });
}
