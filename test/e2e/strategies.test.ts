import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../support/clock.ts';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type AppOptions, type RunningApp, startApp } from '../support/start-app.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

interface Scene {
  readonly app: RunningApp;
  readonly fakes: readonly FakeUpstream[];
  /** Requests that each has had, in the order of the fakes. */
  counts(): readonly number[];
}

/** Three upstreams a, b and c, all with the models m and n. `yaml` follows the providers. */
async function arrange(yaml: string, options: Omit<AppOptions, 'yaml'> = {}): Promise<Scene> {
  const fakes: FakeUpstream[] = [];
  const providers: string[] = [];
  for (const [index, id] of ['a', 'b', 'c'].entries()) {
    const fake = await startFake({ kind: 'openai', models: ['m', 'n'], answer: { text: `of ${id}` } });
    cleanup.push(() => fake.close());
    fakes.push(fake);
    const price = 3 - index;
    const pricing = `{ input: ${price}, output: ${price} }`;
    providers.push(
      `  ${id}: { api_base: "${fake.baseUrl}", models: [m, n], weight: ${index + 1}, pricing: ${pricing} }`,
    );
  }
  const app = await startApp({ ...options, yaml: `providers:\n${providers.join('\n')}\n${yaml}` });
  cleanup.push(() => app[Symbol.asyncDispose]());
  return { app, fakes, counts: () => fakes.map((fake) => fake.calls.length) };
}

const messages = [{ role: 'user', content: 'hi' }];

async function ask(app: RunningApp, model = 'm', more: object = {}): Promise<Response> {
  const answer = await app.post('/v1/chat/completions', { model, messages, ...more });
  await answer.clone().arrayBuffer();
  return answer;
}

/** So many requests, so many of them at a time. */
async function askMany(app: RunningApp, count: number, atOnce: number, models: readonly string[] = ['m']) {
  let next = 0;
  const statuses = new Set<number>();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) {
        const model = models[next++ % models.length];
        statuses.add((await ask(app, model)).status);
      }
    }),
  );
  expect([...statuses]).toEqual([200]);
}

async function providersOf(app: RunningApp, count: number, model = 'm'): Promise<string> {
  let seen = '';
  for (let index = 0; index < count; index++) seen += (await ask(app, model)).headers.get('x-router-provider') ?? '-';
  return seen;
}

const byDefault = (strategy: string) => `routing: { default_strategy: ${strategy} }`;

describe('routing.default_strategy', () => {
  it.each(['round-robin', 'round_robin'])('%s takes turns, for a bare name', async (word) => {
    const { app, counts } = await arrange(byDefault(word));
    expect(await providersOf(app, 6)).toBe('abcabc');
    expect((await ask(app)).headers.get('x-router-strategy')).toBe('round-robin');
    await askMany(app, 293, 16);
    expect(counts()).toEqual([100, 100, 100]);
  });

  it('counts turns for each model, when they interleave', async () => {
    const { app } = await arrange(byDefault('round-robin'));
    let seen = '';
    for (let index = 0; index < 3; index++) {
      seen += (await ask(app, 'm')).headers.get('x-router-provider');
      seen += (await ask(app, 'n')).headers.get('x-router-provider');
    }
    expect(seen).toBe('aabbcc');
  });

  it('weighted keeps to the weights, under concurrency too', async () => {
    const { app, counts } = await arrange(byDefault('weighted'));
    await askMany(app, 300, 16);
    for (const [index, count] of counts().entries()) expect(Math.abs(count - 50 * (index + 1))).toBeLessThan(4);
  });

  it('cost-optimized asks the cheapest, then the next', async () => {
    const { app, fakes, counts } = await arrange(byDefault('cost-optimized'));
    await askMany(app, 20, 4);
    expect(counts()).toEqual([0, 0, 20]);
    fakes[2]?.queueFaults(faults.status(500));
    expect(await providersOf(app, 1)).toBe('b');
  });

  it('least-busy gives equal work to all, and none to one that hangs', async () => {
    const { app, fakes, counts } = await arrange(byDefault('least-busy'));
    const [a] = fakes;
    a?.queueFaults(faults.stallBeforeHeaders());
    const hanging = ask(app);
    await a?.stalled();
    await askMany(app, 40, 1);
    expect(counts()).toEqual([1, 20, 20]);
    a?.release();
    await hanging;
  });

  it('least-latency looks at each once and stays with the quickest', async () => {
    const clock = createFakeClock();
    const { app, fakes, counts } = await arrange(byDefault('least-latency'), { clock });
    const delays = [30, 10, 20];
    for (const [index, fake] of fakes.entries()) {
      fake.queueFaults(faults.stallBeforeHeaders());
      const answer = ask(app);
      await fake.stalled();
      clock.advance(delays[index] ?? 0);
      fake.release();
      expect((await answer).status).toBe(200);
    }
    expect(counts()).toEqual([1, 1, 1]);
    await askMany(app, 30, 4);
    expect(counts()).toEqual([1, 31, 1]);
    clock.advance(60_000);
    await askMany(app, 3, 1);
    expect(counts()).toEqual([2, 32, 2]);
  });

  it('adaptive leaves a share to each', async () => {
    const { app, counts } = await arrange(byDefault('adaptive'));
    await askMany(app, 300, 8);
    for (const count of counts()) expect(count).toBeGreaterThan(10);
  });

  it('is for auto and for virtual models that name none; one that is named wins', async () => {
    const { app } = await arrange(`
routing: { default_strategy: round-robin }
models:
  plain: { endpoints: [{ provider: b, model: m }, { provider: c, model: m }] }
  own: { strategy: priority, endpoints: [{ provider: b, model: m }, { provider: c, model: m }] }
`);
    expect(await providersOf(app, 4, 'plain')).toBe('bcbc');
    expect(await providersOf(app, 3, 'own')).toBe('bbb');
    expect(new Set(await providersOf(app, 6, 'auto')).size).toBe(3);
  });

  it('is followed by the counters over a reload, and changed by one', async () => {
    const { app, fakes } = await arrange(byDefault('round-robin'));
    expect(await providersOf(app, 2)).toBe('ab');
    const provider = (id: string, at: number) => `${id}: { api_base: "${fakes[at]?.baseUrl}", models: [m] }`;
    const providers = `providers: { ${['a', 'b', 'c'].map(provider).join(', ')} }`;
    app.edit(`${providers}\n${byDefault('round-robin')}`);
    expect(await providersOf(app, 2)).toBe('ca');
    app.edit(`${providers}\n${byDefault('priority')}`);
    expect(await providersOf(app, 2)).toBe('aa');
  });
});

describe('models.x.strategy', () => {
  it('weighted goes by the weights of the endpoints', async () => {
    const { app, counts } = await arrange(`
models:
  mix:
    strategy: weighted
    endpoints:
      - { provider: a, model: m, weight: 9 }
      - { provider: b, model: m, weight: 1 }
      - { provider: c, model: m, weight: 0 }
`);
    for (let index = 0; index < 100; index++) await ask(app, 'mix');
    const [a = 0, b = 0, c] = counts();
    expect([a >= 89 && a <= 91, b >= 9 && b <= 11, c]).toEqual([true, true, 0]);
  });

  it('puts stand-ins of failover.providers behind its own, not into the turns', async () => {
    const { app } = await arrange(`
models: { pair: { strategy: round-robin, endpoints: [{ provider: a, model: n }, { provider: b, model: n }] } }
routing: { failover: { providers: [c, a, b] } }
`);
    expect(await providersOf(app, 4, 'pair')).toBe('abab');
  });
});

describe('fastest', () => {
  const race =
    'models: { race: { strategy: fastest, endpoints: [{ provider: a, model: m }, { provider: b, model: m }] } }';

  it.each([
    ['whole', false],
    ['stream', true],
  ] as const)('gives the first answer, stops the loser and counts both (%s)', async (_mode, stream) => {
    const { app, fakes } = await arrange(race);
    const [a, b] = fakes as [FakeUpstream, FakeUpstream];
    a.queueFaults(stream ? faults.stallAfterEvents(1) : faults.stallBeforeHeaders());
    b.queueFaults(faults.stallBeforeHeaders());
    const asked = ask(app, 'race', { stream });
    await Promise.all([a.stalled(), b.stalled()]);
    b.release();
    const answer = await asked;
    expect([answer.status, answer.headers.get('x-router-provider')]).toEqual([200, 'b']);
    expect(answer.headers.get('x-router-attempts')).toBe('2');
    expect(answer.headers.get('x-router-fallback-used')).toBe('false');
    expect(await answer.text()).toContain(stream ? 'b' : 'of b');
    expect(await a.waitForClose(0)).toBe('aborted');
    const [settled] = await app.settles(1);
    expect(settled?.attempts.map(({ provider, code }) => `${provider} ${code}`).sort()).toEqual(['a lost', 'b ok']);
    expect(a.openRequests + b.openRequests).toBe(0);
  });

  it('goes on while one is left that has not failed', async () => {
    const { app, fakes } = await arrange(race);
    const [a, b] = fakes as [FakeUpstream, FakeUpstream];
    a.queueFaults(faults.stallBeforeHeaders());
    b.queueFaults(faults.status(500));
    const asked = ask(app, 'race');
    await a.stalled();
    await b.waitForClose(0);
    a.release();
    expect((await asked).headers.get('x-router-provider')).toBe('a');
  });

  it('tells the failure when all have failed, and of a client that leaves stops all', async () => {
    const { app, fakes } = await arrange(race);
    const [a, b] = fakes as [FakeUpstream, FakeUpstream];
    for (const fake of [a, b]) fake.failCalls(faults.status(401, { error: { message: 'no' } }));
    const failed = await ask(app, 'race');
    expect(failed.status).toBe(502);
    expect(JSON.parse(await failed.text()).error.attempts).toHaveLength(2);
    for (const fake of [a, b]) fake.failCalls(faults.stallBeforeHeaders());
    const leaving = new AbortController();
    const asked = app.post('/v1/chat/completions', { model: 'race', messages }, { signal: leaving.signal });
    const gone = expect(asked).rejects.toThrow();
    await Promise.all([a.call(1), b.call(1)]);
    leaving.abort();
    await gone;
    expect(await Promise.all([a.waitForClose(1), b.waitForClose(1)])).toEqual(['aborted', 'aborted']);
    const settled = await app.settles(2);
    expect(settled[1]).toMatchObject({ outcome: 'cancelled' });
  });

  it('races no more than routing.fastest.max, and asks the others when these fail', async () => {
    const { app, fakes, counts } = await arrange('routing: { default_strategy: fastest, fastest: { max: 2 } }');
    fakes[0]?.failCalls(faults.status(500));
    fakes[1]?.failCalls(faults.status(500));
    const answer = await ask(app);
    expect([answer.headers.get('x-router-provider'), answer.headers.get('x-router-attempts')]).toEqual(['c', '3']);
    expect(answer.headers.get('x-router-fallback-used')).toBe('true');
    expect(counts()).toEqual([1, 1, 1]);
  });

  it('keeps a break after content to the winner: the loser was stopped before', async () => {
    const { app, fakes } = await arrange(race);
    const [a, b] = fakes as [FakeUpstream, FakeUpstream];
    a.queueFaults(faults.stallBeforeHeaders());
    b.queueFaults(faults.stallAfterEvents(3));
    const asked = app.post('/v1/chat/completions', { model: 'race', messages, stream: true });
    const answer = await asked;
    expect(await a.waitForClose(0)).toBe('aborted');
    await b.stalled();
    await b.stop();
    expect(await answer.text()).toContain('stream_broken');
    const [settled] = await app.settles(1);
    expect(settled).toMatchObject({ outcome: 'broken', provider: 'b' });
  });
});
