import type { JsonObject } from '../protocols/protocol.ts';
import type { AnswerTap, CompleteAnswer } from './answer-tap.ts';

/** Remembers an answer that is known whole. Streams that repeat it tell it in their last event. */
export class HeardAnswer implements AnswerTap {
  #json: JsonObject | undefined;

  /** As one body in the client's protocol; undefined until it is complete, and where it never is in one place. */
  get json(): JsonObject | undefined {
    return this.#json;
  }

  begin(): void {}

  chunk(): void {}

  complete({ json }: CompleteAnswer): void {
    this.#json = json;
  }

  broken(): void {}
}
