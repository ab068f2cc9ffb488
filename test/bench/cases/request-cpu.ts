import { startBare } from '../bare.ts';
import { chatRequest } from '../bodies.ts';
import { type BenchCase, measured } from '../case.ts';
import { inTurn, median, pairText } from '../measure.ts';
import { startCanned, startProxy } from '../nginx.ts';
import { cpuPerRequest, startRouter, warmUp } from '../router.ts';
import { connections } from '../wrk.ts';

const most = { unit: '×', limit: 'at-most' } as const;
const nginxBudget = { what: "CPU per request / nginx's", ...most, must: 5, goal: 3.5 } as const;
const bareBudget = {
  what: 'CPU per request / that of a bare proxy on `node:http` and undici',
  ...most,
  must: 1.6,
  goal: 1.3,
} as const;

/** Against the least that a proxy takes at all, and the least that one takes on Node. */
export const requestCpu: BenchCase = {
  name: 'request-cpu',
  async run(bench) {
    await using canned = await startCanned(bench);
    await using proxy = await startProxy(bench, canned.url);
    await using bare = await startBare(bench, canned.url);
    await using router = await startRouter(bench, { upstream: canned.url });
    const asked = (base: string) => ({ url: `${base}/v1/chat/completions`, body: chatRequest });
    for (const { url } of [router, bare]) await warmUp(bench, asked(url));
    const cpu = ({ pid, url }: typeof router) => cpuPerRequest(bench, pid, asked(url));
    const besideNginx = await inTurn(
      bench.pairs,
      () => cpu(router),
      () => cpu(proxy),
    );
    const besideBare = await inTurn(
      bench.pairs,
      () => cpu(router),
      () => cpu(bare),
    );
    const load = `${connections} connections`;
    return [
      measured(
        nginxBudget,
        median(besideNginx.ratios),
        `${pairText(besideNginx, ['router', 'nginx'], ' µs')}, ${load}`,
      ),
      measured(bareBudget, median(besideBare.ratios), `${pairText(besideBare, ['router', 'bare'], ' µs')}, ${load}`),
    ];
  },
};
