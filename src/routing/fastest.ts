import { inTurn } from './in-turn.ts';
import { byLatency } from './least-latency.ts';
import type { Strategy } from './strategy.ts';

/** A race: all candidates, or the quickest ones up to the limit, are asked at once; the first answer is the client's. */
export const fastest: Strategy = {
  name: 'fastest',
  plan(choices, circumstances) {
    const width = Math.min(circumstances.maxAtOnce ?? choices.length, choices.length);
    const plan = inTurn('fastest', byLatency(choices, circumstances));
    return width < 2 ? plan : { ...plan, kind: 'at-once', width };
  },
};
