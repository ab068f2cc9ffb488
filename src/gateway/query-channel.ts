import type { GatewayError } from '../core/errors.ts';
import type { Candidate, Usage } from '../core/model.ts';
import { invalidAnswer } from '../protocols/invalid-answer.ts';
import type {
  AnswerContext,
  EncodedRequest,
  InboundRoute,
  JsonObject,
  UpstreamHeaders,
} from '../protocols/protocol.ts';
import type { Relay } from '../protocols/relay.ts';
import type { Channel, EncodedAnswer, StreamedAnswer } from './channel.ts';

/** The client's side of a format that asks once and never streams: embeddings, rerank. */
export interface QueryInbound<Request, Response> {
  decode(body: JsonObject, route: InboundRoute): { readonly request: Request; readonly drops: readonly string[] };
  encodeResponse(response: Response, context: QueryContext<Request>): JsonObject;
}

/** The upstream's side of one. */
export interface QueryOutbound<Request, Response> {
  encode(request: Request, target: Candidate): EncodedRequest;
  decodeResponse(body: JsonObject, context: { readonly target: Candidate; readonly request: Request }): Response;
  classifyError(status: number, headers: UpstreamHeaders, body: string, target: Candidate): GatewayError;
}

export type QueryContext<Request> = Omit<AnswerContext, 'request'> & { readonly request: Request };

export interface QueryInput<Request, Response> {
  readonly inbound: QueryInbound<Request, Response>;
  readonly outbound: QueryOutbound<Request, Response>;
  readonly target: Candidate;
  readonly context: QueryContext<Request>;
  readonly drops: readonly string[];
}

/** A query for an upstream of another protocol. */
export class QueryChannel<Request, Response extends { readonly usage?: Usage | undefined }> implements Channel {
  readonly isPassthrough = false;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly drops: readonly string[];
  readonly #input: QueryInput<Request, Response>;

  constructor(input: QueryInput<Request, Response>) {
    this.#input = input;
    const encoded = input.outbound.encode(input.context.request, input.target);
    this.path = encoded.path;
    this.headers = encoded.headers ?? {};
    this.body = Buffer.from(JSON.stringify(encoded.body));
    this.drops = [...new Set([...input.drops, ...encoded.drops])];
  }

  relay(): Relay {
    throw invalidAnswer(this.#input.target, 'this operation does not stream');
  }

  answer(_body: Buffer | string, json: JsonObject): EncodedAnswer {
    const { inbound, outbound, target, context } = this.#input;
    const response = outbound.decodeResponse(json, { target, request: context.request });
    const encoded = inbound.encodeResponse(response, context);
    return { body: JSON.stringify(encoded), json: encoded, usage: response.usage };
  }

  collected(): EncodedAnswer {
    throw invalidAnswer(this.#input.target, 'it is a stream, and none was asked for');
  }

  mayHandOn(): boolean {
    return false;
  }

  answerAsStream(): StreamedAnswer {
    throw invalidAnswer(this.#input.target, 'this operation does not stream');
  }

  classify(status: number, headers: UpstreamHeaders, body: string) {
    return this.#input.outbound.classifyError(status, headers, body, this.#input.target);
  }
}
