import { setTimeout as pause } from 'node:timers/promises';
import { chatRequest, messagesRequest, responsesRequest } from '../bodies.ts';
import { type BenchCase, measured } from '../case.ts';
import { resident } from '../measure.ts';
import { startCanned } from '../nginx.ts';
import { startRouter } from '../router.ts';
import { load } from '../wrk.ts';

const budget = {
  what: 'resident memory above idle, after mixed traffic',
  unit: 'MB',
  limit: 'at-most',
  must: 40,
} as const;

/** Clients of three protocols at once; the answers of one of them are kept, since its clients may go on from them. */
export const mixedMemory: BenchCase = {
  name: 'mixed-memory',
  async run(bench) {
    await using canned = await startCanned(bench);
    await using router = await startRouter(bench, { upstream: canned.url });
    const [loadS, restS] = bench.isQuick ? [5, 10] : [30, 10];
    await pause(2_000);
    const idle = resident(router.pid).totalMb;
    const clients = { connections: 16, seconds: loadS };
    const results = await Promise.all([
      load(bench, { url: `${router.url}/v1/chat/completions`, body: chatRequest, ...clients }),
      load(bench, { url: `${router.url}/v1/messages`, body: messagesRequest, ...clients }),
      load(bench, { url: `${router.url}/v1/responses`, body: responsesRequest, ...clients }),
    ]);
    const busy = resident(router.pid).totalMb;
    await pause(restS * 1_000);
    const requests = results.reduce((sum, one) => sum + one.requests, 0);
    const story = `${restS} s after ${requests} requests of Chat, Messages and Responses in ${loadS} s`;
    const figures = `idle ${idle.toFixed(0)} MB, at their end ${busy.toFixed(0)} MB`;
    return [measured(budget, resident(router.pid).totalMb - idle, `${story}; ${figures}`)];
  },
};
