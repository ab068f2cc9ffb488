import type { Clock, Timer } from '../../src/core/clock.ts';

interface PendingTimer {
  readonly dueMs: number;
  readonly action: () => void;
}

/** A clock that stands still until told to move. Timers run in the order they are due. */
export interface FakeClock extends Clock {
  /** Moves time on, running what falls due, also timers that those timers set. */
  advance(ms: number): void;
  /** Like `advance`, but lets promises settle after each timer, so that chained waits are met. */
  advanceAsync(ms: number): Promise<void>;
  /** Delays from now of the timers that wait, shortest first. */
  readonly pending: readonly number[];
  /** Resolves once at least `count` timers wait. */
  waitForTimers(count: number): Promise<void>;
}

/** An arbitrary instant, far from zero so that a forgotten base shows. Unix milliseconds. */
const startOfTime = Date.UTC(2026, 10, 20);

function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function createFakeClock(startMs: number = startOfTime): FakeClock {
  let elapsedMs = 0;
  let timers: PendingTimer[] = [];
  let waiters: { readonly count: number; readonly resolve: () => void }[] = [];

  const wake = () => {
    const ready = waiters.filter((waiter) => timers.length >= waiter.count);
    waiters = waiters.filter((waiter) => timers.length < waiter.count);
    for (const waiter of ready) waiter.resolve();
  };

  const runNextDue = (untilMs: number): boolean => {
    const next = timers[0];
    if (next === undefined || next.dueMs > untilMs) return false;
    timers = timers.slice(1);
    elapsedMs = Math.max(elapsedMs, next.dueMs);
    next.action();
    return true;
  };

  return {
    now: () => startMs + elapsedMs,
    monotonic: () => elapsedMs,
    setTimer(delayMs, action): Timer {
      const timer = { dueMs: elapsedMs + Math.max(0, delayMs), action };
      const later = timers.findIndex((other) => other.dueMs > timer.dueMs);
      timers = later === -1 ? [...timers, timer] : timers.toSpliced(later, 0, timer);
      wake();
      return {
        cancel: () => {
          timers = timers.filter((other) => other !== timer);
        },
      };
    },
    advance(ms) {
      const untilMs = elapsedMs + ms;
      while (runNextDue(untilMs));
      elapsedMs = untilMs;
    },
    async advanceAsync(ms) {
      const untilMs = elapsedMs + ms;
      await settlePromises();
      while (runNextDue(untilMs)) await settlePromises();
      elapsedMs = untilMs;
    },
    get pending() {
      return timers.map((timer) => timer.dueMs - elapsedMs);
    },
    waitForTimers(count) {
      return new Promise((resolve) => {
        waiters = [...waiters, { count, resolve }];
        wake();
      });
    },
  };
}
