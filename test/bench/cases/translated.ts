import { chatRequest, messagesRequest } from '../bodies.ts';
import { type BenchCase, measured } from '../case.ts';
import { cpuPerEvent, eventIntervalMs, warmUpStreams } from '../event-load.ts';
import { inTurn, median, pairText } from '../measure.ts';
import { startCanned } from '../nginx.ts';
import { startPaced } from '../paced.ts';
import { cpuPerRequest, startRouter, warmUp } from '../router.ts';

const most = { unit: '×', limit: 'at-most', must: 3 } as const;
const requestBudget = { what: 'CPU per request, Messages to Chat / passthrough', ...most } as const;
const eventBudget = { what: 'CPU per event, Messages to Chat / passthrough', ...most } as const;
const names = ['translated', 'passthrough'] as const;

/** A client of Anthropic's on an upstream that speaks Chat Completions, against one that speaks it itself. */
export const translatedRequest: BenchCase = {
  name: 'translated-request',
  async run(bench) {
    await using canned = await startCanned(bench);
    await using router = await startRouter(bench, { upstream: canned.url });
    const translated = { url: `${router.url}/v1/messages`, body: messagesRequest };
    const passed = { url: `${router.url}/v1/chat/completions`, body: chatRequest };
    for (const asked of [translated, passed]) await warmUp(bench, asked);
    const pairs = await inTurn(
      bench.pairs,
      () => cpuPerRequest(bench, router.pid, translated),
      () => cpuPerRequest(bench, router.pid, passed),
    );
    return [measured(requestBudget, median(pairs.ratios), pairText(pairs, names, ' µs'))];
  },
};

export const translatedEvent: BenchCase = {
  name: 'translated-event',
  async run(bench) {
    await using paced = await startPaced(bench, eventIntervalMs);
    await using router = await startRouter(bench, { upstream: paced.url });
    const translated = { url: `${router.url}/v1/messages`, paced };
    const passed = { url: `${router.url}/v1/chat/completions`, paced };
    for (const asked of [translated, passed]) await warmUpStreams(router.pid, asked);
    const pairs = await inTurn(
      bench.pairs,
      () => cpuPerEvent(bench, router.pid, translated),
      () => cpuPerEvent(bench, router.pid, passed),
    );
    return [measured(eventBudget, median(pairs.ratios), pairText(pairs, names, ' µs'))];
  },
};
