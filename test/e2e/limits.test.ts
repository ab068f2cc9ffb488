import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../support/clock.ts';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

interface Scene {
  readonly clock: FakeClock;
  readonly first: FakeUpstream;
  readonly second: FakeUpstream;
  readonly app: RunningApp;
}

/** `first` describes the first provider further, `rest` is the rest of the file. */
async function arrange(about: { first?: string; rest?: string; random?: () => number } = {}): Promise<Scene> {
  const clock = createFakeClock();
  const first = await startFake({ kind: 'openai', models: ['m'], answer: { text: 'first' } });
  const second = await startFake({ kind: 'openai', models: ['m', 'other'], answer: { text: 'second' } });
  const app = await startApp({
    clock,
    random: about.random,
    yaml: `
providers:
  first: { api_base: "${first.baseUrl}", models: [m], ${about.first ?? ''} }
  second: { api_base: "${second.baseUrl}", models: [m, other] }
${about.rest ?? ''}
`,
  });
  cleanup.push(
    () => first.close(),
    () => second.close(),
    () => app[Symbol.asyncDispose](),
  );
  return { clock, first, second, app };
}

const messages = [{ role: 'user', content: 'hi' }];

interface Answered {
  readonly status: number;
  readonly provider: string | null;
  readonly attempts: string | null;
  readonly skipped: string | null;
  readonly retryAfter: string | null;
}

async function ask(app: RunningApp, model = 'm', more: object = {}): Promise<Answered> {
  const answer = await app.post('/v1/chat/completions', { model, messages, ...more });
  await answer.arrayBuffer();
  return {
    status: answer.status,
    provider: answer.headers.get('x-router-provider'),
    attempts: answer.headers.get('x-router-attempts'),
    skipped: answer.headers.get('x-router-skipped'),
    retryAfter: answer.headers.get('retry-after'),
  };
}

const fromFirst = { status: 200, provider: 'first', attempts: '1', skipped: null, retryAfter: null };
const fromSecond = { ...fromFirst, provider: 'second' };

/** Resolves once a timer of exactly this length waits. */
async function waiting(clock: FakeClock, delayMs: number): Promise<void> {
  while (!clock.pending.includes(delayMs)) await new Promise((resolve) => setImmediate(resolve));
}

/** The same, and lets it run out. */
async function passed(clock: FakeClock, delayMs: number): Promise<void> {
  await waiting(clock, delayMs);
  await clock.advanceAsync(delayMs);
}

describe('concurrency', () => {
  it('queues in order above the limit', async () => {
    const { first, app } = await arrange({ first: 'max_concurrent: 1' });
    first.failCalls(faults.stallBeforeHeaders());
    const asked = [ask(app, 'first:m'), ask(app, 'first:m'), ask(app, 'first:m')];
    for (let index = 0; index < asked.length; index++) {
      await first.call(index);
      await first.stalled();
      expect(first.openRequests).toBe(1);
      first.release();
      await first.waitForClose(index);
    }
    expect(await Promise.all(asked)).toEqual([fromFirst, fromFirst, fromFirst]);
  });

  it('goes on to the next candidate when the queue is full or the wait too long', async () => {
    const { clock, first, app } = await arrange({ first: 'max_concurrent: 1, queue: { max: 1, timeout: 10s }' });
    first.failCalls(faults.stallBeforeHeaders());
    const running = ask(app);
    await first.call(0);
    await first.stalled();
    const queued = ask(app);
    await waiting(clock, 10_000);
    expect(await ask(app)).toEqual(fromSecond);
    await clock.advanceAsync(10_000);
    expect(await queued).toEqual(fromSecond);
    first.release();
    expect(await running).toEqual(fromFirst);
    expect(app.settled.map(({ attempts }) => attempts.map(({ code }) => code))).toEqual([
      ['queue_full', 'ok'],
      ['queue_full', 'ok'],
      ['ok'],
    ]);
  });

  it('is 503 with a time to wait when nobody else is left', async () => {
    const { first, app } = await arrange({ first: 'max_concurrent: 1, queue: { max: 0 }' });
    first.failCalls(faults.stallBeforeHeaders());
    const running = ask(app, 'first:m');
    await first.call(0);
    const refused = await ask(app, 'first:m');
    expect(refused).toMatchObject({ status: 503, attempts: '0', retryAfter: '1' });
    await first.stalled();
    first.release();
    expect(await running).toEqual(fromFirst);
  });

  it('gives a place back when its client leaves, queued or served', async () => {
    const { clock, first, app } = await arrange({ first: 'max_concurrent: 1, queue: { max: 1, timeout: 10s }' });
    first.failCalls(faults.stallBeforeHeaders());
    const leaving = new AbortController();
    const init = { signal: leaving.signal };
    const body = { model: 'first:m', messages };
    const served = app.post('/v1/chat/completions', body, init).catch(() => 'left');
    await first.call(0);
    const queued = app.post('/v1/chat/completions', body, init).catch(() => 'left');
    await waiting(clock, 10_000);
    leaving.abort();
    expect(await Promise.all([served, queued])).toEqual(['left', 'left']);
    await app.settles(2);
    first.failCalls(undefined);
    expect(await ask(app, 'first:m')).toEqual(fromFirst);
    expect(first.calls).toHaveLength(2);
  });
});

describe('the breaker', () => {
  const threshold = 5;
  const cooldownMs = 30_000;

  async function open(scene: Scene): Promise<void> {
    scene.first.failCalls(faults.status(500));
    for (let count = 0; count < threshold; count++) {
      expect(await ask(scene.app)).toEqual({ ...fromSecond, attempts: '2' });
    }
    scene.first.failCalls(undefined);
  }

  it('opens after failures in a row, lets one probe through at a time and closes after successes', async () => {
    const scene = await arrange();
    const { clock, first, app } = scene;
    await open(scene);
    expect(app.told('breaker-opened')).toHaveLength(1);
    expect(await ask(app)).toEqual({ ...fromSecond, skipped: 'first;open' });
    await clock.advanceAsync(cooldownMs);
    first.queueFaults(faults.stallBeforeHeaders());
    const probe = ask(app);
    await first.call(threshold);
    await first.stalled();
    expect(await ask(app)).toEqual({ ...fromSecond, skipped: 'first;open' });
    first.release();
    expect(await probe).toEqual(fromFirst);
    expect(await ask(app)).toEqual(fromFirst);
    expect(app.told('breaker-closed')).toHaveLength(1);
  });

  it('opens again when the probe fails', async () => {
    const scene = await arrange();
    await open(scene);
    await scene.clock.advanceAsync(cooldownMs);
    scene.first.queueFaults(faults.status(500));
    expect(await ask(scene.app)).toEqual({ ...fromSecond, attempts: '2' });
    expect(await ask(scene.app)).toEqual({ ...fromSecond, skipped: 'first;open' });
  });

  it('does not keep the last hope away', async () => {
    const scene = await arrange();
    await open(scene);
    expect(await ask(scene.app, 'first:m')).toEqual(fromFirst);
  });

  it('does not count what clients do wrong, nor those who leave', async () => {
    const { first, app } = await arrange();
    first.failCalls(faults.status(400));
    for (let count = 0; count < threshold; count++) expect((await ask(app)).status).toBe(400);
    first.failCalls(faults.stallBeforeHeaders());
    for (let count = 0; count < threshold; count++) {
      const leaving = new AbortController();
      const gone = app.post('/v1/chat/completions', { model: 'm', messages }, { signal: leaving.signal });
      await first.call(threshold + count);
      leaving.abort();
      await expect(gone).rejects.toThrow();
    }
    await app.settles(2 * threshold);
    first.failCalls(undefined);
    expect(await ask(app)).toEqual(fromFirst);
  });
});

describe('429', () => {
  it('puts its sender last for as long as it asked', async () => {
    const { clock, first, app } = await arrange();
    first.queueFaults(faults.status(429, 'slow down', { 'Retry-After': '20' }));
    expect(await ask(app)).toEqual({ ...fromSecond, attempts: '2' });
    expect(await ask(app)).toEqual({ ...fromSecond, skipped: 'first;cooldown' });
    await clock.advanceAsync(20_000);
    expect(await ask(app)).toEqual(fromFirst);
  });

  it('from all is 429 with the shortest wait', async () => {
    const { first, second, app } = await arrange();
    first.failCalls(faults.status(429, 'slow', { 'Retry-After': '50' }));
    second.failCalls(faults.status(429, 'slower', { 'Retry-After': '90' }));
    expect(await ask(app)).toMatchObject({ status: 429, attempts: '2', retryAfter: '50' });
  });

  it('with a short wait is waited for by the last candidate', async () => {
    const { clock, first, app } = await arrange();
    first.queueFaults(faults.status(429, 'slow', { 'Retry-After': '3' }));
    const asked = ask(app, 'first:m');
    await first.call(0);
    await waiting(clock, 3_000);
    await clock.advanceAsync(2_999);
    expect(first.calls).toHaveLength(1);
    await clock.advanceAsync(1);
    expect(await asked).toEqual({ ...fromFirst, attempts: '2' });
  });
});

describe('retries of the last candidate', () => {
  it('wait exponentially longer, with full jitter', async () => {
    const { clock, first, app } = await arrange({ random: () => 0.4 });
    first.failCalls(faults.status(503));
    const asked = ask(app, 'first:m');
    for (const waitMs of [200, 400]) await passed(clock, waitMs);
    expect(await asked).toMatchObject({ status: 503, attempts: '3' });
  });

  it('end when the client leaves in between', async () => {
    const { clock, first, app } = await arrange({ random: () => 0.4 });
    first.failCalls(faults.status(503));
    const leaving = new AbortController();
    const gone = app.post('/v1/chat/completions', { model: 'first:m', messages }, { signal: leaving.signal });
    await waiting(clock, 200);
    leaving.abort();
    await expect(gone).rejects.toThrow();
    expect(await app.settles(1)).toMatchObject([{ outcome: 'cancelled' }]);
    expect(first.calls).toHaveLength(1);
  });

  it('are not for a request whose kept connection broke while its upstream was at work', async () => {
    const { clock, first, app } = await arrange();
    expect(await ask(app, 'first:m')).toMatchObject({ status: 200 });
    first.failCalls(() => [{ kind: 'stall' }, { kind: 'reset' }]);
    const asked = app.post('/v1/chat/completions', { model: 'first:m', messages });
    await first.call(1);
    await first.stalled();
    await clock.advanceAsync(2_000);
    first.release();
    const answer = await asked;
    const { error } = JSON.parse(await answer.text());
    expect([answer.status, answer.headers.get('x-router-attempts')]).toEqual([502, '1']);
    expect(error.attempts).toEqual([{ provider: 'first', code: 'upstream_connect', ms: 2_000 }]);
    expect(first.calls).toHaveLength(2);
  });

  it('are only for the last one', async () => {
    const { clock, first, second, app } = await arrange({ random: () => 0.4 });
    first.failCalls(faults.status(503));
    second.failCalls(faults.status(503));
    const asked = ask(app);
    for (const waitMs of [200, 400]) await passed(clock, waitMs);
    expect(await asked).toMatchObject({ status: 503, attempts: '4' });
    expect([first.calls.length, second.calls.length]).toEqual([1, 3]);
  });
});

describe('the failover settings', () => {
  it('max_attempts bounds the candidates', async () => {
    const { first, second, app } = await arrange({ rest: 'routing: { failover: { max_attempts: 1 } }' });
    first.failCalls(faults.status(401));
    expect(await ask(app)).toMatchObject({ status: 502, attempts: '1' });
    expect(second.calls).toHaveLength(0);
  });

  it('enabled: false stays with the first', async () => {
    const { first, second, app } = await arrange({ rest: 'routing: { failover: { enabled: false } }' });
    first.failCalls(faults.status(401));
    expect(await ask(app)).toMatchObject({ status: 502, provider: 'first' });
    expect(second.calls).toHaveLength(0);
  });

  it('on_status_codes replaces our own reading', async () => {
    const { first, app } = await arrange({ rest: 'routing: { failover: { on_status_codes: [418] } }' });
    first.queueFaults(faults.status(418), faults.status(401));
    expect(await ask(app)).toEqual({ ...fromSecond, attempts: '2' });
    expect(await ask(app)).toMatchObject({ status: 502, provider: 'first' });
  });

  it('on_timeout: false gives a timeout to the client', async () => {
    const { clock, first, app } = await arrange({
      first: 'timeouts: { total: 1s }',
      rest: 'routing: { failover: { on_timeout: false } }',
    });
    first.failCalls(faults.stallBeforeHeaders());
    const asked = ask(app);
    await first.call(0);
    await clock.advanceAsync(1_000);
    await first.waitForClose(0);
    expect(await asked).toMatchObject({ status: 504, provider: 'first', attempts: '1' });
  });
});

describe('time limits', () => {
  it('default_request_timeout is for the whole of a request, streams excepted', async () => {
    const { clock, first, second, app } = await arrange({ rest: 'server: { default_request_timeout: 5s }' });
    first.failCalls(faults.stallBeforeHeaders());
    second.failCalls(faults.stallBeforeHeaders());
    const asked = ask(app);
    await first.call(0);
    await clock.advanceAsync(5_000);
    expect(await asked).toMatchObject({ status: 504, attempts: '1' });
    expect(second.calls).toHaveLength(0);
    first.failCalls(faults.stallAfterEvents(3));
    const stream = ask(app, 'm', { stream: true });
    await first.call(1);
    await first.stalled();
    await clock.advanceAsync(6_000);
    first.release();
    expect(await stream).toEqual(fromFirst);
  });

  it('a virtual model’s own timeout holds for its endpoint', async () => {
    const { clock, first, app } = await arrange({
      rest: 'models: { v: { endpoints: [{ provider: first, model: m, timeout: 2s }, { provider: second, model: m }] } }',
    });
    first.failCalls(faults.stallBeforeHeaders());
    const asked = ask(app, 'v');
    await first.call(0);
    await clock.advanceAsync(2_000);
    expect(await asked).toEqual({ ...fromSecond, attempts: '2' });
  });
});
