import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { chatStreamRequest } from '../bodies.ts';
import { type BenchCase, measured } from '../case.ts';
import { eventIntervalMs } from '../event-load.ts';
import { inTurn, median, significant } from '../measure.ts';
import { startPaced } from '../paced.ts';
import { startRouter } from '../router.ts';
import { keepAliveAgent, post, type StreamRequest } from '../stream-client.ts';
import { connections, load } from '../wrk.ts';

const budget = { what: 'added TTFT p50, one client', unit: 'ms', limit: 'at-most', must: 0.7, goal: 0.3 } as const;

/** The first event comes with the head, and is all there is. */
const body = chatStreamRequest(1);

export const ttft: BenchCase = {
  name: 'ttft',
  async run(bench) {
    await using paced = await startPaced(bench, eventIntervalMs);
    await using router = await startRouter(bench, { upstream: paced.url });
    const page = (base: string) => `${base}/v1/chat/completions`;
    await load(bench, { url: page(router.url), body, connections, seconds: bench.isQuick ? 3 : 10 });
    const agent = keepAliveAgent();
    const pairs = await inTurn(
      bench.isQuick ? 300 : 2_000,
      () => firstByteMs({ url: page(router.url), body, agent }),
      () => firstByteMs({ url: page(paced.url), body, agent }),
    );
    agent.destroy();
    const [through, direct] = [median(pairs.first), median(pairs.second)];
    const detail = `through the router ${significant(through)} ms, direct ${significant(direct)} ms`;
    return [measured(budget, through - direct, `${detail}; ${pairs.first.length} streams each, in turn`)];
  },
};

async function firstByteMs(asked: StreamRequest): Promise<number> {
  const started = performance.now();
  const [response] = (await once(post(asked), 'response')) as [IncomingMessage];
  // Heard from now on: on a busy machine the end comes along with the first piece.
  const ended = once(response, 'end');
  await once(response, 'data');
  const tookMs = performance.now() - started;
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode} from ${asked.url}`);
  // The connection is free for the next one only when this answer has been read.
  await ended;
  return tookMs;
}
