import { inTurn } from './in-turn.ts';
import { byShare } from './shares.ts';
import type { Strategy } from './strategy.ts';

/**
 * Each candidate is first in proportion to its `weight`: not by chance but evenly spread, so that 9 to 1 means one in
 * ten from the start. A weight of 0 keeps a candidate for when all others have failed.
 */
export const weighted: Strategy = {
  name: 'weighted',
  plan: (choices, { turn }) =>
    inTurn(
      'weighted',
      byShare(choices, ({ facts }) => facts.weight, turn),
    ),
};
