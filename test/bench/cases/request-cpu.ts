import { chatRequest } from '../bodies.ts';
import { type BenchCase, measured } from '../case.ts';
import { inTurn, median, pairText } from '../measure.ts';
import { startCanned, startProxy } from '../nginx.ts';
import { cpuPerRequest, startRouter, warmUp } from '../router.ts';
import { connections } from '../wrk.ts';

const budget = { what: "CPU per request / nginx's", unit: '×', limit: 'at-most', must: 6, goal: 4 } as const;

export const requestCpu: BenchCase = {
  name: 'request-cpu',
  async run(bench) {
    await using canned = await startCanned(bench);
    await using proxy = await startProxy(bench, canned.url);
    await using router = await startRouter(bench, { upstream: canned.url });
    const asked = (base: string) => ({ url: `${base}/v1/chat/completions`, body: chatRequest });
    await warmUp(bench, asked(router.url));
    const pairs = await inTurn(
      bench.pairs,
      () => cpuPerRequest(bench, router.pid, asked(router.url)),
      () => cpuPerRequest(bench, proxy.pid, asked(proxy.url)),
    );
    const detail = `${pairText(pairs, ['router', 'nginx'], ' µs')}, ${connections} connections`;
    return [measured(budget, median(pairs.ratios), detail)];
  },
};
