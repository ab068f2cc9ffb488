import type { Clock, Timer } from '../core/clock.ts';

export interface IdleMemoryOptions {
  readonly clock: Clock;
  readonly inFlight: () => number;
  /** Requests answered since the start. */
  readonly answered: () => number;
  /** Collects garbage and returns what it can to the system; takes tens of milliseconds. */
  readonly collect: () => void;
}

/** How long nothing has to happen. Milliseconds. */
const quietMs = 2_500;
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
  #collectedAt = 0;

  constructor(options: IdleMemoryOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= this.#options.clock.setTimer(quietMs, () => this.#look());
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    const { inFlight, answered, collect } = this.#options;
    const now = answered();
    const isQuiet = now === this.#seen && inFlight() === 0;
    if (isQuiet && now - this.#collectedAt >= worthwhile) {
      this.#collectedAt = now;
      collect();
    }
    this.#seen = now;
    this.#timer = this.#options.clock.setTimer(quietMs, () => this.#look());
  }
}
