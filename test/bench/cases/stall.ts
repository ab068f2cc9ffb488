import { Agent, get, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Bench, type BenchCase, measured } from '../case.ts';
import { type LongBody, longBodies } from '../long-bodies.ts';
import { significant } from '../measure.ts';
import { startCanned } from '../nginx.ts';
import { startRouter } from '../router.ts';

const budget = {
  what: 'longest stall for others by one body at the size limit',
  unit: 'ms',
  limit: 'at-most',
  must: 300,
  goal: 100,
} as const;

/** Another client asks again this long after each answer. */
const pingEveryMs = 2;

interface Stall {
  readonly name: string;
  readonly ms: number;
  readonly status: number;
}

/** Bodies of every shape, one after the other, while another client asks for something small all the time. */
export const stall: BenchCase = {
  name: 'stall',
  async run(bench) {
    const stalls = await allStalls(bench);
    const byLength = stalls.toSorted((one, other) => other.ms - one.ms);
    const refused = stalls.filter(({ status }) => status === 400).length;
    const worst = byLength.slice(0, 3).map(({ name, ms }) => `${name} ${significant(ms)} ms`);
    const detail = `${stalls.length} bodies of 10 MiB, ${refused} of them refused as too deep or too many; ${worst.join('; ')}`;
    return [measured(budget, byLength[0]?.ms ?? Number.NaN, detail)];
  },
};

async function allStalls(bench: Bench): Promise<readonly Stall[]> {
  await using canned = await startCanned(bench);
  await using router = await startRouter(bench, { upstream: canned.url, alsoMessages: true });
  using other = new OtherClient(`${router.url}/healthz`);
  const stalls: Stall[] = [];
  for (const one of longBodies()) {
    if (bench.isQuick && stalls.length % 5 !== 0) continue;
    // What was left behind by the body before, and by making this one, is not this one's.
    await pause(100);
    other.forget();
    const status = await send(router.url, one);
    await pause(20);
    if (status !== 200 && status !== 400) throw new Error(`${one.name} was answered with ${status}`);
    stalls.push({ name: one.name, ms: other.longestMs, status });
  }
  return stalls;
}

function send(base: string, { path, body }: LongBody): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const sent = request(`${base}${path}`, { method: 'POST', headers }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** Asks for a page over and over, and notes how long it ever had to wait. */
class OtherClient implements Disposable {
  longestMs = 0;
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #isOver = false;

  constructor(url: string) {
    this.#url = url;
    void this.#askOn();
  }

  forget(): void {
    this.longestMs = 0;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#agent.destroy();
  }

  async #askOn(): Promise<void> {
    while (!this.#isOver) {
      this.longestMs = Math.max(this.longestMs, await this.#ask());
      await pause(pingEveryMs);
    }
  }

  #ask(): Promise<number> {
    const started = performance.now();
    return new Promise((resolve) => {
      const end = () => resolve(performance.now() - started);
      get(this.#url, { agent: this.#agent }, (answer) => answer.resume().once('end', end)).once('error', end);
    });
  }
}
