import { chatRequest } from '../bodies.ts';
import { type BenchCase, measured } from '../case.ts';
import { inTurn, median, type Pairs, significant } from '../measure.ts';
import { startCanned } from '../nginx.ts';
import { startRouter, warmUp } from '../router.ts';
import { load } from '../wrk.ts';

const budget = { what: 'added latency p50, one client', unit: 'ms', limit: 'at-most', must: 0.2, goal: 0.1 } as const;

export const latency: BenchCase = {
  name: 'latency',
  async run(bench) {
    await using canned = await startCanned(bench);
    await using router = await startRouter(bench, { upstream: canned.url });
    const asked = (base: string) => ({ url: `${base}/v1/chat/completions`, body: chatRequest });
    const p50 = async (base: string) =>
      (await load(bench, { ...asked(base), connections: 1, seconds: bench.windowSeconds })).p50Ms;
    await warmUp(bench, asked(router.url));
    const pairs = await inTurn(
      bench.pairs,
      () => p50(router.url),
      () => p50(canned.url),
    );
    const added = pairs.first.map((through, turn) => through - (pairs.second[turn] ?? Number.NaN));
    return [measured(budget, median(added), detailOf(pairs, added))];
  },
};

function detailOf({ first, second }: Pairs, added: readonly number[]): string {
  const p50s = `through the router ${significant(median(first))} ms, direct ${significant(median(second))} ms`;
  const range = `${significant(Math.min(...added))}–${significant(Math.max(...added))} ms`;
  return `${p50s}; ${range} over ${added.length} pairs`;
}
