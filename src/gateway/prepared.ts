import { isAscii } from 'node:buffer';
import type { GatewayError } from '../core/errors.ts';
import type { Candidate } from '../core/model.ts';
import type { UpstreamHeaders } from '../protocols/protocol.ts';
import type { Relay } from '../protocols/relay.ts';
import { sentSecrets } from '../transport/auth/sent-secrets.ts';
import { type Channel, type EncodedAnswer, parseAnswer, type StreamedAnswer } from './channel.ts';
import { looksOf, withoutMark } from './looks.ts';

export interface PreparedInput {
  readonly channel: Channel;
  readonly target: Candidate;
  /** Flat list, credential included. */
  readonly headers: string[];
  /** Of these, those that were made for this request alone, as a flat list: signatures, tokens that expire. */
  readonly made?: readonly string[] | undefined;
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
  readonly #channel: Channel;
  readonly #target: Candidate;
  readonly #made: readonly string[];

  constructor({ channel, target, headers, made = [], streamType }: PreparedInput) {
    this.#channel = channel;
    this.#target = target;
    this.#made = made;
    this.url = target.endpoint.baseUrl + channel.path;
    this.headers = headers;
    this.body = channel.body;
    this.drops = channel.drops;
    this.isPassthrough = channel.isPassthrough;
    this.streamType = streamType;
  }

  /** The same with more header fields, as a flat list. */
  withHeaders(more: readonly string[]): Prepared {
    return new Prepared({
      channel: this.#channel,
      target: this.#target,
      headers: [...this.headers, ...more],
      made: [...this.#made, ...more],
      streamType: this.streamType,
    });
  }

  isStream(headers: UpstreamHeaders): boolean {
    const type = headers['content-type'];
    return typeof type === 'string' && streaming.test(type);
  }

  /** The answer is good and no JSON: it can be handed through as it comes. */
  isBytes(headers: UpstreamHeaders): boolean {
    if (this.#channel.mayBeBytes !== true || headers['content-encoding'] !== undefined) return false;
    const type = headers['content-type'];
    return typeof type !== 'string' || !(structured.test(type) || streaming.test(type));
  }

  relay(): Relay {
    return this.#channel.relay();
  }

  answer(body: Buffer, headers: UpstreamHeaders): EncodedAnswer {
    if (isBinaryStream(headers) || looksOf(body) === 'events') return this.#channel.collected(withoutMark(body));
    const text = body.toString('utf8');
    // Of plain ASCII the text is the bytes, and goes out as it is.
    return this.#channel.answer(isAscii(body) ? text : body, parseAnswer(text, this.#target));
  }

  /** An answer that begins like this may go to the client as it comes, whatever follows. */
  mayHandOn(beginning: Buffer, headers: UpstreamHeaders): boolean {
    return !isBinaryStream(headers) && looksOf(beginning) !== 'events' && this.#channel.mayHandOn(beginning);
  }

  answerAsStream(body: Buffer): StreamedAnswer {
    return this.#channel.answerAsStream(parseAnswer(body.toString('utf8'), this.#target));
  }

  /** An error of this request without what was sent along to authorize it, which upstreams quote. */
  withoutSecrets(error: GatewayError): GatewayError {
    const secrets = sentSecrets(this.#target.endpoint, this.#made);
    return error.reworded((text) => secrets.redact(text));
  }

  classify(status: number, headers: UpstreamHeaders, body: string): GatewayError {
    return this.#channel.classify(status, headers, body);
  }
}

const structured = /^application\/(?:[\w.-]+\+)?json/i;
const streaming = /^(text\/event-stream|application\/(vnd\.amazon\.eventstream|x-ndjson))/i;

/** Events of AWS, whose bytes begin like nothing else. */
function isBinaryStream(headers: UpstreamHeaders): boolean {
  return String(headers['content-type']).startsWith('application/vnd.amazon.eventstream');
}
