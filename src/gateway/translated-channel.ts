import type { Candidate } from '../core/model.ts';
import { PlainArgumentsDecoder, withPlainArguments } from '../protocols/call-arguments.ts';
import type { CanonicalResponse } from '../protocols/canonical.ts';
import { collectStream, responseParts } from '../protocols/collect.ts';
import type {
  AnswerContext,
  EncodedRequest,
  Framing,
  Inbound,
  JsonObject,
  Outbound,
  UpstreamHeaders,
} from '../protocols/protocol.ts';
import { type Relay, TranslatingRelay } from '../protocols/relay.ts';
import type { Channel, EncodedAnswer, StreamedAnswer } from './channel.ts';

export interface TranslatedInput {
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  readonly target: Candidate;
  readonly context: AnswerContext;
  /** The request of `context` as the upstream takes it. */
  readonly encoded: EncodedRequest;
  readonly framing: Framing;
  /** What decoding the client's request already lost. */
  readonly drops: readonly string[];
}

/** Different protocols: decoded into the canonical form and encoded again, both ways. */
export class TranslatedChannel implements Channel {
  readonly isPassthrough = false;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly drops: readonly string[];
  readonly #input: TranslatedInput;

  constructor(input: TranslatedInput) {
    this.#input = input;
    const { encoded } = input;
    this.path = encoded.path;
    this.headers = encoded.headers ?? {};
    this.body = Buffer.from(JSON.stringify(encoded.body));
    this.drops = [...new Set([...input.drops, ...encoded.drops])];
  }

  relay(): Relay {
    const { inbound, outbound, context, framing, target } = this.#input;
    const decoder = new PlainArgumentsDecoder(outbound.streamDecoder(this.#decodeContext()));
    return new TranslatingRelay({ decoder, encoder: inbound.streamEncoder(context, framing), target });
  }

  answer(_body: Buffer | string, json: JsonObject): EncodedAnswer {
    const response = this.#decode(json);
    const encoded = this.#input.inbound.encodeResponse(response, this.#input.context);
    return { body: JSON.stringify(encoded), json: encoded, usage: response.usage };
  }

  collected(events: Buffer): EncodedAnswer {
    const { inbound, outbound, context } = this.#input;
    const response = collectStream(events, outbound.streamDecoder(this.#decodeContext()));
    const encoded = inbound.encodeResponse(response, context);
    return { body: JSON.stringify(encoded), json: encoded, usage: response.usage };
  }

  mayHandOn(): boolean {
    return false;
  }

  answerAsStream(json: JsonObject): StreamedAnswer {
    const response = this.#decode(json);
    const encoder = this.#input.inbound.streamEncoder(this.#input.context, this.#input.framing);
    const pieces = responseParts(response).map((part) => encoder.encode(part));
    const text = pieces.join('') + encoder.end();
    return { text, json: encoder.whole, usage: response.usage };
  }

  classify(status: number, headers: UpstreamHeaders, body: string) {
    return this.#input.outbound.classifyError(status, headers, body, this.#input.target);
  }

  #decode(json: JsonObject): CanonicalResponse {
    return withPlainArguments(this.#input.outbound.decodeResponse(json, this.#decodeContext()));
  }

  #decodeContext() {
    return { target: this.#input.target, request: this.#input.context.request };
  }
}
