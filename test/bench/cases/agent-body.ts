import { agentChatRequest, agentMessagesRequest } from '../agent-bodies.ts';
import { chatRequest } from '../bodies.ts';
import { type BenchCase, measured } from '../case.ts';
import { inTurn, median, pairText } from '../measure.ts';
import { startCanned } from '../nginx.ts';
import { cpuPerRequest, startRouter, warmUp } from '../router.ts';

const size = `${Math.round(Buffer.byteLength(agentChatRequest) / 1_000)} kB`;
const most = { unit: '×', limit: 'at-most' } as const;
const passedBudget = { what: `CPU per request, agent's body of ${size} / small one`, ...most, goal: 2 } as const;
const translatedBudget = { what: `CPU per request, the same translated / small one`, ...most, goal: 5 } as const;

/** What an agent sends with every turn: 40 tools and 60 messages. */
export const agentBody: BenchCase = {
  name: 'agent-body',
  async run(bench) {
    await using canned = await startCanned(bench);
    await using router = await startRouter(bench, { upstream: canned.url });
    const chat = `${router.url}/v1/chat/completions`;
    const small = { url: chat, body: chatRequest };
    const passed = { url: chat, body: agentChatRequest };
    const translated = { url: `${router.url}/v1/messages`, body: agentMessagesRequest };
    await warmUp(bench, small);
    for (const asked of [passed, translated]) await warmUp(bench, asked, 10_000);
    const beside = (asked: typeof small) =>
      inTurn(
        bench.pairs,
        () => cpuPerRequest(bench, router.pid, asked),
        () => cpuPerRequest(bench, router.pid, small),
      );
    const [ofPassed, ofTranslated] = [await beside(passed), await beside(translated)];
    return [
      measured(passedBudget, median(ofPassed.ratios), pairText(ofPassed, ['agent', 'small'], ' µs')),
      measured(translatedBudget, median(ofTranslated.ratios), pairText(ofTranslated, ['translated', 'small'], ' µs')),
    ];
  },
};
