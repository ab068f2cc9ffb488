import { inTurn } from './in-turn.ts';
import { rotated } from './round-robin.ts';
import type { Strategy } from './strategy.ts';

/** The one with the fewest requests from us first; equals take turns. */
export const leastBusy: Strategy = {
  name: 'least-busy',
  plan(choices, { turn }) {
    return inTurn(
      'least-busy',
      rotated(choices, turn).toSorted((one, other) => one.facts.inFlight - other.facts.inFlight),
    );
  },
};
