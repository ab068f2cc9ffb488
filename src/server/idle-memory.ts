import type { Clock, Timer } from '../core/clock.ts';

export interface IdleMemoryOptions {
  readonly clock: Clock;
  readonly inFlight: () => number;
  /** Requests answered since the start. */
  readonly answered: () => number;
  /** Collects garbage and returns what it can to the system; takes tens of milliseconds. */
  readonly collect: () => void;
}

/** Between two looks. Milliseconds. */
const lookMs = 1_750;
/**
 * Looks in a row at which nothing has happened, seven seconds: a collection drops what the compiler has learnt of our
 * own code too, so the next thousands of requests cost a quarter more. A pause between two bursts is not worth it.
 */
const quietLooks = 4;
/** Requests that leave enough behind to be worth a collection. */
const worthwhile = 1_000;

/**
 * Gives memory back when a busy time is over. The engine collects when it needs room, so what a burst left behind
 * would be held until the next one, beside models that need the memory more.
 */
export class IdleMemory {
  readonly #options: IdleMemoryOptions;
  #timer: Timer | undefined;
  #seen = 0;
  #quietLooks = 0;
  #collectedAt = 0;

  constructor(options: IdleMemoryOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= this.#options.clock.setTimer(lookMs, () => this.#look());
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    const { inFlight, answered, collect } = this.#options;
    const now = answered();
    const isQuiet = now === this.#seen && inFlight() === 0;
    this.#quietLooks = isQuiet ? this.#quietLooks + 1 : 0;
    if (this.#quietLooks >= quietLooks && now - this.#collectedAt >= worthwhile) {
      this.#collectedAt = now;
      collect();
    }
    this.#seen = now;
    this.#timer = this.#options.clock.setTimer(lookMs, () => this.#look());
  }
}
