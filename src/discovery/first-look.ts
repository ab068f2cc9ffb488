import type { Clock } from '../core/clock.ts';
import type { Discovery } from './discovery.ts';

/** Time that a request waits for the first look at the machine's servers. Milliseconds. */
const firstLookMs = 500;

export interface FirstLook {
  readonly clock: Clock;
  readonly discovery: Discovery;
  readonly startedAt: number;
  readonly isStarted: () => boolean;
}

/** Requests in the first moments of the process wait for the first look; later ones pay nothing for it. */
export function firstLook({ clock, discovery, startedAt, isStarted }: FirstLook): () => Promise<void> | undefined {
  let isOver = false;
  void discovery.firstScan.then(() => {
    isOver = true;
  });
  return () => {
    const leftMs = firstLookMs - (clock.monotonic() - startedAt);
    if (isOver || leftMs <= 0 || !isStarted()) return undefined;
    const limit = new Promise<void>((resolve) => void clock.setTimer(leftMs, resolve));
    return Promise.race([discovery.firstScan, limit]);
  };
}
