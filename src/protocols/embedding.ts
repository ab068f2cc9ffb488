import type { GatewayError } from '../core/errors.ts';
import type { Candidate, Usage } from '../core/model.ts';
import type { Extensions, RequestFacts } from './canonical.ts';
import type {
  AnswerContext,
  EncodedRequest,
  ErrorRenderer,
  FormatId,
  InboundRoute,
  JsonObject,
  UpstreamHeaders,
} from './protocol.ts';

/** The hub of embedding formats, as `CanonicalRequest` is of generating ones. */
export interface EmbeddingRequest {
  readonly model: string;
  readonly input: EmbeddingInput;
  /** Length of the vectors, for models that can shorten them. */
  readonly dimensions?: number | undefined;
  /** How the client wants the vectors. Upstreams are asked for whatever they do best. */
  readonly encoding: 'float' | 'base64';
  /** What the vectors are for, where the model makes a difference. */
  readonly task?: EmbeddingTask | undefined;
  /** Title of the one document that is embedded (Gemini). */
  readonly title?: string | undefined;
  /** Whether the upstream may cut what is too long; undefined is its own choice. */
  readonly truncate?: boolean | undefined;
  readonly user?: string | undefined;
  readonly extensions?: Extensions | undefined;
  /** What the client wrote, for formats whose answer depends on it (Ollama's older form). Never sent upstream. */
  readonly echo?: Readonly<Record<string, unknown>> | undefined;
}

/** One vector for each element. Tokens only mean something to the model whose tokenizer made them. */
export type EmbeddingInput =
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  | { readonly kind: 'tokens'; readonly tokens: readonly (readonly number[])[] };

export type EmbeddingTask =
  | 'query'
  | 'document'
  | 'similarity'
  | 'classification'
  | 'clustering'
  | 'question-answering'
  | 'fact-verification'
  | 'code-query';

export interface EmbeddingResponse {
  /** What the upstream wrote; '' when it does not tell. */
  readonly model: string;
  /** In the order of the inputs. */
  readonly vectors: readonly (readonly number[])[];
  readonly usage?: Usage | undefined;
}

export interface DecodedEmbeddingRequest {
  readonly request: EmbeddingRequest;
  readonly drops: readonly string[];
}

export type EmbeddingAnswerContext = Omit<AnswerContext, 'request'> & { readonly request: EmbeddingRequest };

/** The client's side of an embedding format. */
export interface EmbeddingInbound {
  readonly id: FormatId;
  facts(body: JsonObject, route: InboundRoute): RequestFacts;
  /** Throws `bad_request` naming the field. */
  decode(body: JsonObject, route: InboundRoute): DecodedEmbeddingRequest;
  encodeResponse(response: EmbeddingResponse, context: EmbeddingAnswerContext): JsonObject;
  readonly errors: ErrorRenderer;
}

/** The upstream's side of an embedding format. */
export interface EmbeddingOutbound {
  readonly id: FormatId;
  /** Throws `upstream_incapable` for input that this wire cannot carry. */
  encode(request: EmbeddingRequest, target: Candidate): EncodedRequest;
  /** Throws `upstream_invalid` unless there is one vector for each input. */
  decodeResponse(body: JsonObject, context: EmbeddingDecodeContext): EmbeddingResponse;
  classifyError(status: number, headers: UpstreamHeaders, body: string, target: Candidate): GatewayError;
}

export interface EmbeddingDecodeContext {
  readonly target: Candidate;
  readonly request: EmbeddingRequest;
}

export function inputCount({ input }: EmbeddingRequest): number {
  return input.kind === 'texts' ? input.texts.length : input.tokens.length;
}

/** A vector as base64 of its little-endian 32-bit floats, as OpenAI's SDKs ask for it. */
export function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * 4);
  vector.forEach((value, i) => {
    bytes.writeFloatLE(value, i * 4);
  });
  return bytes.toString('base64');
}

/** Undefined when the bytes are not a whole number of floats. */
export function fromBase64(base64: string): readonly number[] | undefined {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}
