import type { VirtualModelConfig } from '../config/schema.ts';
import type { Candidate, Plan } from '../core/model.ts';
import { ordered } from './ordered.ts';

export type StrategyName = VirtualModelConfig['strategy'];

/** What was measured of a candidate, by its `candidateKey`. */
export interface CandidateStats {
  readonly inFlight: number;
  /** Milliseconds to the first content, smoothed; undefined before the first answer. */
  readonly latencyMs: number | undefined;
}

/** All that a strategy may look at beside the candidates. No clock, no I/O, no randomness of its own. */
export interface Circumstances {
  readonly request: {
    /** The order of the candidates was written by the user. */
    readonly isAsWritten: boolean;
    /** Providers that were found, not declared: they come after the others. */
    readonly discovered: ReadonlySet<string>;
  };
  readonly stats: (key: string) => CandidateStats | undefined;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Orders candidates; loses none and adds none. Health, limits and breakers are not its business. */
export type Strategy = (candidates: readonly Candidate[], circumstances: Circumstances) => Plan;

/** Every name the schema allows. */
const strategies: Readonly<Record<StrategyName, Strategy>> = {
  priority: ordered,
  ordered,
};

export function strategyOf(name: StrategyName): Strategy {
  return strategies[name];
}
