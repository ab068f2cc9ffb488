import type { Choice } from './strategy.ts';

/** Fractional part of the golden ratio: its multiples fill [0, 1) as evenly as any numbers do. */
const goldenRatio = 0.618_033_988_749_894_9;

/**
 * A number in [0, 1) for each turn. Any run of turns is spread evenly: a share of 30 % gets 300 of 1000 turns, give or
 * take two, and they are spread over the run.
 */
export function spread(turn: number): number {
  return (turn * goldenRatio) % 1;
}

/**
 * All choices, each first in as many turns as its share says; those that follow are drawn by their shares in the same
 * way, so that the turns of one that is down are divided among the others. Choices without a share come last.
 */
export function byShare(
  choices: readonly Choice[],
  shareOf: (choice: Choice) => number,
  turn: number,
): readonly Choice[] {
  const left = choices.map((choice) => ({ choice, share: Math.max(0, shareOf(choice)) }));
  const drawn: Choice[] = [];
  let point = spread(turn);
  while (left.length > 0) {
    const total = left.reduce((sum, { share }) => sum + share, 0);
    if (total === 0) break;
    let at = 0;
    let rest = point * total;
    while (at < left.length - 1 && rest >= (left[at]?.share ?? 0)) {
      rest -= left[at]?.share ?? 0;
      at++;
    }
    const [taken] = left.splice(at, 1);
    if (taken === undefined) break;
    drawn.push(taken.choice);
    // Where in its own stretch the point fell is as evenly spread as the point was.
    point = taken.share === 0 ? point : Math.min(rest / taken.share, 1 - Number.EPSILON);
  }
  return [...drawn, ...left.map(({ choice }) => choice)];
}
