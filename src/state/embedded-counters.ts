import type { Clock } from '../core/clock.ts';
import type { Count, SharedCounters, Window } from '../core/shared-state.ts';

interface Open {
  value: number;
  readonly endsAt: number;
}

/** Windows are swept when there are more than these: names are the file's, so that few of them are open at a time. */
const sweepAt = 1_000;

/** The counts of one process. */
export class EmbeddedCounters implements SharedCounters {
  readonly #clock: Clock;
  readonly #open = new Map<string, Open>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add({ name, windowMs }: Window, amount: number): Count {
    const now = this.#clock.monotonic();
    let window = this.#open.get(name);
    if (window === undefined || window.endsAt <= now) {
      if (this.#open.size >= sweepAt) this.#sweep(now);
      window = { value: 0, endsAt: now + windowMs };
      this.#open.set(name, window);
    }
    window.value = Math.max(0, window.value + amount);
    return { value: window.value, resetMs: window.endsAt - now };
  }

  #sweep(now: number): void {
    for (const [name, { endsAt }] of this.#open) if (endsAt <= now) this.#open.delete(name);
  }
}
