import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../support/clock.ts';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';
import { type FaultRow, faultRows, type Showing, text } from './fault-rows.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

/** Only ever passes on the fake clock: no machine is too slow for these tests. */
const timeoutMs = 600_000;
/** A label of more than 63 characters: it fails before anybody is asked. */
const nowhere = `http://${'a'.repeat(64)}.invalid/v1`;

interface Scene {
  readonly first: FakeUpstream;
  readonly second: FakeUpstream;
  readonly clock: FakeClock | undefined;
  readonly app: RunningApp;
}

async function arrange(row: Pick<FaultRow, 'fault' | 'place' | 'stalls'>): Promise<Scene> {
  const first = await startFake({ kind: 'openai', models: ['m'], answer: { text } });
  const second = await startFake({ kind: 'openai', models: ['n'], answer: { text: `Zweite ${text}` } });
  const clock = row.stalls === 'timeout' ? createFakeClock() : undefined;
  const app = await startApp({
    clock,
    yaml: `
server: { keepalive_after: 1h }
providers:
  first:
    api_base: ${row.place === 'nowhere' ? nowhere : first.baseUrl}
    models: [m]
    timeouts: { first_token: ${timeoutMs}ms, idle: ${timeoutMs}ms, total: ${timeoutMs}ms }
  second: { api_base: ${second.baseUrl}, models: [n] }
models:
  only: { endpoints: [{ provider: first, model: m }] }
  chain: { endpoints: [{ provider: first, model: m }, { provider: second, model: n }] }
`,
  });
  cleanup.push(
    () => first.close(),
    () => second.close(),
    () => app[Symbol.asyncDispose](),
  );
  first.failCalls(row.fault);
  if (row.place === 'stopped') await first.stop();
  return { first, second, clock, app };
}

function bodyOf(model: string, isStream: boolean): object {
  const messages = [{ role: 'user', content: 'Grüß dich' }];
  // With usage asked for, not a byte of the answer is ours to take out.
  return isStream
    ? { model, messages, stream: true, stream_options: { include_usage: true } }
    : { model, messages, temperature: 0.5 };
}

/** What has come of an answer, for waiting on it. */
class Arriving {
  #text = '';
  readonly #waiters: { readonly events: number; readonly resolve: () => void }[] = [];

  async read(answer: Response): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) {
      this.#text += decoder.decode(chunk, { stream: true });
      for (const { resolve } of this.#waiters.filter(({ events }) => eventsOf(this.#text).length >= events)) resolve();
    }
  }

  get text(): string {
    return this.#text;
  }

  events(count: number): Promise<void> {
    return new Promise((resolve) => this.#waiters.push({ events: count, resolve }));
  }
}

interface Asking {
  readonly model: 'only' | 'chain';
  readonly isStream: boolean;
  readonly row: FaultRow;
  readonly tries: number;
}

/** Each time the first fake stands still: waits for what it sent, then goes on in the way of the row. */
async function goOn({ first, clock }: Scene, { row, isStream, tries }: Asking, arriving: Arriving): Promise<void> {
  for (let index = 0; index < tries; index++) {
    await first.call(index);
    await first.stalled();
    if (isStream && row.stream.kind === 'breaks') await arriving.events(row.stream.events);
    if (clock === undefined) first.release();
    else await clock.advanceAsync(timeoutMs);
    await first.waitForClose(index);
  }
}

/** What this fake says to exactly the request that it got, asked without the router. */
async function spoken(fake: FakeUpstream, fault?: FaultRow['fault']): Promise<string> {
  fake.failCalls(fault);
  const call = fake.calls.at(-1);
  const answer = await fetch(fake.origin + call?.path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: call?.body as Buffer<ArrayBuffer>,
  });
  return answer.text();
}

function eventsOf(stream: string): readonly string[] {
  return stream.split('\n\n').filter((event) => event !== '');
}

interface Received {
  readonly answer: Response;
  readonly body: string;
}

async function ask(scene: Scene, asking: Asking): Promise<Received> {
  const arriving = new Arriving();
  const going = asking.row.stalls === undefined ? undefined : goOn(scene, asking, arriving);
  const answer = await scene.app.post('/v1/chat/completions', bodyOf(asking.model, asking.isStream));
  await arriving.read(answer);
  await going;
  return { answer, body: arriving.text };
}

interface Facts {
  readonly attempts: number;
  readonly provider: string;
  readonly fallback: boolean;
}

function expectFacts({ answer }: Received, facts: Facts): void {
  expect({
    attempts: answer.headers.get('x-router-attempts'),
    provider: answer.headers.get('x-router-provider'),
    fallback: answer.headers.get('x-router-fallback-used'),
    skipped: answer.headers.get('x-router-skipped'),
  }).toEqual({
    attempts: String(facts.attempts),
    provider: facts.provider,
    fallback: String(facts.fallback),
    skipped: null,
  });
}

/** One outcome, and nobody upstream still at work. */
async function expectSettled(scene: Scene, expected: { outcome: string; attempts: number }): Promise<void> {
  await scene.app.settles(1);
  await Promise.all([...scene.first.calls, ...scene.second.calls].map((call) => call.closed));
  expect(scene.first.openRequests + scene.second.openRequests).toBe(0);
  await scene.app.close();
  expect(scene.app.settled).toMatchObject([{ outcome: expected.outcome }]);
  expect(scene.app.settled[0]?.attempts).toHaveLength(expected.attempts);
}

function expectError(received: Received, showing: Extract<Showing, { status: number }>, attempts: number): void {
  const { error } = JSON.parse(received.body);
  expect([received.answer.status, error.code]).toEqual([showing.status, showing.code]);
  expect(error.attempts).toHaveLength(attempts);
  expect(received.answer.headers.get('x-should-retry')).toBe('false');
}

async function expectBroken(scene: Scene, received: Received, events: number): Promise<void> {
  expect(received.answer.status).toBe(200);
  const got = eventsOf(received.body);
  expect(got.slice(0, -1)).toEqual(eventsOf(await spoken(scene.first)).slice(0, events));
  const last = JSON.parse(got.at(-1)?.replace(/^data: /, '') ?? '');
  expect(last.error.code).toBe('stream_broken');
}

describe.each([
  ['whole', false],
  ['stream', true],
] as const)('%s, only candidate', (mode, isStream) => {
  it.each(faultRows)('$name', async (row) => {
    const scene = await arrange(row);
    const showing = row[mode];
    const tries = showing.kind === 'fails' ? showing.tries : 1;
    const received = await ask(scene, { model: 'only', isStream, row, tries });
    expectFacts(received, { attempts: tries, provider: 'first', fallback: false });
    const outcome = { answers: 'completed', breaks: 'broken', fails: 'failed', refuses: 'failed' }[showing.kind];
    await expectSettled(scene, { outcome, attempts: tries });
    if (showing.kind === 'answers') expect(received.body === (await spoken(scene.first, row.fault))).toBe(true);
    else if (showing.kind === 'breaks') await expectBroken(scene, received, showing.events);
    else expectError(received, showing, tries);
    expect(received.answer.headers.get('retry-after')).toBe(row.retryAfter ?? null);
    expect(scene.second.calls).toHaveLength(0);
  });
});

describe.each([
  ['whole', false],
  ['stream', true],
] as const)('%s, with a second candidate', (mode, isStream) => {
  it.each(faultRows)('$name', async (row) => {
    const scene = await arrange(row);
    const showing = row[mode];
    const received = await ask(scene, { model: 'chain', isStream, row, tries: 1 });
    if (showing.kind === 'fails') {
      expectFacts(received, { attempts: 2, provider: 'second', fallback: true });
      expect(received.answer.status).toBe(200);
      await expectSettled(scene, { outcome: 'completed', attempts: 2 });
      expect(scene.second.calls).toHaveLength(1);
      expect(received.body).toBe(await spoken(scene.second));
      return;
    }
    expectFacts(received, { attempts: 1, provider: 'first', fallback: false });
    const outcome = { answers: 'completed', breaks: 'broken', refuses: 'failed' }[showing.kind];
    await expectSettled(scene, { outcome, attempts: 1 });
    expect(scene.second.calls).toHaveLength(0);
    if (showing.kind === 'answers') expect(received.body === (await spoken(scene.first, row.fault))).toBe(true);
    else if (showing.kind === 'breaks') await expectBroken(scene, received, showing.events);
    else expectError(received, showing, 1);
  });
});

describe.each([
  ['before the headers', faults.stallBeforeHeaders()],
  ['after the headers', faults.stallAfterHeaders()],
  ['after content', faults.stallAfterEvents(3)],
] as const)('the client leaves %s', (_when, fault) => {
  it.each([
    ['whole', 'only', false],
    ['whole', 'chain', false],
    ['stream', 'only', true],
    ['stream', 'chain', true],
  ] as const)('%s, %s', async (_mode, model, isStream) => {
    const scene = await arrange({ fault, stalls: 'timeout' });
    const leaving = new AbortController();
    const asked = scene.app
      .post('/v1/chat/completions', bodyOf(model, isStream), { signal: leaving.signal })
      .then((answer) => answer.text());
    const gone = expect(asked).rejects.toThrow();
    await scene.first.call(0);
    await scene.first.stalled();
    leaving.abort();
    await gone;
    expect(await scene.first.waitForClose(0)).toBe('aborted');
    await expectSettled(scene, { outcome: 'cancelled', attempts: 1 });
    expect([scene.first.calls.length, scene.second.calls.length]).toEqual([1, 0]);
  });
});
