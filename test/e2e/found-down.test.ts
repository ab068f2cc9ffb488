import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../support/clock.ts';
import { type FakeUpstream, type Fault, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

interface Scene {
  readonly clock: FakeClock;
  readonly local: FakeUpstream;
  readonly other: FakeUpstream;
  readonly app: RunningApp;
}

/** A local server that is looked at, and one that is not. The local one comes first. */
async function arrange(about: { readonly local?: string; readonly rest?: string } = {}): Promise<Scene> {
  const clock = createFakeClock();
  const local = await startFake({ kind: 'ollama', models: ['m', 'mine'], answer: { text: 'from local' } });
  const other = await startFake({ kind: 'openai', models: ['m'], answer: { text: 'from other' } });
  const app = await startApp({
    clock,
    ports: [],
    yaml: `
server: { keepalive_after: 1h }
providers:
  local: { type: ollama, base_url: "${local.origin}", ${about.local ?? ''} }
  other: { api_base: "${other.baseUrl}", local: false, models: [m] }
${about.rest ?? ''}
`,
  });
  cleanup.push(
    () => local.close(),
    () => other.close(),
    () => app[Symbol.asyncDispose](),
  );
  return { clock, local, other, app };
}

/** Like SIGSTOP: connections are taken, and nothing is said on any. */
function freeze(local: FakeUpstream): void {
  local.setBehaviour(() => faults.stallBeforeHeaders());
}

const messages = [{ role: 'user', content: 'hi' }];
const chat = ({ app }: Scene, model: string, stream = false) =>
  app.post('/v1/chat/completions', { model, messages, stream });

/** Lets time pass until it has come; returns it and the time it took. Milliseconds. */
async function passUntil<T>(clock: FakeClock, coming: Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const startedAt = clock.monotonic();
  let isThere = false;
  const mark = () => {
    isThere = true;
  };
  coming.then(mark, mark);
  while (!isThere) {
    await clock.advanceAsync(250);
    await turn();
  }
  return { value: await coming, ms: clock.monotonic() - startedAt };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Less than the patience with a model that loads, and than any limit of a request. */
const soonMs = 20_000;

describe('a server that falls silent', () => {
  it.each([
    ['a whole answer', false, faults.stallBeforeHeaders()],
    ['a stream', true, faults.stallBeforeHeaders()],
    ['a stream that has its headers only', true, faults.stallAfterHeaders()],
    ['a stream that has its first event, without content', true, faults.stallAfterEvents(1)],
    ['a whole answer that stops half-way', false, faults.stallAfterEvents(1)],
  ])('loses requests that wait for it to the next candidate: %s', async (_name, stream, fault) => {
    const scene = await arrange();
    scene.local.setBehaviour(({ method }) => (method === 'POST' ? fault : undefined));
    const asked = chat(scene, 'm', stream);
    await scene.local.call(0);
    await scene.local.stalled();
    scene.local.setBehaviour(({ method }) => (method === 'POST' ? fault : faults.stallBeforeHeaders()));
    const { value: answer, ms } = await passUntil(scene.clock, asked);
    expect(ms).toBeLessThan(soonMs);
    expect([answer.status, answer.headers.get('x-router-provider')]).toEqual([200, 'other']);
    expect(answer.headers.get('x-router-attempts')).toBe('2');
    expect(await answer.text()).toMatch(/other/);
    const [settled] = await scene.app.settles(1);
    expect(settled?.attempts).toMatchObject([{ code: 'upstream_down' }, { code: 'ok' }]);
    expect(settled?.attempts[0]?.durationMs).toBeGreaterThan(ms - 1_000);
    expect(await scene.local.waitForClose(0)).toBe('aborted');
  });

  it.each([false, true])('is told at once where it is the only one (stream: %s)', async (stream) => {
    const scene = await arrange();
    freeze(scene.local);
    const asked = chat(scene, 'mine', stream);
    await scene.local.call(0);
    const { value: answer, ms } = await passUntil(scene.clock, asked);
    expect(ms).toBeLessThan(soonMs);
    const { error } = (await answer.json()) as { error: Record<string, unknown> };
    expect([answer.status, error.code]).toEqual([503, 'upstream_down']);
    expect(error.message).toMatch(/^local was found down while this request waited for it: 127\.0\.0\.1:\d+ accepts/);
    expect(error.hint).toContain('router doctor');
    expect(scene.local.calls).toHaveLength(1);
  });

  it('is not waited for by a request that comes later and has no other', async () => {
    const scene = await arrange();
    freeze(scene.local);
    await passUntil(scene.clock, chat(scene, 'mine'));
    for (let index = 0; index < 3; index++) {
      const { value: answer, ms } = await passUntil(scene.clock, chat(scene, 'mine'));
      expect(ms).toBeLessThan(soonMs);
      expect([answer.status, answer.headers.get('x-router-skipped')]).toEqual([503, null]);
    }
  });

  it('is asked as ever once it is well again', async () => {
    const scene = await arrange();
    freeze(scene.local);
    await passUntil(scene.clock, chat(scene, 'mine'));
    scene.local.setBehaviour(undefined);
    scene.local.release();
    await passUntil(
      scene.clock,
      scene.app.until(() => scene.app.told('provider-up').length > 1),
    );
    expect(await (await chat(scene, 'm')).text()).toContain('from local');
  });

  it('loses what waits in its queue too', async () => {
    const scene = await arrange({ local: 'max_concurrent: 1, queue: { timeout: 1h }' });
    freeze(scene.local);
    const asked = [chat(scene, 'm'), chat(scene, 'm', true), chat(scene, 'mine')];
    await scene.local.call(0);
    const { value: answers, ms } = await passUntil(scene.clock, Promise.all(asked));
    expect(ms).toBeLessThan(soonMs);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 503]);
    expect(scene.local.calls).toHaveLength(1);
    const settled = await scene.app.settles(3);
    expect(settled.flatMap(({ attempts }) => attempts.map(({ code }) => code)).toSorted()).toEqual([
      'ok',
      'ok',
      'upstream_down',
      'upstream_down',
      'upstream_down',
    ]);
  });

  it('does not hold a model that was to be loaded', async () => {
    const scene = await arrange();
    freeze(scene.local);
    const asked = scene.app.post('/api/generate', { model: 'mine' });
    await scene.local.call(0);
    const { value: answer, ms } = await passUntil(scene.clock, asked);
    expect(ms).toBeLessThan(soonMs);
    expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('was found down')]);
  });

  it('keeps a stream whose content has begun', async () => {
    const scene = await arrange();
    const fault = faults.stallAfterEvents(3);
    scene.local.setBehaviour(({ method }) => (method === 'POST' ? fault : faults.stallBeforeHeaders()));
    const answer = await chat(scene, 'm', true);
    const down = scene.app.until(() => scene.app.told('provider-down').length > 0);
    await passUntil(scene.clock, down);
    scene.local.release();
    expect(answer.headers.get('x-router-provider')).toBe('local');
    expect(await answer.text()).toContain('[DONE]');
  });
});

describe('a server that takes no more connections', () => {
  /** One request waits at it while another is refused. */
  async function refuse(scene: Scene, model: string) {
    const stall: Fault = faults.stallBeforeHeaders();
    scene.local.setBehaviour(({ method }) => (method === 'POST' ? stall : undefined));
    const waiting = chat(scene, model);
    await scene.local.call(0);
    await scene.local.stalled();
    scene.local.refuse();
    const refused = await chat(scene, 'm');
    expect(refused.headers.get('x-router-provider')).toBe('other');
    return waiting;
  }

  it('loses a request that waits at it as soon as another one is refused', async () => {
    const scene = await arrange();
    const answer = await refuse(scene, 'm');
    expect(answer.headers.get('x-router-provider')).toBe('other');
    const settled = await scene.app.settles(2);
    expect(settled.flatMap(({ attempts }) => attempts.map(({ code }) => code)).toSorted()).toEqual([
      'ok',
      'ok',
      'upstream_connect',
      'upstream_down',
    ]);
  });

  it('still answers what it has where there is no other, since it may be ending in good order', async () => {
    const scene = await arrange();
    const waiting = refuse(scene, 'mine');
    await scene.app.until(() => scene.app.settled.length > 0);
    await scene.clock.advanceAsync(15_000);
    scene.local.release();
    expect(await (await waiting).text()).toContain('from local');
  });
});

it('a model that takes long to load loses no request while its server is well', async () => {
  const scene = await arrange();
  const stall = faults.stallBeforeHeaders();
  scene.local.setBehaviour(({ method }) => (method === 'POST' ? stall : undefined));
  const asked = chat(scene, 'm', true);
  await scene.local.call(0);
  await scene.local.stalled();
  const before = scene.local.requests.length;
  for (let looks = 0; looks < 12; looks++) {
    await scene.clock.advanceAsync(10_000);
    // Time stands still, so a look that is under way still has all of its two seconds.
    while (scene.clock.pending.includes(2_000)) await turn();
  }
  expect(scene.local.requests.length).toBeGreaterThan(before + 12);
  scene.local.release();
  expect((await asked).headers.get('x-router-provider')).toBe('local');
});
