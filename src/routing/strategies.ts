import { adaptive } from './adaptive.ts';
import { costOptimized } from './cost-optimized.ts';
import { fastest } from './fastest.ts';
import { leastBusy } from './least-busy.ts';
import { leastLatency } from './least-latency.ts';
import { ordered } from './ordered.ts';
import { roundRobin } from './round-robin.ts';
import type { Strategy, StrategyName } from './strategy.ts';
import { weighted } from './weighted.ts';

/** Every name the schema allows. */
const strategies: Readonly<Record<StrategyName, Strategy>> = {
  priority: ordered,
  ordered,
  'round-robin': roundRobin,
  weighted,
  'least-latency': leastLatency,
  'cost-optimized': costOptimized,
  'least-busy': leastBusy,
  fastest,
  adaptive,
};

export function strategyOf(name: StrategyName): Strategy {
  return strategies[name];
}
