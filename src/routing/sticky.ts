import type { Clock } from '../core/clock.ts';

/** Conversations that are remembered; the one longest out of use is forgotten first. */
const maxRemembered = 10_000;

interface Kept {
  readonly candidate: string;
  readonly untilMs: number;
}

/** Who answered a conversation last, so that its next request can go there. Owns what it remembers. */
export class Sticky {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Key of the candidate; undefined when no candidate is known, or not any more. */
  find(conversation: string): string | undefined {
    const kept = this.#kept.get(conversation);
    if (kept === undefined) return undefined;
    if (kept.untilMs > this.#clock.monotonic()) return kept.candidate;
    this.#kept.delete(conversation);
    return undefined;
  }

  keep(conversation: string, candidate: string, ttlMs: number): void {
    // Put last again: the map is in the order of use.
    this.#kept.delete(conversation);
    this.#kept.set(conversation, { candidate, untilMs: this.#clock.monotonic() + ttlMs });
    if (this.#kept.size <= maxRemembered) return;
    const oldest = this.#kept.keys().next().value;
    if (oldest !== undefined) this.#kept.delete(oldest);
  }
}
