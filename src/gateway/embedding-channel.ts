import type { Candidate, Usage } from '../core/model.ts';
import type { EmbeddingAnswerContext, EmbeddingInbound, EmbeddingOutbound } from '../protocols/embedding.ts';
import type { JsonObject, UpstreamHeaders } from '../protocols/protocol.ts';
import type { Relay } from '../protocols/relay.ts';
import { type Channel, unusable, type WholeAnswer } from './channel.ts';

export interface EmbeddingInput {
  readonly inbound: EmbeddingInbound;
  readonly outbound: EmbeddingOutbound;
  readonly target: Candidate;
  readonly context: EmbeddingAnswerContext;
  readonly drops: readonly string[];
}

/** Embeddings for an upstream of another protocol. They never stream. */
export class EmbeddingChannel implements Channel {
  readonly isPassthrough = false;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly drops: readonly string[];
  readonly #input: EmbeddingInput;

  constructor(input: EmbeddingInput) {
    this.#input = input;
    const encoded = input.outbound.encode(input.context.request, input.target);
    this.path = encoded.path;
    this.headers = encoded.headers ?? {};
    this.body = Buffer.from(JSON.stringify(encoded.body));
    this.drops = [...new Set([...input.drops, ...encoded.drops])];
  }

  relay(): Relay {
    throw unusable(this.#input.target, 'embeddings do not stream');
  }

  answer(_body: Buffer, json: JsonObject): WholeAnswer {
    const { inbound, outbound, target, context } = this.#input;
    const response = outbound.decodeResponse(json, { target, request: context.request });
    return { body: Buffer.from(JSON.stringify(inbound.encodeResponse(response, context))), usage: response.usage };
  }

  answerAsStream(): { readonly text: string; readonly usage: Usage | undefined } {
    throw unusable(this.#input.target, 'embeddings do not stream');
  }

  classify(status: number, headers: UpstreamHeaders, body: string) {
    return this.#input.outbound.classifyError(status, headers, body, this.#input.target);
  }
}
