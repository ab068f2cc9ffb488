import type { VirtualModelConfig } from '../config/schema.ts';
import type { Candidate, Plan } from '../core/model.ts';
import type { RequestFacts } from '../protocols/canonical.ts';

export type StrategyName = VirtualModelConfig['strategy'];

/** All that a strategy may look at beside the candidates. No clock, no I/O, no randomness of its own. */
export interface Circumstances {
  /** How the candidates came about. */
  readonly resolution: {
    /** Their order was written by the user. */
    readonly isAsWritten: boolean;
    /** Ids of providers that were found, not declared: they come after the others. */
    readonly discovered: ReadonlySet<string>;
  };
  readonly facts: RequestFacts;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface Strategy {
  readonly name: StrategyName;
  /** Orders candidates; loses none and adds none. Health, limits and breakers are not its business. Pure. */
  plan(candidates: readonly Candidate[], circumstances: Circumstances): Plan;
}
