import type { Clock } from '../core/clock.ts';
import { type Candidate, candidateKey, type Endpoint } from '../core/model.ts';

/** Weight of the newest sample in a smoothed value. */
const smoothing = 0.3;
/** A candidate that was not asked for so long counts as untried: what it was like then says little. Milliseconds. */
const memoryMs = 60_000;
/** Candidates that are remembered: clients can invent model names, and some upstreams answer to any. */
const maxRemembered = 4_096;

/** Streams are measured to their first content, other answers to their last byte, so the two are kept apart. */
export type AnswerKind = 'stream' | 'whole';

interface Entry {
  readonly latencyMs: Record<AnswerKind, number | undefined>;
  errorRate: number;
  /** Monotonic time of the last outcome; by kind, since each says nothing of the other. */
  readonly triedAt: Record<AnswerKind, number | undefined>;
}

/** How one attempt ended, as far as it says something about who was asked. */
export type Outcome =
  | { readonly kind: 'answered'; readonly latencyMs: number }
  /** It would not have been quicker than this: another one's answer was taken. */
  | { readonly kind: 'lost'; readonly latencyMs: number }
  | { readonly kind: 'failed' }
  /** The client left, or its own request was refused. */
  | { readonly kind: 'unknown' };

export interface Measured {
  readonly latencyMs: number | undefined;
  /** It was asked for this kind of answer within the last minute. */
  readonly isTried: boolean;
  /** It is being asked right now. */
  readonly isBeingTried: boolean;
  readonly errorRate: number;
  /** Requests begun at its endpoint and not ended. */
  readonly inFlight: number;
}

/**
 * How quick, how reliable and how busy each candidate is. Owns these values; attempts feed it and planning reads it.
 * Keyed by endpoint and model, so it survives reloads.
 */
export class Stats {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  /** Attempts that have not ended, by candidate, and by endpoint since its models share what it runs on. */
  readonly #candidates = new Counts();
  readonly #endpoints = new Counts();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An attempt goes there now. Returns the function that ends it, which counts once. */
  begin(candidate: Candidate, kind: AnswerKind): (outcome: Outcome) => void {
    const key = candidateKey(candidate);
    this.#candidates.add(key);
    this.#endpoints.add(candidate.endpoint.key);
    let isOver = false;
    return (outcome) => {
      if (isOver) return;
      isOver = true;
      this.#candidates.remove(key);
      this.#endpoints.remove(candidate.endpoint.key);
      this.#learn(key, kind, outcome);
    };
  }

  of(candidate: Candidate, kind: AnswerKind): Measured {
    const key = candidateKey(candidate);
    const entry = this.#entries.get(key);
    const triedAt = entry?.triedAt[kind];
    const isTried = triedAt !== undefined && this.#clock.monotonic() - triedAt < memoryMs;
    return {
      latencyMs: isTried ? entry?.latencyMs[kind] : undefined,
      isTried,
      isBeingTried: this.#candidates.of(key) > 0,
      errorRate: entry?.errorRate ?? 0,
      inFlight: this.inFlight(candidate.endpoint),
    };
  }

  inFlight({ key }: Endpoint): number {
    return this.#endpoints.of(key);
  }

  #learn(key: string, kind: AnswerKind, outcome: Outcome): void {
    if (outcome.kind === 'unknown') return;
    const entry = this.#entry(key);
    entry.triedAt[kind] = this.#clock.monotonic();
    const known = entry.latencyMs[kind];
    switch (outcome.kind) {
      case 'answered':
        entry.latencyMs[kind] = smoothed(known, outcome.latencyMs);
        entry.errorRate = smoothed(entry.errorRate, 0);
        return;
      case 'lost':
        if (known === undefined || outcome.latencyMs > known)
          entry.latencyMs[kind] = smoothed(known, outcome.latencyMs);
        return;
      case 'failed':
        entry.errorRate = smoothed(entry.errorRate, 1);
        return;
    }
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { latencyMs: none(), triedAt: none(), errorRate: 0 };
      this.#entries.set(key, entry);
      if (this.#entries.size > maxRemembered) this.#forgetOldest();
    }
    return entry;
  }

  #forgetOldest(): void {
    const oldest = this.#entries.keys().next().value;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

class Counts {
  readonly #counts = new Map<string, number>();

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string): void {
    this.#counts.set(key, this.of(key) + 1);
  }

  remove(key: string): void {
    const left = this.of(key) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }
}

function none(): Record<AnswerKind, undefined> {
  return { stream: undefined, whole: undefined };
}

function smoothed(known: number | undefined, sample: number): number {
  return known === undefined ? sample : smoothing * sample + (1 - smoothing) * known;
}
