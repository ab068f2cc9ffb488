import { inTurn } from './in-turn.ts';
import { byPrecedence } from './ordered.ts';
import type { Choice, Strategy } from './strategy.ts';

/** The cheapest for this request first, one without a known price last; equals as `priority` has them. */
export const costOptimized: Strategy = {
  name: 'cost-optimized',
  plan(choices, circumstances) {
    return inTurn(
      'cost-optimized',
      byPrecedence(choices, circumstances).toSorted((one, other) => priceOf(one) - priceOf(other)),
    );
  },
};

/** Finite, since the difference of two infinities cannot be sorted by. */
function priceOf({ facts }: Choice): number {
  return facts.price ?? Number.MAX_VALUE;
}
