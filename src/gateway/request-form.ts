import type { LocalOnly } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import type { RequestFacts } from '../protocols/canonical.ts';
import { type Formats, formatKey } from '../protocols/formats.ts';
import type { DecodedRequest, Framing } from '../protocols/protocol.ts';
import type { Resolution } from '../registry/resolution.ts';
import type { Delivery } from './delivery.ts';
import type { Exchange } from './exchange.ts';
import { isSystem } from './fill.ts';
import type { FetchedImages } from './media.ts';

export interface RequestFormInput {
  readonly exchange: Exchange;
  readonly facts: RequestFacts;
  readonly resolution: Resolution;
  readonly delivery: Delivery;
  readonly formats: Formats;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

/** What is the same for all candidates of one request; decoding is shared and happens only when someone needs it. */
export class RequestForm {
  readonly exchange: Exchange;
  readonly facts: RequestFacts;
  readonly framing: Framing;
  readonly nowMs: number;
  readonly images: FetchedImages = {};
  readonly #input: RequestFormInput;
  #decoded: DecodedRequest | undefined;

  constructor(input: RequestFormInput) {
    this.#input = input;
    this.exchange = input.exchange;
    this.facts = input.facts;
    this.framing = input.delivery.framing;
    this.nowMs = input.nowMs;
  }

  /** What a preset or virtual model says before the conversation. */
  get systemPrompt(): string | undefined {
    return this.#input.resolution.systemPrompt;
  }

  /** Nothing of this request may leave the network or the machine, not even the fetching of an image. */
  get localOnly(): LocalOnly {
    return this.#input.resolution.localOnly;
  }

  /** Throws `unsupported` for a format that has no canonical form. */
  decoded(): DecodedRequest {
    const { id } = this.exchange.inbound;
    const inbound = this.#input.formats.inbounds.get(formatKey(id));
    if (inbound === undefined) {
      throw new GatewayError('unsupported', `${id.operation} cannot be translated for this provider.`);
    }
    this.#decoded ??= inbound.decode(this.exchange.json, this.exchange.route);
    return this.#decoded;
  }

  /** The client brought a system prompt of its own. */
  hasSystemPrompt(): boolean {
    return this.decoded().request.messages.some(isSystem);
  }

  /** Milliseconds since the request came. */
  elapsedMs(): number {
    return this.#input.delivery.elapsedMs();
  }
}
