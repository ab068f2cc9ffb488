import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../support/clock.ts';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

/*
 * Blocks of the documents, as they are but for the addresses: each line of them is seen by a client.
 */

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

function block(name: string): string {
  return readFileSync(join(import.meta.dirname, '../fixtures/config/seeds', name), 'utf8');
}

/** Resolves once a timer of exactly so long waits. */
async function waiting(clock: FakeClock, ms: number): Promise<void> {
  while (!clock.pending.includes(ms)) await new Promise((resolve) => setImmediate(resolve));
}

const messages = [{ role: 'user', content: 'hi' }];

async function ask(app: RunningApp, model: string): Promise<Response> {
  const answer = await app.post('/v1/chat/completions', { model, messages });
  await answer.clone().arrayBuffer();
  return answer;
}

async function start(kind: 'ollama' | 'openai', models: readonly string[]): Promise<FakeUpstream> {
  const fake = await startFake({ kind, models });
  cleanup.push(() => fake.close());
  return fake;
}

it('cost-based routing: the cheapest first, and what a hosted answer cost', async () => {
  const ollama = await start('ollama', ['llama3.1', 'gpt-4o']);
  const openai = await start('openai', ['gpt-4o', 'gpt-4o-mini', 'gpt-4.1']);
  const yaml = block('prism-1-cost-based.yaml')
    .replace('http://localhost:11434', ollama.origin)
    .replace(
      '    api_format: "openai"',
      `    api_format: "openai"\n    base_url: "${openai.origin}"\n    local: false`,
    );
  const app = await startApp({ yaml, ports: [], environment: { OPENAI_API_KEY: 'sk-test' } });
  cleanup.push(() => app[Symbol.asyncDispose]());
  const where = ({ headers }: Response) => [headers.get('x-router-provider'), headers.get('x-router-strategy')];
  const local = await ask(app, 'gpt-4o');
  expect([...where(local), local.headers.get('x-router-cost')]).toEqual(['ollama', 'cost-optimized', '0.000000']);
  const hosted = await ask(app, 'gpt-4o-mini');
  // 11 tokens at $0.15 and 7 at $0.60 a million.
  expect([...where(hosted), hosted.headers.get('x-router-cost')]).toEqual(['openai', 'cost-optimized', '0.000006']);
  expect((await ask(app, 'auto')).headers.get('x-router-provider')).toBe('ollama');
  expect(openai.calls[0]?.headers.authorization).toBe('Bearer sk-test');
  const listed = JSON.parse(await (await app.get('/v1/models')).text()).data.map((model: { id: string }) => model.id);
  expect(listed).toContain('gpt-4o-mini');
  expect(listed).not.toContain('gpt-4.1');
  await ollama.stop();
  const paid = await ask(app, 'gpt-4o');
  expect([paid.headers.get('x-router-provider'), paid.headers.get('x-router-cost')]).toEqual(['openai', '0.000097']);
});

describe('the block on routing', () => {
  async function arrange() {
    const [a, b, c] = [await start('openai', ['m']), await start('openai', ['m']), await start('openai', ['m', 'own'])];
    const clock = createFakeClock();
    const providers = `
providers:
  a: { base_url: "${a.origin}", models: [m] }
  b: { base_url: "${b.origin}", models: [m] }
  c: { base_url: "${c.origin}", models: [m, own] }
`;
    const app = await startApp({ yaml: block('prism-2-routing.yaml') + providers, clock, random: () => 0.999_999 });
    cleanup.push(() => app[Symbol.asyncDispose]());
    return { app, clock, a, b, c };
  }

  const facts = ({ status, headers }: Response) => [
    status,
    headers.get('x-router-provider'),
    headers.get('x-router-attempts'),
    headers.get('x-router-skipped'),
  ];

  it('takes turns, and fails over on the statuses it lists and on no other', async () => {
    const { app, clock, a, b } = await arrange();
    const seen: (string | null)[] = [];
    for (let index = 0; index < 6; index++) seen.push((await ask(app, 'm')).headers.get('x-router-provider'));
    expect(seen).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    for (const status of [429, 500, 502, 503, 504]) {
      a.queueFaults(faults.status(status));
      let answer = await ask(app, 'm');
      while (answer.headers.get('x-router-attempts') !== '2') answer = await ask(app, 'm');
      expect([status, answer.status, answer.headers.get('x-router-fallback-used')]).toEqual([status, 200, 'true']);
      // The 429 lets it rest for a moment.
      clock.advance(5_000);
    }
    b.failCalls(faults.status(529));
    const calls = b.calls.length;
    let asked = ask(app, 'm');
    for (; (await Promise.race([b.call(calls), asked])) instanceof Response; asked = ask(app, 'm'));
    for (const tries of [1, 2]) {
      await b.waitForClose(calls + tries - 1);
      await waiting(clock, tries === 1 ? 499 : 999);
      await clock.advanceAsync(999);
    }
    expect(facts(await asked).slice(0, 3)).toEqual([529, 'b', '3']);
  });

  it('opens a breaker after five failures and closes it after two successes, 30 s later', async () => {
    const { app, clock, a } = await arrange();
    a.failCalls(faults.status(500));
    const opened = () => app.told('breaker-opened').length;
    while (opened() === 0) expect((await ask(app, 'm')).status).toBe(200);
    expect(a.calls).toHaveLength(5);
    for (let index = 0; index < 6; index++)
      expect((await ask(app, 'm')).headers.get('x-router-provider')).not.toBe('a');
    a.failCalls(undefined);
    clock.advance(29_999);
    for (let index = 0; index < 3; index++)
      expect((await ask(app, 'm')).headers.get('x-router-skipped')).toMatch(/a;open|null/);
    expect(a.calls).toHaveLength(5);
    clock.advance(1);
    while (a.calls.length < 7) expect((await ask(app, 'm')).status).toBe(200);
    expect(app.told('breaker-closed')).toHaveLength(1);
  });

  it('retries twice, after up to 500 ms and up to twice that, where nobody else can be asked', async () => {
    const { app, clock, c } = await arrange();
    c.failCalls(faults.status(503));
    const asked = ask(app, 'own');
    for (const [tries, waitMs] of [
      [1, 499],
      [2, 999],
    ] as const) {
      await waiting(clock, waitMs);
      await clock.advanceAsync(waitMs - 1);
      expect(c.calls).toHaveLength(tries);
      await clock.advanceAsync(1);
      await c.call(tries);
    }
    expect(facts(await asked).slice(0, 3)).toEqual([503, 'c', '3']);
  });
});
