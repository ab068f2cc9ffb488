import { inTurn } from './in-turn.ts';
import type { Choice, Strategy } from './strategy.ts';

/** Each candidate is first as often as any other, in the order of configuration. */
export const roundRobin: Strategy = {
  name: 'round-robin',
  plan: (choices, { turn }) => inTurn('round-robin', rotated(choices, turn)),
};

/**
 * The first moves on by one a turn. Those behind it move on by one a round, so that the turns of a candidate that is
 * down are divided evenly among the others.
 */
export function rotated(choices: readonly Choice[], turn: number): readonly Choice[] {
  const count = choices.length;
  if (count < 2) return choices;
  const first = turn % count;
  const others = [...choices.slice(first + 1), ...choices.slice(0, first)];
  const second = Math.floor(turn / count) % others.length;
  return [...choices.slice(first, first + 1), ...others.slice(second), ...others.slice(0, second)];
}
