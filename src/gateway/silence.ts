import type { Clock, Timer } from '../core/clock.ts';

export interface SilenceOptions {
  readonly clock: Clock;
  /** Milliseconds. */
  readonly limitMs: number;
  /** Told once, when nothing has come for that long. */
  readonly onSilence: () => void;
}

/** Watches a stream for silence. One timer, moved on when it fires: resetting it on every chunk would show. */
export class Silence implements Timer {
  readonly #options: SilenceOptions;
  #timer: Timer;
  #lastAt: number;
  #isPaused = false;

  constructor(options: SilenceOptions) {
    this.#options = options;
    this.#lastAt = options.clock.monotonic();
    this.#timer = this.#set(options.limitMs);
  }

  /** Something came at this monotonic time. */
  heard(atMs: number): void {
    this.#lastAt = atMs;
  }

  /** We hold the stream back ourselves: silence means nothing until `resume`. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#lastAt = this.#options.clock.monotonic();
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #set(delayMs: number): Timer {
    return this.#options.clock.setTimer(delayMs, () => this.#check());
  }

  #check(): void {
    const { clock, limitMs, onSilence } = this.#options;
    const quietMs = this.#isPaused ? 0 : clock.monotonic() - this.#lastAt;
    if (quietMs >= limitMs) return onSilence();
    this.#timer = this.#set(Math.max(1, limitMs - quietMs));
  }
}
