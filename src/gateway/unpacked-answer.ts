import type { Transform } from 'node:stream';
import type { GatewayError } from '../core/errors.ts';
import type { Usage } from '../core/model.ts';
import { invalidAnswer } from '../protocols/invalid-answer.ts';
import type { Answer, AnswerHost, Flow } from './answer.ts';
import { FirstBytes } from './first-bytes.ts';

/**
 * A stream that was packed on its way, although we ask for none: unpacked as it comes, no faster than the client reads.
 * Of a small chunk that unpacks to gigabytes there is never more than a piece here.
 */
export class UnpackedAnswer implements Answer, Flow {
  readonly #host: AnswerHost;
  readonly #upstream: Flow;
  /** The first takes what comes, the last gives what is read. */
  readonly #first: Transform;
  readonly #last: Transform;
  #answer: Answer;
  #isFull = false;
  #isHeldBack = false;

  /** `decoders` in the order they are to be applied, at least one. */
  constructor(host: AnswerHost, upstream: Flow, decoders: readonly Transform[]) {
    this.#host = host;
    this.#upstream = upstream;
    this.#first = decoders[0] as Transform;
    this.#last = decoders.reduce((before, after) => before.pipe(after));
    this.#answer = new FirstBytes(host, (answer) => {
      this.#answer = answer;
    });
    for (const decoder of decoders) decoder.on('error', (cause) => this.#unreadable(cause));
    this.#first.on('drain', () => {
      this.#isFull = false;
      if (!this.#isHeldBack) upstream.resume();
    });
    this.#last.on('data', (chunk: Buffer) => {
      if (host.isOver) this.#stop();
      else this.#answer.push(chunk);
    });
    this.#last.on('end', () => {
      if (!host.isOver) this.#answer.end();
    });
  }

  get usage(): Usage | undefined {
    return this.#answer.usage;
  }

  push(chunk: Buffer): void {
    if (this.#first.destroyed || this.#first.write(chunk)) return;
    this.#isFull = true;
    this.#upstream.pause();
  }

  end(): void {
    this.#first.end();
  }

  /** What has come is unpacked before the news is told: it may be the whole answer. */
  break(error: GatewayError): void {
    this.#first.write(Buffer.alloc(0), () => {
      if (!this.#host.isOver) this.#answer.break(error);
      this.#stop();
    });
  }

  pause(): void {
    this.#isHeldBack = true;
    this.#last.pause();
    this.#upstream.pause();
  }

  resume(): void {
    this.#isHeldBack = false;
    this.#last.resume();
    if (!this.#isFull) this.#upstream.resume();
  }

  #unreadable(cause: unknown): void {
    this.#stop();
    if (this.#host.isOver) return;
    this.#answer.break(invalidAnswer(this.#host.head.candidate, 'its encoding cannot be undone', cause));
  }

  #stop(): void {
    this.#first.destroy();
    this.#last.destroy();
  }
}
