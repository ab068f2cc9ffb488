import type { Clock } from '../core/clock.ts';

/** Time that a request waits for the first look at servers and host names. Milliseconds. */
const firstLookMs = 500;

export interface FirstLook {
  readonly clock: Clock;
  /** The first look is over. */
  readonly looked: Promise<unknown>;
  readonly startedAt: number;
  readonly isStarted: () => boolean;
}

/** Requests in the first moments of the process wait for the first look; later ones pay nothing for it. */
export function firstLook({ clock, looked, startedAt, isStarted }: FirstLook): () => Promise<void> | undefined {
  let isOver = false;
  void looked.then(() => {
    isOver = true;
  });
  return () => {
    const leftMs = firstLookMs - (clock.monotonic() - startedAt);
    if (isOver || leftMs <= 0 || !isStarted()) return undefined;
    const limit = new Promise<void>((resolve) => void clock.setTimer(leftMs, resolve));
    return Promise.race([looked, limit]).then(() => undefined);
  };
}
