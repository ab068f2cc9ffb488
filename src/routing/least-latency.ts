import { inTurn } from './in-turn.ts';
import { rotated } from './round-robin.ts';
import type { Choice, Circumstances, Strategy } from './strategy.ts';

/**
 * The quickest first. One that was not asked lately is asked before all others, once: until it has answered, those that
 * are known come before it, so that a crowd does not run to a place that is not known.
 */
export const leastLatency: Strategy = {
  name: 'least-latency',
  plan: (choices, circumstances) => inTurn('least-latency', byLatency(choices, circumstances)),
};

export function byLatency(choices: readonly Choice[], { turn }: Circumstances): readonly Choice[] {
  return rotated(choices, turn).toSorted(
    (one, other) =>
      rankOf(one) - rankOf(other) ||
      (one.facts.latencyMs ?? 0) - (other.facts.latencyMs ?? 0) ||
      one.facts.inFlight - other.facts.inFlight,
  );
}

function rankOf({ facts }: Choice): number {
  if (facts.latencyMs !== undefined) return 1;
  if (!facts.isTried) return facts.isBeingTried ? 2 : 0;
  // Asked, and never answered.
  return 3;
}
