import { chatRequest } from '../bodies.ts';
import { type BenchCase, measured, skipped } from '../case.ts';
import { inTurn, median, pairText } from '../measure.ts';
import { startCanned } from '../nginx.ts';
import { portkeyHeaders, startPortkey } from '../portkey.ts';
import { startRouter, warmUp } from '../router.ts';
import { connections, load } from '../wrk.ts';

const budget = { what: "requests per second / Portkey's", unit: '×', limit: 'at-least', must: 7, goal: 10 } as const;

export const throughput: BenchCase = {
  name: 'throughput',
  async run(bench) {
    if (bench.portkey.kind === 'missing') return [skipped(budget, bench.portkey.reason)];
    await using canned = await startCanned(bench);
    await using portkey = await startPortkey(bench, bench.portkey.script);
    await using router = await startRouter(bench, { upstream: canned.url });
    const ours = { url: `${router.url}/v1/chat/completions`, body: chatRequest };
    const theirs = {
      url: `${portkey.url}/v1/chat/completions`,
      body: chatRequest,
      headers: portkeyHeaders(canned.url),
    };
    const rate = async (asked: typeof ours) =>
      (await load(bench, { ...asked, connections, seconds: bench.windowSeconds })).requestsPerSecond;
    await warmUp(bench, ours);
    // Slower by far, so it gets its time in seconds rather than in requests.
    await load(bench, { ...theirs, connections, seconds: bench.isQuick ? 3 : 10 });
    const pairs = await inTurn(
      bench.pairs,
      () => rate(ours),
      () => rate(theirs),
    );
    const detail = `${pairText(pairs, ['router', 'Portkey'], '/s')}, ${connections} connections`;
    return [measured(budget, median(pairs.ratios), detail)];
  },
};
