import { type SignalName, signalNames } from '../config/schema.ts';

/** What makes a request hard, each from 0 (not at all) to 1. */
export type Signals = Readonly<Record<SignalName, number>>;

/** What is read from a request. Sizes in tokens. */
export interface Traits {
  readonly promptTokens: number;
  /** Messages of the user. */
  readonly turns: number;
  readonly systemTokens: number;
  readonly tools: number;
  /** Images, audio and documents. */
  readonly media: number;
  /** What the user said last. */
  readonly lastText: string;
  /** What form the answer must have. */
  readonly output: 'text' | 'json' | 'schema';
  readonly maxTokens: number | undefined;
}

/**
 * How much of the way to 100 a signal goes alone. Signals add up like chances (two of 0.5 make 0.75), so that plain text
 * can reach every tier without tools or images, and nothing exceeds 100.
 */
export const defaultWeights: Signals = {
  size: 0.8,
  turns: 0.3,
  system: 0.2,
  tools: 0.4,
  media: 0.4,
  phrases: 0.75,
  structured: 0.25,
  output: 0.25,
};

export function signalsOf(traits: Traits): Signals {
  const { promptTokens, turns, systemTokens, tools, media, output, maxTokens } = traits;
  return {
    size: between(promptTokens, 50, 4_000),
    turns: Math.min(1, Math.max(0, turns - 1) / 10),
    system: between(systemTokens, 50, 2_000),
    tools: tools === 0 ? 0 : Math.min(1, 0.3 + tools / 15),
    media: Math.min(1, media / 2),
    phrases: Math.min(1, phrasesIn(traits.lastText) / 4),
    structured: output === 'schema' ? 1 : output === 'json' ? 0.5 : 0,
    output: between(maxTokens ?? 0, 512, 8_192),
  };
}

/** From 0 to 100, whole. */
export function scoreOf(signals: Signals, weights: Signals): number {
  const left = signalNames.reduce((rest, name) => rest * (1 - Math.min(1, weights[name]) * signals[name]), 1);
  return Math.round(100 * (1 - left));
}

export interface Tier {
  readonly name: string;
  readonly maxScore: number;
}

/** Tiers from this score's on, by their `maxScore`: the first is the request's own. A score above all has the last. */
export function tiersFrom<T extends Tier>(tiers: readonly T[], score: number): readonly T[] {
  const sorted = tiers.toSorted((one, other) => one.maxScore - other.maxScore);
  const at = sorted.findIndex(({ maxScore }) => score <= maxScore);
  return at === -1 ? sorted.slice(-1) : sorted.slice(at);
}

/** 0 up to `low`, 1 from `high` on, by orders of magnitude between them: the second thousand says less than the first. */
function between(value: number, low: number, high: number): number {
  return value <= low ? 0 : Math.min(1, Math.log(value / low) / Math.log(high / low));
}

/** Words of tasks that want thought. Whole words only: "design" is not in "designated". */
const phrases = [
  'analy[sz]e|analysis',
  'compare|comparison|contrast',
  'evaluate|evaluation|assess',
  'trade-?offs?|pros and cons',
  'step[ -]by[ -]step',
  'explain (?:why|how)|reason(?:ing)?',
  'prove|proof|derive|derivation',
  'design|architecture|architect',
  'implement|refactor|debug|optimi[sz]e|algorithm',
  'strategy|strategic|plan',
  'implications?|consequences|root cause',
  'in[ -]depth|comprehensive|thorough(?:ly)?|detailed',
  'critically|critique|justify|argue',
  'synthesi[sz]e|summari[sz]e the (?:differences|arguments)|hypothes[ei]s',
].map((words) => new RegExp(`\\b(?:${words})\\b`, 'i'));

/** A task is named near its beginning or its end; the middle of a long text is material. Characters. */
const readAtEachEnd = 4_000;

function phrasesIn(text: string): number {
  const read =
    text.length <= 2 * readAtEachEnd ? text : `${text.slice(0, readAtEachEnd)}\n${text.slice(-readAtEachEnd)}`;
  return phrases.filter((phrase) => phrase.test(read)).length;
}
