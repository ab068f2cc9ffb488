import { statSync } from 'node:fs';
import { type BenchCase, measured } from '../case.ts';

const budget = { what: 'binary, stripped', unit: 'MB', limit: 'at-most', must: 130, goal: 120 } as const;

export const size: BenchCase = {
  name: 'size',
  async run(bench) {
    return [measured(budget, statSync(bench.binary).size / 1e6, 'dist/router as `npm run build` leaves it')];
  },
};
