import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../support/clock.ts';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

let clock: FakeClock;
let first: FakeUpstream;
let second: FakeUpstream;
let app: RunningApp;

beforeEach(async () => {
  clock = createFakeClock();
  first = await startFake({ kind: 'openai', models: ['m'], answer: { text: 'first' } });
  second = await startFake({ kind: 'openai', models: ['m'], answer: { text: 'second' } });
  app = await startApp({
    clock,
    yaml: `
server: { keepalive_after: 15s }
providers:
  first: { api_base: "${first.baseUrl}", models: [m], timeouts: { first_token: 60s } }
  second: { api_base: "${second.baseUrl}", models: [m] }
`,
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await Promise.all([first.close(), second.close()]);
});

const silence = 15_000;

/** A stream whose upstream says nothing for twice the silence that is allowed. */
async function askThroughSilence(model = 'm'): Promise<Response> {
  first.failCalls(faults.stallAfterEvents(1));
  const asked = app.post('/v1/chat/completions', { model, messages: [], stream: true });
  await first.call(0);
  await first.stalled();
  await clock.advanceAsync(2 * silence);
  return asked;
}

const commentsOf = (stream: string) => stream.split('\n\n').filter((event) => event.startsWith(':'));
const contentOf = (stream: string) =>
  [...stream.matchAll(/"content":"([^"]*)"/g)].map((match) => match[1] ?? '').join('');

describe('a stream that stays silent', () => {
  it('gets its headers and signs of life, and tells in a comment who answered', async () => {
    const answer = await askThroughSilence();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(answer.headers.get('x-router-provider')).toBeNull();
    expect(answer.headers.get('x-router-request-id')).not.toBeNull();
    first.release();
    const body = await answer.text();
    const comments = commentsOf(body);
    expect(comments).toHaveLength(3);
    expect(comments[2]).toContain('x-router-provider=first; ');
    expect(comments[2]).toContain('x-router-attempts=1');
    expect(contentOf(body)).toBe('first');
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(body.indexOf('x-router-provider')).toBeLessThan(body.indexOf('data:'));
    expect(app.settled).toMatchObject([{ outcome: 'completed', status: 200 }]);
  });

  it('may still go on to the next candidate', async () => {
    const answer = await askThroughSilence();
    await first.stop();
    const body = await answer.text();
    expect(commentsOf(body).at(-1)).toMatch(/x-router-provider=second; .*x-router-attempts=2; .*fallback-used=true/);
    expect(contentOf(body)).toBe('second');
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(app.settled).toMatchObject([{ outcome: 'completed', provider: 'second', fallbackUsed: true }]);
  });

  it('ends with an error event and no end marker when all fail', async () => {
    first.failCalls(faults.stallBeforeHeaders());
    second.failCalls(faults.status(401));
    const asked = app.post('/v1/chat/completions', { model: 'm', messages: [], stream: true });
    await first.call(0);
    await first.stalled();
    await clock.advanceAsync(silence);
    const answer = await asked;
    await first.stop();
    const events = (await answer.text()).split('\n\n').filter((event) => event.startsWith('data:'));
    expect(events).toHaveLength(1);
    const { error } = JSON.parse(events[0]?.slice(5) ?? '');
    expect([error.code, error.attempts.length]).toEqual(['upstream_unauthorized', 2]);
    expect(app.settled).toMatchObject([{ outcome: 'failed', code: 'upstream_unauthorized' }]);
  });

  it('is left quickly when its client goes', async () => {
    const answer = await askThroughSilence();
    await answer.body?.cancel();
    expect(await first.waitForClose(0)).toBe('aborted');
    expect(await app.settles(1)).toMatchObject([{ outcome: 'cancelled' }]);
    expect(clock.pending.filter((ms) => ms === silence)).toEqual([]);
  });
});

it('is no business of answers that are not streamed', async () => {
  first.failCalls(faults.stallBeforeHeaders());
  const asked = app.post('/v1/chat/completions', { model: 'm', messages: [] });
  await first.call(0);
  await first.stalled();
  await clock.advanceAsync(4 * silence);
  first.release();
  const answer = await asked;
  expect(answer.headers.get('x-router-provider')).toBe('first');
  expect(answer.headers.get('content-type')).toBe('application/json');
});
