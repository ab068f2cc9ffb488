import { GatewayError } from '../core/errors.ts';
import { HeldBody } from '../core/held-body.ts';
import type { Answer, AnswerHost } from './answer.ts';

/** Held up to here, so that a failure in it can still move on. Bytes. */
const heldBytes = 1024 * 1024;
/** Bound of one that has to be held whole because it is translated. Bytes. */
const translatedBytes = 256 * 1024 * 1024;

/** An answer that is no stream, whether the client asked for one or not. */
export class WholeAnswer implements Answer {
  readonly usage = undefined;
  readonly #host: AnswerHost;
  readonly #body = new HeldBody();
  /** It was too large to be held and goes to the client as it comes. */
  #isSpilling = false;

  constructor(host: AnswerHost) {
    this.#host = host;
  }

  push(chunk: Buffer): void {
    this.#host.heard(this.#host.clock.monotonic());
    if (this.#isSpilling) return this.#host.write(chunk);
    this.#body.add(chunk);
    if (this.#body.size <= heldBytes) return;
    if (this.#maySpill) this.#spill();
    else if (this.#body.size > translatedBytes) {
      const { providerId } = this.#host.head.candidate.endpoint;
      const text = `${providerId} sent an answer over ${translatedBytes} bytes.`;
      this.#host.fail(new GatewayError('upstream_invalid', text));
    }
  }

  end(): void {
    if (!this.#isSpilling) return this.#host.batch.add(() => this.#deliver());
    this.#host.delivery.end(undefined);
    this.#host.answered(undefined);
  }

  break(error: GatewayError): void {
    this.#host.fail(error);
  }

  get #maySpill(): boolean {
    const { prepared, isStreamed, head } = this.#host;
    return prepared.isPassthrough && !isStreamed && head.headers['content-encoding'] === undefined;
  }

  #spill(): void {
    if (!this.#host.claim()) return;
    this.#isSpilling = true;
    this.#host.delivery.startAnswer(this.#host.head);
    for (const held of this.#body.release()) this.#host.write(held);
  }

  #deliver(): void {
    const { isOver, isStreamed, clock, prepared, delivery, head } = this.#host;
    if (isOver) return;
    try {
      if (isStreamed) {
        const { text, json, usage } = prepared.answerAsStream(this.#body.bytes(), head.headers);
        if (!this.#host.claim()) return;
        const firstTokenAt = clock.monotonic();
        delivery.startStream(head, prepared.streamType);
        delivery.write(text);
        delivery.end(usage, json);
        return this.#host.answered(usage, firstTokenAt);
      }
      const answer = prepared.answer(this.#body.bytes(), head.headers);
      if (!this.#host.claim()) return;
      delivery.sendAnswer(head, answer);
      this.#host.answered(answer.usage);
    } catch (thrown) {
      this.#host.fail(GatewayError.from(thrown));
    }
  }
}
