import type { GatewayError } from '../core/errors.ts';
import { HeldBody } from '../core/held-body.ts';
import type { Answer, AnswerHost } from './answer.ts';
import { looksOf, withoutMark } from './looks.ts';
import { StreamAnswer } from './stream-answer.ts';
import { WholeAnswer } from './whole-answer.ts';

/**
 * The beginning of an answer to a client that asked for a stream. Servers and what stands before them send events as
 * `text/plain` or `application/json`, and whole answers as `text/event-stream`: the first bytes decide.
 */
export class FirstBytes implements Answer {
  readonly usage = undefined;
  readonly #host: AnswerHost;
  readonly #become: (answer: Answer) => void;
  readonly #held = new HeldBody();

  /** `become` is told what it turned out to be, which gets all that follows. */
  constructor(host: AnswerHost, become: (answer: Answer) => void) {
    this.#host = host;
    this.#become = become;
  }

  push(chunk: Buffer): void {
    this.#host.heard(this.#host.clock.monotonic());
    this.#held.add(chunk);
    const looks = looksOf(this.#held.size === chunk.length ? chunk : this.#held.bytes());
    if (looks === undefined) return;
    const { head, prepared } = this.#host;
    const isStream = looks === 'events' || (looks === 'other' && prepared.isStream(head.headers));
    const bytes = this.#held.take();
    this.#turnInto(isStream).push(isStream ? withoutMark(bytes) : bytes);
  }

  end(): void {
    this.#rest().end();
  }

  break(error: GatewayError): void {
    this.#rest().break(error);
  }

  /** It ended before it was clear: its content type is all there is to go by. */
  #rest(): Answer {
    const { head, prepared } = this.#host;
    const answer = this.#turnInto(prepared.isStream(head.headers));
    if (this.#held.size > 0) answer.push(this.#held.take());
    return answer;
  }

  #turnInto(isStream: boolean): Answer {
    const answer = isStream ? new StreamAnswer(this.#host) : new WholeAnswer(this.#host);
    this.#become(answer);
    return answer;
  }
}
