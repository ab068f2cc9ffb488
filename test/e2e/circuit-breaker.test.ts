import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { createFakeClock, type FakeClock } from '../support/clock.ts';
import { all, type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

const defaults = '{ enabled: true, failure_threshold: 5, success_threshold: 2, cooldown: 30s }';

interface Scene {
  readonly app: RunningApp;
  readonly clock: FakeClock;
  readonly a: FakeUpstream;
  readonly b: FakeUpstream;
  yaml(breaker: string): string;
}

async function arrange(breaker = defaults, isReal = false): Promise<Scene> {
  const a = await startFake({ kind: 'openai', models: ['m'], answer: { text: 'of a' } });
  const b = await startFake({ kind: 'openai', models: ['m'], answer: { text: 'of b' } });
  const clock = createFakeClock();
  const yaml = (settings: string) => `
providers:
  a: { api_base: "${a.baseUrl}", models: [m] }
  b: { api_base: "${b.baseUrl}", models: [m] }
routing: { circuit_breaker: ${settings} }
`;
  const app = await startApp({ yaml: yaml(breaker), clock: isReal ? systemClock : clock });
  cleanup.push(
    () => a.close(),
    () => b.close(),
    () => app[Symbol.asyncDispose](),
  );
  return { app, clock, a, b, yaml };
}

const messages = [{ role: 'user', content: 'hi' }];

async function ask(app: RunningApp, path = '/v1/chat/completions'): Promise<Response> {
  const answer = await app.post(path, { model: 'm', messages, max_tokens: 9 });
  await answer.clone().arrayBuffer();
  return answer;
}

const facts = ({ headers }: Response) => [headers.get('x-router-provider'), headers.get('x-router-skipped')];

async function open({ app, a }: Scene, times = 5): Promise<void> {
  a.failCalls(faults.status(500));
  for (let index = 0; index < times; index++) expect(facts(await ask(app))).toEqual(['b', null]);
}

describe('routing.circuit_breaker', () => {
  it('opens after its threshold, probes after its cooldown, closes after its successes', async () => {
    const scene = await arrange();
    const { app, a, clock } = scene;
    await open(scene);
    expect(facts(await ask(app))).toEqual(['b', 'a;open']);
    expect(a.calls).toHaveLength(5);
    clock.advance(29_999);
    expect(facts(await ask(app))).toEqual(['b', 'a;open']);
    clock.advance(1);
    // The probe fails: a whole cooldown again.
    expect(facts(await ask(app))).toEqual(['b', null]);
    expect(facts(await ask(app))).toEqual(['b', 'a;open']);
    clock.advance(30_000);
    a.failCalls(undefined);
    for (let index = 0; index < 2; index++) expect(facts(await ask(app))).toEqual(['a', null]);
    expect(app.told('breaker-opened')).toHaveLength(1);
    expect(app.told('breaker-closed')).toHaveLength(1);
  });

  it.each([
    ['passed through', '/v1/chat/completions'],
    ['translated', '/v1/messages'],
  ])('sends one probe of 100 requests at once, %s', async (_how, path) => {
    const scene = await arrange();
    const { app, a, b, clock } = scene;
    await open(scene);
    clock.advance(30_000);
    const before = { a: a.calls.length, b: b.calls.length };
    a.failCalls(faults.stallBeforeHeaders());
    const asked = Array.from({ length: 100 }, () => ask(app, path));
    await b.call(before.b + 98);
    await a.stalled();
    expect([a.calls.length - before.a, b.calls.length - before.b]).toEqual([1, 99]);
    a.failCalls(undefined);
    a.release();
    const answers = await Promise.all(asked);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(answers.filter(({ headers }) => headers.get('x-router-provider') === 'a')).toHaveLength(1);
    expect(answers.filter(({ headers }) => headers.get('x-router-skipped') === 'a;open')).toHaveLength(99);
    // One success of two: still one at a time.
    expect(facts(await ask(app, path))).toEqual(['a', null]);
    expect(app.told('breaker-closed')).toHaveLength(1);
  });

  it('sends one probe of requests that all come from another candidate’s failure', async () => {
    const scene = await arrange();
    const { app, a, b, clock } = scene;
    await open(scene);
    const x = await startFake({ kind: 'openai', models: ['m'] });
    cleanup.push(() => x.close());
    const chain = ['x', 'a', 'b'].map((provider) => `{ provider: ${provider}, model: m }`).join(', ');
    app.edit(`
providers:
  x: { api_base: "${x.baseUrl}", models: [m] }
  a: { api_base: "${a.baseUrl}", models: [m] }
  b: { api_base: "${b.baseUrl}", models: [m] }
models: { m: { endpoints: [${chain}] } }
`);
    clock.advance(30_000);
    const before = { a: a.calls.length, b: b.calls.length };
    x.failCalls(all(faults.status(500), faults.stallBeforeHeaders()));
    a.failCalls(faults.stallBeforeHeaders());
    const asked = Array.from({ length: 20 }, () => ask(app));
    await x.call(19);
    x.release();
    await b.call(before.b + 18);
    await a.stalled();
    expect([a.calls.length - before.a, b.calls.length - before.b]).toEqual([1, 19]);
    a.failCalls(undefined);
    a.release();
    expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('tries the last hope when all are open', async () => {
    const { app, a, b } = await arrange('{ failure_threshold: 2 }', true);
    for (const fake of [a, b]) fake.failCalls(faults.status(500));
    for (let index = 0; index < 2; index++) expect((await ask(app)).status).toBe(502);
    expect(app.told('breaker-opened')).toHaveLength(2);
    b.failCalls(undefined);
    const answer = await ask(app);
    expect([answer.status, ...facts(answer)]).toEqual([200, 'b', null]);
    expect(a.calls).toHaveLength(3);
  });

  it('is the configuration’s: other numbers, or off', async () => {
    const scene = await arrange('{ failure_threshold: 1, success_threshold: 1, cooldown: 5s }');
    const { app, a, clock } = scene;
    await open(scene, 1);
    expect(facts(await ask(app))).toEqual(['b', 'a;open']);
    clock.advance(5_000);
    a.failCalls(undefined);
    expect(facts(await ask(app))).toEqual(['a', null]);
    expect(app.told('breaker-closed')).toHaveLength(1);
    app.edit(scene.yaml('{ enabled: false }'));
    await open(scene, 12);
    expect(a.calls).toHaveLength(14);
  });

  it('keeps its state over a reload', async () => {
    const scene = await arrange();
    await open(scene);
    scene.app.edit(scene.yaml('{ cooldown: 10s }'));
    expect(facts(await ask(scene.app))).toEqual(['b', 'a;open']);
    scene.clock.advance(10_000);
    scene.a.failCalls(undefined);
    expect(facts(await ask(scene.app))).toEqual(['a', null]);
  });

  it('comes back by itself on the real clock', async () => {
    const scene = await arrange();
    const app = await startApp({
      yaml: scene.yaml('{ failure_threshold: 2, success_threshold: 1, cooldown: 200ms }'),
      clock: systemClock,
    });
    cleanup.push(() => app[Symbol.asyncDispose]());
    await open({ ...scene, app }, 2);
    scene.a.failCalls(undefined);
    const seen = new Set<string>();
    let answer = await ask(app);
    for (; answer.headers.get('x-router-provider') !== 'a'; answer = await ask(app))
      seen.add(answer.headers.get('x-router-skipped') ?? '-');
    expect([...seen]).toEqual(['a;open']);
    expect(app.told('breaker-closed')).toHaveLength(1);
  });
});
