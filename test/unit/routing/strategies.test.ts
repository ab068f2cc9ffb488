import { describe, expect, it } from 'vitest';
import { strategyNames } from '../../../src/config/schema.ts';
import { strategyOf } from '../../../src/routing/strategies.ts';
import type { CandidateFacts, Choice, StrategyName } from '../../../src/routing/strategy.ts';
import { Turns } from '../../../src/routing/turns.ts';
import { candidate, choice, circumstances, type Traits } from './sample.ts';

type Row = readonly [id: string, facts?: Partial<CandidateFacts>, traits?: Traits];

function of(...rows: readonly Row[]): readonly Choice[] {
  return rows.map(([id, facts, traits]) => choice(candidate(id, traits), facts));
}

function order(name: StrategyName, options: readonly Choice[], turn = 0): readonly string[] {
  const { candidates } = strategyOf(name).plan(options, circumstances(true, [], turn));
  return candidates.map((one) => one.endpoint.providerId);
}

/** How often each is first in this many turns. */
function firsts(name: StrategyName, options: readonly Choice[], turns: number): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(
    options.map((one) => [one.candidate.endpoint.providerId, 0]),
  );
  for (let turn = 0; turn < turns; turn++) {
    const [first = ''] = order(name, options, turn);
    counts[first] = (counts[first] ?? 0) + 1;
  }
  return counts;
}

/** The same where the first of all is down. */
function withoutFirst(name: StrategyName, options: readonly Choice[], turns: number): Record<string, number> {
  const counts: Record<string, number> = {};
  const down = options[0]?.candidate.endpoint.providerId;
  for (let turn = 0; turn < turns; turn++) {
    const first = order(name, options, turn).find((id) => id !== down) ?? '';
    counts[first] = (counts[first] ?? 0) + 1;
  }
  return counts;
}

const three = of(['a'], ['b'], ['c']);

it.each(strategyNames)('%s loses no candidate and adds none, whatever is known of them', (name) => {
  const options = of(
    ['a', { weight: 0, price: 1 }],
    ['b', { latencyMs: 5, isTried: true, errorRate: 1 }],
    ['c', { inFlight: 9, isBeingTried: true }],
    ['d', { price: 0 }],
  );
  for (let turn = 0; turn < 50; turn++) expect([...order(name, options, turn)].sort()).toEqual(['a', 'b', 'c', 'd']);
});

describe('round-robin', () => {
  it('is first, first again after all others, in the order of configuration', () => {
    expect([0, 1, 2, 3, 4].map((turn) => order('round-robin', three, turn)[0])).toEqual(['a', 'b', 'c', 'a', 'b']);
    expect(firsts('round-robin', three, 9_999)).toEqual({ a: 3_333, b: 3_333, c: 3_333 });
  });

  it('divides the turns of one that is down among the others', () => {
    expect(withoutFirst('round-robin', three, 600)).toEqual({ b: 300, c: 300 });
  });

  it('counts per model when models interleave', () => {
    const turns = new Turns();
    const firstOf = (model: string) => order('round-robin', three, turns.take(model))[0];
    const seen = Array.from({ length: 6 }, () => [firstOf('one'), firstOf('two'), firstOf('two')]);
    expect(seen.map(([one]) => one)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    expect(seen.flatMap(([, ...two]) => two).join('')).toBe('abcabcabcabc');
  });
});

describe('weighted', () => {
  const options = of(['a', { weight: 7 }], ['b', { weight: 2 }], ['c', { weight: 1 }]);

  it('keeps to the weights, over any stretch of requests', () => {
    const counts = firsts('weighted', options, 10_000);
    expect(Math.abs((counts.a ?? 0) - 7_000)).toBeLessThan(5);
    expect(Math.abs((counts.b ?? 0) - 2_000)).toBeLessThan(5);
    expect(Math.abs((counts.c ?? 0) - 1_000)).toBeLessThan(5);
    const few = firsts('weighted', options, 20);
    expect(Math.abs((few.a ?? 0) - 14)).toBeLessThanOrEqual(2);
  });

  it('divides the turns of one that is down by the weights of the others', () => {
    const counts = withoutFirst('weighted', options, 3_000);
    expect(Math.abs((counts.b ?? 0) - 2_000)).toBeLessThan(20);
  });

  it('never asks a weight of 0 first, and asks it at all', () => {
    expect(firsts('weighted', of(['a', { weight: 0 }], ['b']), 1_000)).toEqual({ a: 0, b: 1_000 });
    expect(order('weighted', of(['a', { weight: 0 }], ['b', { weight: 0 }]))).toEqual(['a', 'b']);
  });
});

describe('least-latency', () => {
  it('goes by what was measured', () => {
    const options = of(
      ['slow', { latencyMs: 90, isTried: true }],
      ['quick', { latencyMs: 10, isTried: true }],
      ['mid', { latencyMs: 40, isTried: true }],
    );
    for (const turn of [0, 1, 2]) expect(order('least-latency', options, turn)).toEqual(['quick', 'mid', 'slow']);
  });

  it('tries the unknown first, but sends one request and not a crowd', () => {
    const known: Row = ['known', { latencyMs: 10, isTried: true }];
    expect(order('least-latency', of(known, ['new']))).toEqual(['new', 'known']);
    expect(order('least-latency', of(known, ['new', { isBeingTried: true }]))).toEqual(['known', 'new']);
  });

  it('puts one that only failed behind one that answered', () => {
    const options = of(['failed', { isTried: true, errorRate: 0.3 }], ['slow', { latencyMs: 900, isTried: true }]);
    expect(order('least-latency', options)).toEqual(['slow', 'failed']);
  });

  it('spreads the first requests over all that are unknown', () => {
    expect(firsts('least-latency', three, 3)).toEqual({ a: 1, b: 1, c: 1 });
  });
});

describe('cost-optimized', () => {
  it('goes by the price of this request, the unknown last', () => {
    const options = of(['unknown'], ['dear', { price: 2 }], ['free', { price: 0 }], ['cheap', { price: 0.1 }]);
    expect(order('cost-optimized', options)).toEqual(['free', 'cheap', 'dear', 'unknown']);
  });

  it('keeps the order of priority among equals', () => {
    const options = [
      choice(candidate('hosted'), { price: 0 }),
      choice(candidate('later', { isLocal: true, priority: 2 }), { price: 0 }),
      choice(candidate('sooner', { isLocal: true, priority: 1 }), { price: 0 }),
    ];
    const { candidates } = strategyOf('cost-optimized').plan(options, circumstances(false));
    expect(candidates.map((one) => one.endpoint.providerId)).toEqual(['sooner', 'later', 'hosted']);
  });
});

describe('least-busy', () => {
  it('goes by requests in flight, equals in turn', () => {
    const options = of(['a', { inFlight: 2 }], ['b', { inFlight: 0 }], ['c', { inFlight: 1 }]);
    expect(order('least-busy', options)).toEqual(['b', 'c', 'a']);
    expect(firsts('least-busy', three, 9_999)).toEqual({ a: 3_333, b: 3_333, c: 3_333 });
  });
});

describe('fastest', () => {
  it('races all, or as many as it may, the quickest of them', () => {
    const options = of(['a', { latencyMs: 9, isTried: true }], ['b', { latencyMs: 3, isTried: true }], ['c']);
    const about = circumstances(true);
    expect(strategyOf('fastest').plan(options, about)).toMatchObject({ kind: 'at-once', width: 3 });
    const two = strategyOf('fastest').plan(options, { ...about, maxAtOnce: 2 });
    expect(two).toMatchObject({ kind: 'at-once', width: 2 });
    expect(two.candidates.map((one) => one.endpoint.providerId)).toEqual(['c', 'b', 'a']);
  });

  it('is no race with one candidate', () => {
    expect(strategyOf('fastest').plan(of(['a']), circumstances(true)).kind).toBe('in-turn');
  });
});

describe('adaptive', () => {
  const shares = (options: readonly Choice[]) => {
    const counts = firsts('adaptive', options, 1_000);
    return options.map((one) => Math.round((counts[one.candidate.endpoint.providerId] ?? 0) / 10));
  };

  it('gives the quick more than the slow', () => {
    const options = of(['a', { latencyMs: 10 }], ['b', { latencyMs: 20 }], ['c', { latencyMs: 40 }]);
    const [a = 0, b = 0, c = 0] = shares(options);
    expect(a).toBeGreaterThan(b + 15);
    expect(b).toBeGreaterThan(c + 8);
  });

  it('gives the reliable more than the failing, and the cheap more than the dear', () => {
    const [failing = 0, sound = 0] = shares(of(['a', { errorRate: 0.5 }], ['b']));
    expect(sound).toBeGreaterThan(3 * failing);
    const [dear = 0, cheap = 0] = shares(of(['a', { price: 1 }], ['b', { price: 0.1 }]));
    expect(cheap).toBeGreaterThan(1.5 * dear);
    expect(dear).toBeGreaterThan(30);
  });

  it('leaves something for everyone, however bad', () => {
    const options = of(['a', { latencyMs: 1 }], ['b', { errorRate: 1, latencyMs: 60_000 }], ['c', { errorRate: 1 }]);
    expect(shares(options).map((share) => share >= 5)).toEqual([true, true, true]);
  });

  it('shares evenly while nothing is known', () => {
    for (const share of shares(three)) expect(Math.abs(share - 33)).toBeLessThanOrEqual(1);
  });
});

it('forgets the name that was longest out of use when there are too many', () => {
  const turns = new Turns();
  turns.take('old');
  turns.take('kept');
  for (let index = 0; index < 1_022; index++) turns.take(`m${index}`);
  turns.take('kept');
  turns.take('one more');
  expect([turns.peek('old'), turns.peek('kept')]).toEqual([0, 2]);
});
