import { setTimeout as pause } from 'node:timers/promises';
import { chatRequest } from '../bodies.ts';
import { type BenchCase, measured } from '../case.ts';
import { type Resident, resident } from '../measure.ts';
import { startCanned } from '../nginx.ts';
import { startRouter } from '../router.ts';
import { connections, load } from '../wrk.ts';

const idleBudget = { what: 'resident memory, idle', unit: 'MB', limit: 'at-most', must: 95, goal: 75 } as const;
const loadedBudget = {
  what: 'resident memory, after load',
  unit: 'MB',
  limit: 'at-most',
  must: 140,
  goal: 110,
} as const;

export const memory: BenchCase = {
  name: 'memory',
  async run(bench) {
    await using canned = await startCanned(bench);
    await using router = await startRouter(bench, { upstream: canned.url });
    const [startedS, loadS, restS] = bench.isQuick ? [2, 5, 8] : [2, 30, 10];
    await pause(startedS * 1_000);
    const idle = resident(router.pid);
    const url = `${router.url}/v1/chat/completions`;
    const { requests } = await load(bench, { url, body: chatRequest, connections, seconds: loadS });
    const busy = resident(router.pid);
    await pause(restS * 1_000);
    const loaded = resident(router.pid);
    const story = `${restS} s after ${requests} requests in ${loadS} s, at their end ${busy.totalMb.toFixed(0)} MB`;
    return [
      measured(idleBudget, idle.totalMb, `${startedS} s after start; ${filesText(idle)}`),
      measured(loadedBudget, loaded.totalMb, `${story}; ${filesText(loaded)}`),
    ];
  },
};

function filesText({ filesMb }: Resident): string {
  return `${filesMb.toFixed(0)} MB of it the program file and libraries`;
}
