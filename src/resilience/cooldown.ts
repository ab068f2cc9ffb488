import type { Clock } from '../core/clock.ts';

/** Longest time that one 429 keeps a candidate at the end of the line. Milliseconds. */
const maxCooldownMs = 60_000;
/** When the upstream names none. */
const defaultCooldownMs = 5_000;

/** Pauses that are kept: a client can be refused under any number of model names. */
const maxPauses = 1_024;

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

  /** Pauses that are kept, some of them over. */
  get size(): number {
    return this.#until.size;
  }

  start(key: string, retryAfterMs: number | undefined): void {
    if (this.#until.size >= maxPauses && !this.#until.has(key)) this.#makeRoom();
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

  /** Forgets what is over; when nothing is, the pause that ends first. */
  #makeRoom(): void {
    const now = this.#clock.monotonic();
    let next: string | undefined;
    let nextUntil = Number.POSITIVE_INFINITY;
    for (const [key, until] of this.#until) {
      if (until <= now) this.#until.delete(key);
      else if (until < nextUntil) [next, nextUntil] = [key, until];
    }
    if (this.#until.size >= maxPauses && next !== undefined) this.#until.delete(next);
  }
}
