import { setTimeout as pause } from 'node:timers/promises';
import { chatRequest, model } from '../bodies.ts';
import { type Bench, type BenchCase, measured } from '../case.ts';
import { median, significant } from '../measure.ts';
import { startCanned } from '../nginx.ts';
import { type RouterOptions, startRouter } from '../router.ts';

const budget = {
  what: 'zero-config start to first answer',
  unit: 'ms',
  limit: 'at-most',
  must: 300,
  goal: 150,
} as const;

/** With nothing but an Ollama on the machine: the answer can only come once discovery has found it. */
export const firstAnswer: BenchCase = {
  name: 'first-answer',
  async run(bench) {
    await using canned = await startCanned(bench);
    const discovered = { env: { OLLAMA_HOST: new URL(canned.url).host } };
    const demo = { args: ['--demo'] };
    const runs = bench.isQuick ? 5 : 20;
    // Loads the client and the files.
    await startToAnswerMs(bench, { options: discovered, body: chatRequest });
    const [found, echoed]: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run += 1) {
      found.push(await startToAnswerMs(bench, { options: discovered, body: chatRequest }));
      echoed.push(await startToAnswerMs(bench, { options: demo, body: chatRequest.replace(model, 'demo:echo') }));
    }
    const detail = `a model that discovery finds, median of ${runs} runs; demo:echo ${significant(median(echoed))} ms`;
    return [measured(budget, median(found), detail)];
  },
};

interface FirstRequest {
  readonly options: RouterOptions;
  readonly body: string;
}

async function startToAnswerMs(bench: Bench, { options, body }: FirstRequest): Promise<number> {
  const started = performance.now();
  await using router = await startRouter(bench, options);
  const headers = { 'content-type': 'application/json', connection: 'close' };
  const response = await fetch(`${router.url}/v1/chat/completions`, { method: 'POST', headers, body });
  const text = await response.text();
  const tookMs = performance.now() - started;
  if (response.status !== 200) throw new Error(`the first answer was ${response.status}: ${text}`);
  // A router that is told to end while it starts is not what is measured here.
  await pause(50);
  return tookMs;
}
