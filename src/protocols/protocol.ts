import type { GatewayError } from '../core/errors.ts';
import type { Candidate, Operation, ProtocolName, Usage } from '../core/model.ts';
import type { CanonicalRequest, CanonicalResponse, Part, RequestFacts } from './canonical.ts';

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
  /** Milliseconds since the request came, asked at any time; undefined where nobody measures. For Ollama's durations. */
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
  readonly errors: ErrorRenderer;
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
  /** A status other than 2xx, or a 200 whose body is an error. `body` is text, possibly empty or HTML. */
  classifyError(status: number, headers: UpstreamHeaders, body: string, target: Candidate): GatewayError;
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

/** Reads a protocol's own stream and answers in passing, for requests whose protocol is equal on both sides. */
export interface Inspector {
  readonly id: FormatId;
  /** Path on the upstream, with a leading slash, for a request that is passed through. */
  path(target: Candidate, stream: boolean): string;
  /** Headers that the protocol requires where the client did not send them itself; lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** True for a body that would be refused as it is, although its protocol is the upstream's own. */
  readonly mustTranslate?: ((body: JsonObject, target: Candidate) => boolean) | undefined;
  /** Joins the counts of several events of one stream; without it the last one counts. */
  readonly mergeUsage?: ((earlier: Usage | undefined, later: Usage) => Usage) | undefined;
  /** `event` is the SSE event name ('' when absent), `data` its payload. */
  meaning(event: string, data: string, target: Candidate): EventMeaning;
  /** A complete answer: throws `upstream_invalid` or the error it really is; returns its usage where told. */
  answer(body: JsonObject, target: Candidate): { readonly usage?: Usage | undefined };
  /** Once content has started only events that match this need reading; must match every finish, usage, error and end. */
  readonly interesting: RegExp;
  classifyError(status: number, headers: UpstreamHeaders, body: string, target: Candidate): GatewayError;
}
