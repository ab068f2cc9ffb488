import type { GatewayError } from '../core/errors.ts';
import { invalidAnswer } from '../protocols/invalid-answer.ts';
import type { Answer, AnswerHost } from './answer.ts';

const lessThan = 0x3c;
const space = 0x20;

/** An answer that is not JSON: audio, or text. It is handed on as it comes; until its first byte another may answer. */
export class BytesAnswer implements Answer {
  readonly usage = undefined;
  readonly #host: AnswerHost;

  constructor(host: AnswerHost) {
    this.#host = host;
  }

  push(chunk: Buffer): void {
    const host = this.#host;
    const now = host.clock.monotonic();
    host.heard(now);
    if (!host.isCommitted && !this.#begin(chunk)) return;
    host.write(chunk);
  }

  end(): void {
    const host = this.#host;
    if (!host.isCommitted) return host.fail(invalidAnswer(host.head.candidate, 'it is empty'));
    host.delivery.end(undefined);
    host.answered(undefined);
  }

  break(error: GatewayError): void {
    this.#host.fail(error);
  }

  #begin(chunk: Buffer): boolean {
    const host = this.#host;
    if (this.#isPage(chunk)) {
      host.fail(invalidAnswer(host.head.candidate, 'it is a web page'));
      return false;
    }
    if (!host.claim()) return false;
    host.delivery.startAnswer(host.head);
    host.watchSilence();
    return true;
  }

  /** whisper.cpp calls its plain transcripts HTML, so the type alone does not tell. */
  #isPage(chunk: Buffer): boolean {
    const type = this.#host.head.headers['content-type'];
    if (typeof type !== 'string' || !/^text\/html/i.test(type)) return false;
    return chunk.find((byte) => byte > space) === lessThan;
  }
}
