import { describe, expect, it } from 'vitest';
import { defaultWeights, scoreOf, signalsOf, type Traits, tiersFrom } from '../../../src/routing/complexity.ts';

const plain: Traits = {
  promptTokens: 5,
  turns: 1,
  systemTokens: 0,
  tools: 0,
  media: 0,
  lastText: 'hi',
  output: 'text',
  maxTokens: undefined,
};

const score = (traits: Partial<Traits>, weights = {}) =>
  scoreOf(signalsOf({ ...plain, ...traits }), { ...defaultWeights, ...weights });

const hard =
  'Analyze the trade-offs step by step, compare both designs, evaluate the consequences and prove the bound.';

describe('the score of a request', () => {
  it('is 0 for a greeting', () => {
    expect(score({})).toBe(0);
  });

  it.each<[keyof typeof defaultWeights, Partial<Traits>]>([
    ['size', { promptTokens: 4_000 }],
    ['turns', { turns: 11 }],
    ['system', { systemTokens: 2_000 }],
    ['tools', { tools: 12 }],
    ['media', { media: 2 }],
    ['phrases', { lastText: hard }],
    ['structured', { output: 'schema' }],
    ['output', { maxTokens: 8_192 }],
  ])('grows by %s as far as its weight says', (name, traits) => {
    expect(signalsOf({ ...plain, ...traits })[name]).toBe(1);
    expect(score(traits)).toBe(Math.round(100 * defaultWeights[name]));
    expect(score(traits, { [name]: 0 })).toBe(0);
  });

  it('reaches every tier by text alone, and never exceeds 100', () => {
    expect(score({ promptTokens: 4_000, lastText: hard })).toBeGreaterThanOrEqual(95);
    const all = {
      promptTokens: 1e6,
      turns: 99,
      systemTokens: 1e6,
      tools: 99,
      media: 9,
      lastText: hard,
      maxTokens: 1e6,
    };
    expect(score({ ...all, output: 'schema' }, { size: 1 })).toBe(100);
  });

  it('grows with the size of the prompt', () => {
    const sizes = [10, 100, 500, 1_000, 4_000].map((promptTokens) => score({ promptTokens }));
    expect(sizes).toEqual(sizes.toSorted((one, other) => one - other));
    expect(new Set(sizes).size).toBe(sizes.length);
  });

  it.each(['He designated a planet', 'reassessment of proofing'])('knows whole words only: %s', (lastText) => {
    expect(score({ lastText })).toBe(0);
  });

  it('reads both ends of a long text', () => {
    const filler = 'x '.repeat(100_000);
    expect(score({ lastText: `${filler} analyze this` })).toBeGreaterThan(0);
    expect(score({ lastText: `analyze this ${filler}` })).toBeGreaterThan(0);
  });
});

describe('tiers', () => {
  const tiers = [
    { name: 'hard', maxScore: 100 },
    { name: 'easy', maxScore: 30 },
    { name: 'medium', maxScore: 60 },
  ];
  const names = (points: number, of = tiers) => tiersFrom(of, points).map(({ name }) => name);

  it('are taken by score, the harder ones after them', () => {
    expect(names(0)).toEqual(['easy', 'medium', 'hard']);
    expect(names(30)).toEqual(['easy', 'medium', 'hard']);
    expect(names(31)).toEqual(['medium', 'hard']);
    expect(names(100)).toEqual(['hard']);
  });

  it('have the last for a score above all', () => {
    expect(names(90, tiers.slice(1))).toEqual(['medium']);
  });
});
