import type { Plan } from '../core/model.ts';
import type { Choice, StrategyName } from './strategy.ts';

/** A plan that tries one after the other. */
export function inTurn(strategy: StrategyName, choices: readonly Choice[]): Plan {
  return { kind: 'in-turn', strategy, candidates: choices.map(({ candidate }) => candidate) };
}
