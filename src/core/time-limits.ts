import { Chain, type Link } from './chain.ts';
import type { Clock, Timer } from './clock.ts';

/** Milliseconds from now until `onPassed`, unless it is lifted before. */
export interface TimeLimit {
  /** Safe to repeat. */
  lift(): void;
}

/**
 * Limits that are nearly always lifted before they pass, and mostly of a few lengths: those of one length pass in the
 * order in which they were set, so one timer, for the oldest, watches all of them.
 */
export class TimeLimits {
  readonly #clock: Clock;
  readonly #lanes = new Map<number, Lane>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(limitMs: number, onPassed: () => void): TimeLimit {
    let lane = this.#lanes.get(limitMs);
    if (lane === undefined) {
      lane = new Lane(this.#clock, limitMs, () => this.#lanes.delete(limitMs));
      this.#lanes.set(limitMs, lane);
    }
    return lane.set(onPassed);
  }
}

class Lane {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onEmpty: () => void;
  /** Oldest first. */
  readonly #limits = new Chain<LaneLimit>();
  #timer: Timer | undefined;

  constructor(clock: Clock, limitMs: number, onEmpty: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onEmpty = onEmpty;
  }

  set(onPassed: () => void): TimeLimit {
    const limit = new LaneLimit(this, this.#clock.monotonic() + this.#limitMs, onPassed);
    limit.link = this.#limits.add(limit);
    if (this.#timer === undefined) this.#arm(this.#limitMs);
    return limit;
  }

  lift(link: Link<LaneLimit>): void {
    if (this.#limits.remove(link) && this.#limits.size === 0) this.#close();
  }

  readonly #look = () => {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    for (let limit = this.#limits.first; limit !== undefined; limit = this.#limits.first) {
      if (limit.passesAt > now) {
        this.#arm(limit.passesAt - now);
        return;
      }
      this.#limits.remove(limit.link as Link<LaneLimit>);
      limit.onPassed();
    }
    this.#close();
  };

  #arm(delayMs: number): void {
    // One that has just passed may have set another, and a timer for that.
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(delayMs, this.#look);
  }

  #close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#onEmpty();
  }
}

class LaneLimit implements TimeLimit {
  readonly #lane: Lane;
  /** Monotonic milliseconds. */
  readonly passesAt: number;
  readonly onPassed: () => void;
  link: Link<LaneLimit> | undefined;

  constructor(lane: Lane, passesAt: number, onPassed: () => void) {
    this.#lane = lane;
    this.passesAt = passesAt;
    this.onPassed = onPassed;
  }

  lift(): void {
    if (this.link !== undefined) this.#lane.lift(this.link);
  }
}
