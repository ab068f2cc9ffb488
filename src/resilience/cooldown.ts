import type { Clock } from '../core/clock.ts';

/** Longest time that one 429 keeps a candidate at the end of the line. Milliseconds. */
const maxCooldownMs = 60_000;
/** When the upstream names none. */
const defaultCooldownMs = 5_000;

/** Timed pauses after an upstream's 429. Owns its entries. */
export class Cooldown {
  readonly #clock: Clock;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#until.size === 0;
  }

  start(key: string, retryAfterMs: number | undefined): void {
    this.#until.set(key, this.#clock.monotonic() + Math.min(retryAfterMs ?? defaultCooldownMs, maxCooldownMs));
  }

  isCooling(key: string): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (until > this.#clock.monotonic()) return true;
    this.#until.delete(key);
    return false;
  }

  end(key: string): void {
    this.#until.delete(key);
  }
}
