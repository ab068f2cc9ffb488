import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../support/clock.ts';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

interface Scene {
  readonly app: RunningApp;
  readonly fakes: readonly FakeUpstream[];
  readonly clock: FakeClock;
}

async function arrange(sticky: string | undefined): Promise<Scene> {
  const fakes: FakeUpstream[] = [];
  let providers = '';
  for (const id of ['a', 'b', 'c']) {
    const fake = await startFake({ kind: 'openai', models: ['m', 'n'] });
    cleanup.push(() => fake.close());
    fakes.push(fake);
    providers += `  ${id}: { api_base: "${fake.baseUrl}", models: [m, n], max_concurrent: 1 }\n`;
  }
  const clock = createFakeClock();
  const set = sticky === undefined ? '' : `, sticky: ${sticky}`;
  const yaml = `server: { idle_timeout: 0 }\nproviders:\n${providers}routing: { default_strategy: round-robin${set} }\n`;
  const app = await startApp({ yaml, clock });
  cleanup.push(() => app[Symbol.asyncDispose]());
  return { app, fakes, clock };
}

const hi = [{ role: 'user', content: 'hi' }];

async function ask({ app }: Scene, headers: Record<string, string> = {}, body: object = {}): Promise<string | null> {
  const answer = await app.post('/v1/chat/completions', { model: 'm', messages: hi, ...body }, { headers });
  await answer.arrayBuffer();
  expect(answer.status).toBe(200);
  return answer.headers.get('x-router-provider') ?? answer.headers.get('x-prism-provider');
}

async function many(scene: Scene, count: number, headers: Record<string, string> = {}): Promise<string> {
  let seen = '';
  for (let index = 0; index < count; index++) seen += await ask(scene, headers);
  return seen;
}

const session = (id: string) => ({ 'x-router-session-id': id });

describe('routing.sticky by session', () => {
  it('sends a session where its last answer came from, and others in turn', async () => {
    const scene = await arrange('{ by: session }');
    expect(await many(scene, 3, session('one'))).toBe('aaa');
    expect(await ask(scene, session('two'))).toBe('a');
    expect(await ask(scene, session('three'))).toBe('b');
    expect(await many(scene, 2, session('three'))).toBe('bb');
    expect(await ask(scene, { 'x-prism-session-id': 'one' })).toBe('a');
    expect(new Set(await many(scene, 3)).size).toBe(3);
  });

  it('is apart for each model', async () => {
    const scene = await arrange('{ by: session }');
    await ask(scene);
    expect(await ask(scene, session('one'))).toBe('b');
    expect(await ask(scene, session('one'), { model: 'n' })).toBe('a');
    expect(await ask(scene, session('one'))).toBe('b');
  });

  it('yields to a failure, and stays with who stood in', async () => {
    const scene = await arrange('{ by: session }');
    const [a] = scene.fakes;
    expect(await ask(scene, session('one'))).toBe('a');
    a?.failCalls(faults.status(500));
    const moved = await ask(scene, session('one'));
    expect(moved).not.toBe('a');
    a?.failCalls(undefined);
    expect(await ask(scene, session('one'))).toBe(moved);
  });

  it('yields to load', async () => {
    const scene = await arrange('{ by: session }');
    const [a] = scene.fakes;
    expect(await ask(scene, session('one'))).toBe('a');
    a?.queueFaults(faults.stallBeforeHeaders());
    const busy = ask(scene, session('one'));
    await a?.stalled();
    expect(await ask(scene, session('one'))).not.toBe('a');
    a?.release();
    await busy;
  });

  it('forgets after its time', async () => {
    const scene = await arrange('{ by: session, ttl: 10m }');
    expect(await many(scene, 3, session('one'))).toBe('aaa');
    scene.clock.advance(599_999);
    expect(await ask(scene, session('one'))).toBe('a');
    scene.clock.advance(600_000);
    // The fifth request's turn.
    expect(await ask(scene, session('one'))).toBe('b');
  });
});

describe('routing.sticky by conversation', () => {
  it('knows a conversation by how it begins', async () => {
    const scene = await arrange('{ by: conversation }');
    const of = (...turns: string[]) => ({
      messages: turns.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content })),
    });
    expect(await ask(scene, {}, of('first'))).toBe('a');
    expect(await ask(scene, {}, of('second'))).toBe('b');
    expect(await ask(scene, {}, of('first', 'answer', 'more'))).toBe('a');
    expect(await ask(scene, {}, of('second', 'answer', 'more'))).toBe('b');
  });
});

it('is off unless it is set', async () => {
  const scene = await arrange(undefined);
  expect(await many(scene, 3, session('one'))).toBe('abc');
});
