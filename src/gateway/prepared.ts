import type { GatewayError } from '../core/errors.ts';
import type { Candidate, Usage } from '../core/model.ts';
import type { UpstreamHeaders } from '../protocols/protocol.ts';
import type { Relay } from '../protocols/relay.ts';
import { type Channel, parseAnswer, unpack, unusable, type WholeAnswer } from './channel.ts';

export interface PreparedInput {
  readonly channel: Channel;
  readonly target: Candidate;
  /** Flat list, credential included. */
  readonly headers: string[];
  /** Content type of a stream towards the client. */
  readonly streamType: string;
}

/** One request made ready for one candidate. */
export class Prepared {
  readonly url: string;
  readonly headers: string[];
  readonly body: Buffer;
  readonly drops: readonly string[];
  readonly isPassthrough: boolean;
  readonly streamType: string;

  readonly #input: PreparedInput;

  constructor(input: PreparedInput) {
    const { channel, target, headers, streamType } = input;
    this.#input = input;
    this.url = target.endpoint.baseUrl + channel.path;
    this.headers = headers;
    this.body = channel.body;
    this.drops = channel.drops;
    this.isPassthrough = channel.isPassthrough;
    this.streamType = streamType;
  }

  /** The same with more header fields, as a flat list. */
  withHeaders(more: readonly string[]): Prepared {
    return new Prepared({ ...this.#input, headers: [...this.headers, ...more] });
  }

  isStream(headers: UpstreamHeaders): boolean {
    const type = headers['content-type'];
    return typeof type === 'string' && streamTypes.test(type);
  }

  relay(): Relay {
    return this.#input.channel.relay();
  }

  answer(body: Buffer, headers: UpstreamHeaders): WholeAnswer {
    if (this.isStream(headers)) throw unusable(this.#input.target, 'it is a stream, and none was asked for');
    const plain = unpack(body, headers, this.#input.target);
    return this.#input.channel.answer(plain, parseAnswer(plain, this.#input.target));
  }

  answerAsStream(body: Buffer, headers: UpstreamHeaders): { readonly text: string; readonly usage: Usage | undefined } {
    return this.#input.channel.answerAsStream(
      parseAnswer(unpack(body, headers, this.#input.target), this.#input.target),
    );
  }

  classify(status: number, headers: UpstreamHeaders, body: string): GatewayError {
    return this.#input.channel.classify(status, headers, body);
  }
}

const streamTypes = /^(text\/event-stream|application\/(vnd\.amazon\.eventstream|x-ndjson))/i;
