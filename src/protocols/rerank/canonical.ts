import type { GatewayError } from '../../core/errors.ts';
import type { Candidate, Usage } from '../../core/model.ts';
import type { Extensions } from '../canonical.ts';
import type {
  AnswerContext,
  EncodedRequest,
  FormatId,
  InboundFormat,
  InboundRoute,
  JsonObject,
  UpstreamHeaders,
} from '../protocol.ts';

/** The hub of reranking formats, as `CanonicalRequest` is of generating ones. */
export interface RerankRequest {
  readonly model: string;
  readonly query: string;
  readonly documents: readonly string[];
  /** Most results wanted; undefined is all. */
  readonly topN?: number | undefined;
  /** Whether the answer is to repeat the documents. Ours to do: few upstreams can. */
  readonly returnDocuments: boolean;
  /** Tokens of each document that count; the upstream's own limit when undefined. */
  readonly maxTokensPerDocument?: number | undefined;
  readonly extensions?: Extensions | undefined;
}

export interface RerankResponse {
  readonly id: string;
  /** What the upstream wrote; '' when it does not tell. */
  readonly model: string;
  /** The best first, at most `topN`. */
  readonly results: readonly RerankResult[];
  readonly usage?: Usage | undefined;
}

export interface RerankResult {
  /** Of the document in the request. */
  readonly index: number;
  /** Higher is more relevant; the scale is the model's. */
  readonly score: number;
}

export interface DecodedRerankRequest {
  readonly request: RerankRequest;
  readonly drops: readonly string[];
}

export type RerankAnswerContext = Omit<AnswerContext, 'request'> & { readonly request: RerankRequest };

export interface RerankDecodeContext {
  readonly target: Candidate;
  readonly request: RerankRequest;
}

/** The client's side of a reranking format. */
export interface RerankInbound extends Pick<InboundFormat, 'id' | 'facts' | 'errors'> {
  /** Throws `bad_request` naming the field. */
  decode(body: JsonObject, route: InboundRoute): DecodedRerankRequest;
  encodeResponse(response: RerankResponse, context: RerankAnswerContext): JsonObject;
}

/** The upstream's side of a reranking format. */
export interface RerankOutbound {
  readonly id: FormatId;
  encode(request: RerankRequest, target: Candidate): EncodedRequest;
  /** Throws `upstream_invalid` for results that are not of the request's documents. */
  decodeResponse(body: JsonObject, context: RerankDecodeContext): RerankResponse;
  classifyError(status: number, headers: UpstreamHeaders, body: string, target: Candidate): GatewayError;
}
