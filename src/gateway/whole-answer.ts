import { GatewayError } from '../core/errors.ts';
import { HeldBody } from '../core/held-body.ts';
import { invalidAnswer } from '../protocols/invalid-answer.ts';
import type { Answer, AnswerHost } from './answer.ts';
import { unpack } from './channel.ts';

/** Held up to here, so that a failure in it can still move on. Bytes. */
const heldBytes = 1024 * 1024;
/** As much of its beginning shows what it is. Bytes. */
const beginningBytes = 16 * 1024;
/** Bound of one that has to be held whole because it is translated, or packed; of the last also unpacked. Bytes. */
const maxBytes = 64 * 1024 * 1024;
/** What one takes for each of its bytes: as it came, as text, as objects, and as what the client gets. */
const heldForEachByte = 4;

/** An answer that is not a stream, whether the client asked for one or not. */
export class WholeAnswer implements Answer {
  readonly usage = undefined;
  readonly #host: AnswerHost;
  readonly #body = new HeldBody();
  /** It was too large to be held and goes to the client as it comes. */
  #isSpilling = false;
  /** Its beginning has not spoken against it. */
  #mayBeSpilt = true;

  constructor(host: AnswerHost) {
    this.#host = host;
  }

  push(chunk: Buffer): void {
    this.#host.heard(this.#host.clock.monotonic());
    if (this.#isSpilling) return this.#host.write(chunk);
    this.#body.add(chunk);
    if (this.#mayBeSpilt && this.#body.size > heldBytes) {
      if (this.#maySpill) return this.#spill();
      this.#mayBeSpilt = false;
    }
    if (this.#body.size > maxBytes) return this.#host.fail(this.#tooLarge('it is larger'));
    this.#host.holds(this.#body.size * heldForEachByte);
  }

  end(): void {
    if (!this.#isSpilling) {
      if (this.#host.head.headers['content-encoding'] !== undefined) return void this.#unpack();
      return this.#host.batch.add(() => this.#deliver(this.#body.bytes()));
    }
    this.#host.delivery.end(undefined);
    this.#host.answered(undefined);
  }

  break(error: GatewayError): void {
    this.#host.fail(error);
  }

  get #maySpill(): boolean {
    const { prepared, isStreamed, head } = this.#host;
    if (!prepared.isPassthrough || isStreamed || head.headers['content-encoding'] !== undefined) return false;
    return prepared.mayHandOn(this.#body.beginning(beginningBytes), head.headers);
  }

  #spill(): void {
    if (!this.#host.claim()) return;
    this.#isSpilling = true;
    this.#host.delivery.startAnswer(this.#host.head);
    this.#host.holds(0);
    for (const held of this.#body.release()) this.#host.write(held);
  }

  #tooLarge(how: string): GatewayError {
    return invalidAnswer(this.#host.head.candidate, `${how} than ${maxBytes} bytes`);
  }

  /** Never rejects. */
  async #unpack(): Promise<void> {
    const { head } = this.#host;
    let size = 0;
    const onBytes = (bytes: number) => {
      size += bytes;
      if (size > maxBytes) throw this.#tooLarge('it unpacks to more');
      if (!this.#host.holds((this.#body.size + size) * heldForEachByte))
        throw new GatewayError('overloaded', 'No room.');
    };
    try {
      this.#deliver(await unpack(this.#body.bytes(), head, onBytes));
    } catch (thrown) {
      this.#host.fail(GatewayError.from(thrown));
    }
  }

  #deliver(body: Buffer): void {
    const { isOver, isStreamed, clock, prepared, delivery, head } = this.#host;
    if (isOver) return;
    try {
      if (isStreamed) {
        const { text, json, usage } = prepared.answerAsStream(body);
        if (!this.#host.claim()) return;
        const firstTokenAt = clock.monotonic();
        delivery.startStream(head, prepared.streamType);
        delivery.write(text);
        delivery.end(usage, json);
        return this.#host.answered(usage, firstTokenAt);
      }
      const answer = prepared.answer(body, head.headers);
      if (!this.#host.claim()) return;
      delivery.sendAnswer(head, answer);
      this.#host.answered(answer.usage);
    } catch (thrown) {
      this.#host.fail(GatewayError.from(thrown));
    }
  }
}
