import { ordered } from './ordered.ts';
import type { Strategy, StrategyName } from './strategy.ts';

/** Every name the schema allows. */
const strategies: Readonly<Record<StrategyName, Strategy>> = {
  priority: ordered,
  ordered,
};

export function strategyOf(name: StrategyName): Strategy {
  return strategies[name];
}
