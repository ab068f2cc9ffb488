import type { Clock, Timer } from '../core/clock.ts';

export interface IdleMemoryOptions {
  readonly clock: Clock;
  readonly inFlight: () => number;
  /** Requests answered since the start. */
  readonly answered: () => number;
  /** What the process takes. Bytes. */
  readonly resident: () => number;
  /** Collects garbage and returns what it can to the system; takes tens of milliseconds. */
  readonly collect: () => void;
}

/** Between two looks. Milliseconds. */
const lookMs = 1_750;
/** So few requests between two looks do not count as traffic: some clients ask for the list of models all day long. */
const trickle = 4;
/**
 * Looks in a row at which nothing has happened, seven seconds: a collection drops what the compiler has learnt of our
 * own code too, so the next thousands of requests cost a quarter more. A pause between two bursts is not worth it.
 */
const quietLooks = 4;
/** And with a request in flight, half a minute: its answer would pause, but an agent's may last for hours. */
const quietLooksInFlight = 16;
/** Requests that leave enough behind to be worth a collection. */
const worthwhile = 1_000;
/** As does growth by so much, whatever it comes from: a few large requests leave more than a thousand small ones. Bytes. */
const worthwhileBytes = 8 * 1024 * 1024;

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
  /** What was left after the last collection, or at the start. */
  #residentThen = Number.POSITIVE_INFINITY;

  constructor(options: IdleMemoryOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#residentThen = this.#options.resident();
    this.#timer = this.#options.clock.setTimer(lookMs, () => this.#look());
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    const { inFlight, answered } = this.#options;
    const now = answered();
    this.#quietLooks = now - this.#seen <= trickle ? this.#quietLooks + 1 : 0;
    const enough = inFlight() === 0 ? quietLooks : quietLooksInFlight;
    if (this.#quietLooks >= enough && this.#isWorthwhile(now)) this.#collect(now);
    this.#seen = now;
    this.#timer = this.#options.clock.setTimer(lookMs, () => this.#look());
  }

  #isWorthwhile(answered: number): boolean {
    const sinceThen = answered - this.#collectedAt;
    if (sinceThen === 0 || sinceThen >= worthwhile) return sinceThen > 0;
    return this.#options.resident() - this.#residentThen >= worthwhileBytes;
  }

  #collect(answered: number): void {
    this.#collectedAt = answered;
    this.#options.collect();
    this.#residentThen = this.#options.resident();
  }
}
