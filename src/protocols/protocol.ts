import type { GatewayError } from '../core/errors.ts';
import type { Candidate, Operation, ProtocolName, Usage } from '../core/model.ts';
import type { StoredResponse } from '../core/stored-responses.ts';
import type { CanonicalRequest, CanonicalResponse, Part, RequestFacts } from './canonical.ts';
import type { Splice } from './splice.ts';

/** A JSON object that has been parsed and nothing else. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** One kind of request body on one wire: `chat_completions` + `embeddings` is a format of its own. */
export interface FormatId {
  readonly protocol: ProtocolName;
  readonly operation: Operation;
}

/** How a stream is framed on the wire. */
export type Framing = 'sse' | 'ndjson' | 'json-array' | 'aws-event-stream';

export interface AnswerContext {
  /** What the client asked for, for protocols that echo it. */
  readonly requestedModel: string;
  readonly includeUsage: boolean;
  /** Of our own making, in the protocol's style where it has one. */
  readonly requestId: string;
  /** Unix milliseconds. */
  readonly nowMs: number;
  /**
   * Milliseconds since the request came, asked at any time; undefined where it is not measured. For Ollama's durations.
   */
  readonly elapsedMs?: (() => number) | undefined;
  /** The decoded request, for protocols whose answer repeats parts of it (Responses). */
  readonly request: CanonicalRequest;
}

/** Renders our own errors as the client's protocol has them. Shared by all operations of a protocol. */
export interface ErrorRenderer {
  /** The body of an error answer; `status` is the error's. */
  body(error: GatewayError, facts: ErrorFacts): JsonObject;
  /** What ends a stream that broke after its start: the protocol's error event, never its end marker. */
  streamEvent(error: GatewayError, facts: ErrorFacts, framing?: Framing): string;
}

export interface ErrorFacts {
  readonly requestId: string;
  readonly attempts: readonly { readonly provider: string; readonly code: string; readonly ms: number }[];
}

/** What the pipeline needs to know of any format that clients speak, whatever it asks for. */
export interface InboundFormat {
  readonly id: FormatId;
  /** Cheap look at a parsed body; must not throw on odd input beyond `bad_request`. */
  facts(body: JsonObject, route: InboundRoute): RequestFacts;
  /** Framing of a stream towards the client. */
  framing(route: InboundRoute): Framing;
  /** A legal sign of life before the first event: an SSE comment, white space, a `ping` event. */
  keepAlive(framing: Framing): string;
  /** False: its official clients raise on comments in a stream. */
  readonly takesComments?: false | undefined;
  readonly errors: ErrorRenderer;
  /** In protocols whose clients ask for a model to be loaded or unloaded (Ollama). */
  readonly warmUps?: WarmUps | undefined;
  /** In protocols whose servers keep their answers, so that a request may continue from one (Responses). */
  readonly history?: AnswerHistory | undefined;
}

/** A request without a prompt: it loads a model ahead of use, or unloads it. */
export interface WarmUp {
  readonly model: string;
  readonly action: 'load' | 'unload';
  /** How long the model is to stay loaded, as the client wrote it; undefined when it did not. */
  readonly keepAlive: unknown;
}

/** How a format asks for a warm-up and has it answered. */
export interface WarmUps {
  /** Undefined for a request that asks for an answer. */
  read(body: JsonObject): WarmUp | undefined;
  /** The whole answer: one object even where a stream was asked for. `nowMs` is in Unix milliseconds. */
  answer(warmUp: WarmUp, nowMs: number): JsonObject;
}

/** How bodies refer to answers that the server keeps; the caller has the store. */
export interface AnswerHistory {
  /** The answer that the request continues from. */
  previousResponseId(body: JsonObject): string | undefined;
  /** False when the client does not want its answer kept. */
  isStored(body: JsonObject): boolean;
  /** Ids of items that the client names instead of sending them. */
  referencedItems(body: JsonObject): readonly string[];
  /** The body with the earlier turns in its input, and with references replaced by `items` (by id). */
  withHistory(body: JsonObject, stored: StoredResponse | undefined, items: ReadonlyMap<string, unknown>): JsonObject;
  /** The body as an upstream may see it, which does not know our answers. */
  withoutPrevious(body: JsonObject): JsonObject;
  /** What to keep of an answer to `body`; undefined for an answer without an id. */
  toStored(body: JsonObject, response: JsonObject): Omit<StoredResponse, 'localOnly'> | undefined;
  /** The `bad_request` for an answer that is not kept. */
  previousNotFound(id: string): GatewayError;
  /** Whether an item of these turns has this id. */
  holdsItem(stored: Pick<StoredResponse, 'input' | 'response'>, id: string): boolean;
  itemNotFound(id: string): GatewayError;
}

/** The client's side of a generating format. */
export interface Inbound extends InboundFormat {
  /** Whole request. Throws `bad_request` naming the field. Unknown fields are dropped, never an error. */
  decode(body: JsonObject, route: InboundRoute): DecodedRequest;
  encodeResponse(response: CanonicalResponse, context: AnswerContext): JsonObject;
  streamEncoder(context: AnswerContext, framing: Framing): StreamEncoder;
}

/** What stands outside the body: Gemini has model and action in the path, `alt` in the query. */
export interface InboundRoute {
  readonly model?: string | undefined;
  readonly action?: string | undefined;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface DecodedRequest {
  readonly request: CanonicalRequest;
  /** Names of what the canonical form cannot carry, for `x-router-translation-drops`. */
  readonly drops: readonly string[];
}

/** Parts in, client bytes out. Stateful: one per answer. */
export interface StreamEncoder {
  /** Text for the wire; empty when the part shows nothing yet. */
  encode(part: Part): string;
  /** After the last part of a complete answer: closing events and end marker. */
  end(): string;
  /** After a broken one: the error event, in the state the stream is in, and no end marker. */
  error(error: GatewayError, facts: ErrorFacts): string;
  /** The complete answer as one body, after `end`, where the protocol's last event repeats it. */
  readonly whole?: JsonObject | undefined;
}

/** The upstream's side of a generating format. */
export interface Outbound {
  readonly id: FormatId;
  encode(request: CanonicalRequest, target: Candidate): EncodedRequest;
  decodeResponse(body: JsonObject, context: DecodeContext): CanonicalResponse;
  streamDecoder(context: DecodeContext): StreamDecoder;
  /** How the target is asked to count a prompt's tokens; undefined where it cannot be. */
  countTokens?(request: CanonicalRequest, target: Candidate): TokenQuestion | undefined;
  /** A status other than 2xx, or a 200 whose body is an error. `body` is text, possibly empty or HTML. */
  classifyError(status: number, headers: UpstreamHeaders, body: string, target: Candidate): GatewayError;
}

/** A request to an upstream beside its main paths. */
export interface UpstreamQuestion {
  /** Whole, not only a path: some servers answer at their root. */
  readonly url: string;
  /** Protocol headers, lower case; credentials are transport's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** A question for a prompt's tokens. */
export interface TokenQuestion extends UpstreamQuestion {
  /** Undefined, or a GatewayError, when the answer holds no count. */
  read(answer: JsonObject): number | undefined;
}

export type UpstreamHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface EncodedRequest {
  /** Appended to the endpoint's base URL, with a leading slash, query included. */
  readonly path: string;
  /** Protocol headers (`anthropic-version`), lower-case; credentials are transport's. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body: JsonObject;
  readonly drops: readonly string[];
}

export interface DecodeContext {
  readonly target: Candidate;
  /** The request as it was encoded; decoders fold back what the encoder flattened. */
  readonly request: CanonicalRequest;
}

/**
 * Upstream bytes in, parts out. Fed chunks split anywhere. Throws a GatewayError for an error event or an
 * unreadable stream: before content it becomes failover, after it the client's error event.
 */
export interface StreamDecoder {
  push(chunk: Buffer): readonly Part[];
  /** The upstream closed. Returns what was still held; throws `upstream_invalid` when the protocol's end is missing. */
  end(): readonly Part[];
}

/**
 * What one event of a passed-through stream means, so that bytes can flow without being decoded.
 * preamble: before content (role, message_start, ping); content: text, reasoning, tool call or refusal; finish: a
 * finish reason (may carry content too); usage: a chunk that only carries usage; end: the end marker.
 */
export type EventMeaning =
  | { readonly kind: 'preamble' | 'content' | 'end'; readonly usage?: Usage | undefined }
  /** `whole` is the complete answer as one body, for protocols whose last event repeats it. */
  | { readonly kind: 'finish'; readonly usage?: Usage | undefined; readonly whole?: JsonObject | undefined }
  | { readonly kind: 'usage'; readonly usage: Usage }
  | { readonly kind: 'error'; readonly error: GatewayError };

/** What a request gets on its way although its protocol stays: as little as possible. */
export interface PassthroughEdits {
  readonly target: Candidate;
  readonly stream: boolean;
  /** What a preset or virtual model says before the conversation. */
  readonly systemPrompt: string | undefined;
  /** The client brought a system prompt of its own. */
  readonly hasSystemPrompt: boolean;
}

/** Reads a protocol's own stream and answers in passing, for requests whose protocol is equal on both sides. */
export interface Inspector {
  readonly id: FormatId;
  /** Path on the upstream, with a leading slash, for a request that is passed through. */
  path(target: Candidate, stream: boolean): string;
  /** An answer may be other than JSON: audio, or plain text. */
  readonly mayBeBytes?: boolean | undefined;
  /** Headers that the protocol requires where the client did not send them itself; lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Changes the body's top-level values for the target: the model's name, what configuration adds, what it refuses. */
  edit(splice: Splice, edits: PassthroughEdits): void;
  /** False where parameters are nested, so that what configuration adds cannot be put in by `edit`. */
  readonly takesAdditions?: boolean | undefined;
  /** Written when the upstream closes after a finish reason without it; only where clients wait for one. */
  readonly endMarker?: string | undefined;
  /** True for a body that would be refused as it is, although its protocol is the upstream's own. */
  readonly mustTranslate?: ((body: JsonObject, target: Candidate) => boolean) | undefined;
  /** Joins the counts of several events of one stream; without it the last one counts. */
  readonly mergeUsage?: ((earlier: Usage | undefined, later: Usage) => Usage) | undefined;
  /** `event` is the SSE event name ('' when absent), `data` its payload. */
  meaning(event: string, data: string, target: Candidate): EventMeaning;
  /** A complete answer: throws `upstream_invalid` or the error it really is; returns its usage where told. */
  answer(body: JsonObject, target: Candidate): { readonly usage?: Usage | undefined };
  /** The answer as this request wants it; undefined when it is so already. */
  readonly fitted?: ((body: JsonObject, request: JsonObject) => JsonObject | undefined) | undefined;
  /** A large answer that begins like this is as the request wants it, and need not be read. */
  readonly mayHandOn?: ((beginning: Buffer, request: JsonObject) => boolean) | undefined;
  /** Once content has started only events that match this need reading; must match every finish, usage, error and end. */
  readonly interesting: RegExp;
  classifyError(status: number, headers: UpstreamHeaders, body: string, target: Candidate): GatewayError;
}
