import { type BenchCase, measured } from '../case.ts';
import { cpuPerEvent, eventIntervalMs, streams, warmUpStreams } from '../event-load.ts';
import { inTurn, median, pairText } from '../measure.ts';
import { startProxy } from '../nginx.ts';
import { startPaced } from '../paced.ts';
import { startRouter } from '../router.ts';

const budget = {
  what: "CPU per relayed SSE event / nginx's",
  unit: '×',
  limit: 'at-most',
  must: 3,
  goal: 2.2,
} as const;

export const eventCpu: BenchCase = {
  name: 'event-cpu',
  async run(bench) {
    await using paced = await startPaced(bench, eventIntervalMs);
    await using proxy = await startProxy(bench, paced.url);
    await using router = await startRouter(bench, { upstream: paced.url });
    const asked = (base: string) => ({ url: `${base}/v1/chat/completions`, paced });
    await warmUpStreams(router.pid, asked(router.url));
    const pairs = await inTurn(
      bench.pairs,
      () => cpuPerEvent(bench, router.pid, asked(router.url)),
      () => cpuPerEvent(bench, proxy.pid, asked(proxy.url)),
    );
    const pace = `${streams} streams, an event each ${eventIntervalMs} ms`;
    return [measured(budget, median(pairs.ratios), `${pairText(pairs, ['router', 'nginx'], ' µs')}, ${pace}`)];
  },
};
