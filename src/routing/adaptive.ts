import { inTurn } from './in-turn.ts';
import { byShare } from './shares.ts';
import type { Choice, Strategy } from './strategy.ts';

/** Of the requests, for each candidate whatever it does: that it gets better again must show. */
const floor = 0.05;

/**
 * Each candidate gets a share of the requests by how quick, how reliable and how cheap it is beside the best of them:
 * half the speed is half the share, half of its requests failed is a quarter, and the dearest loses half at most. What
 * is not known counts as good, so that it is found out.
 */
export const adaptive: Strategy = {
  name: 'adaptive',
  plan(choices, { turn }) {
    const shares = sharesOf(choices);
    return inTurn(
      'adaptive',
      byShare(choices, (choice) => shares.get(choice) ?? 0, turn),
    );
  },
};

/** Sum to 1, none below the floor. */
function sharesOf(choices: readonly Choice[]): ReadonlyMap<Choice, number> {
  const best = {
    latencyMs: least(choices.map(({ facts }) => facts.latencyMs)),
    price: least(choices.map(({ facts }) => facts.price)),
  };
  const scores = choices.map((choice) => scoreOf(choice, best));
  const total = scores.reduce((sum, score) => sum + score, 0);
  const lowest = Math.min(floor, 1 / choices.length);
  const spare = 1 - lowest * choices.length;
  return new Map(
    choices.map((choice, at) => {
      const part = total === 0 ? 1 / choices.length : (scores[at] ?? 0) / total;
      return [choice, lowest + spare * part];
    }),
  );
}

interface Best {
  readonly latencyMs: number | undefined;
  readonly price: number | undefined;
}

function scoreOf({ facts }: Choice, best: Best): number {
  const speed = relative(best.latencyMs, facts.latencyMs, 1);
  const success = (1 - facts.errorRate) ** 2;
  const thrift = relative(best.price, facts.price, 0);
  return speed * success * (0.5 + thrift / 2);
}

/** 1 for the least value, less for those above it; `unknown` stands in for a value that is not known. */
function relative(best: number | undefined, value: number | undefined, unknown: number): number {
  if (best === undefined || value === undefined) return unknown;
  return value <= best ? 1 : best / value;
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
