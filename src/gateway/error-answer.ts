import { GatewayError } from '../core/errors.ts';
import { HeldBody } from '../core/held-body.ts';
import type { Answer, AnswerHost } from './answer.ts';
import { unpack } from './channel.ts';

/** As much of it as is read. Bytes. */
const maxBytes = 64 * 1024;

/** A status that says no. */
export class ErrorAnswer implements Answer {
  readonly usage = undefined;
  readonly #host: AnswerHost;
  readonly #body = new HeldBody();

  constructor(host: AnswerHost) {
    this.#host = host;
  }

  /** What there is of it says enough: one without end is not waited for. */
  push(chunk: Buffer): void {
    this.#body.add(chunk);
    if (this.#body.size >= maxBytes) this.end();
  }

  end(): void {
    this.#host.fail(this.#meaning());
  }

  /** What was held is worth more than the news that its connection then broke. */
  break(): void {
    this.end();
  }

  #meaning(): GatewayError {
    const { prepared, head } = this.#host;
    try {
      return prepared.classify(head.status, head.headers, this.#text());
    } catch (thrown) {
      return GatewayError.from(thrown);
    }
  }

  /** Empty when its encoding cannot be undone, since the status tells as well. */
  #text(): string {
    const { headers, candidate } = this.#host.head;
    try {
      return unpack(this.#body.bytes(), headers, candidate).toString('utf8');
    } catch {
      return '';
    }
  }
}
