import type { Sending } from './upstream-pool.ts';

/** Stands for a request until it has begun, or for one that never will. */
export class LaterSending implements Sending {
  #sending: Sending | undefined;
  #isAborted = false;
  #isPaused = false;

  get isAborted(): boolean {
    return this.#isAborted;
  }

  begin(send: () => Sending): void {
    if (this.#isAborted) return;
    this.#sending = send();
    if (this.#isPaused) this.#sending.pause();
  }

  abort(): void {
    this.#isAborted = true;
    this.#sending?.abort();
  }

  pause(): void {
    this.#isPaused = true;
    this.#sending?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#sending?.resume();
  }
}
