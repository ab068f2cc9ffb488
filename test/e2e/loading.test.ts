import { afterEach, expect, test } from 'vitest';
import { createFakeClock } from '../support/clock.ts';
import { startFake } from '../support/fake-upstream.ts';
import { startApp } from '../support/start-app.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

/** Milliseconds between looks at a server that loads, and at whether it has loaded. */
const eager = 1_000;
const poll = 100;

/** A llama.cpp that answers everything with 503 since its model is not loaded yet, behind a running router. */
async function arrange(models: string) {
  const clock = createFakeClock();
  const fake = await startFake({ kind: 'llamacpp', models: ['qwen'], isLoading: true });
  const app = await startApp({
    clock,
    ports: [],
    yaml: `providers: { llamacpp: { base_url: "${fake.origin}"${models} } }`,
  });
  cleanup.push(
    () => fake.close(),
    () => app[Symbol.asyncDispose](),
  );
  return { clock, fake, app };
}

const body = { model: 'qwen', messages: [{ role: 'user', content: 'hi' }] };

test.each([false, true])('a request waits for the only server to load its model (stream: %s)', async (stream) => {
  const { clock, fake, app } = await arrange(', models: [qwen]');
  const answered = app.post('/v1/chat/completions', { ...body, stream });
  const waiting = clock.waitForTimers(clock.pending.length + 1);
  await fake.call(0);
  await waiting;
  await fake.setLoading(false);
  await clock.advanceAsync(eager);
  await app.until(() => app.told('provider-up').length > 0);
  await clock.advanceAsync(poll);
  const answer = await answered;
  expect([answer.status, answer.headers.get('x-router-attempts')], await answer.text()).toEqual([200, '2']);
  expect(fake.calls).toHaveLength(2);
});

test('a client that leaves meanwhile is not waited for', async () => {
  const { fake, app } = await arrange(', models: [qwen]');
  const leaving = new AbortController();
  const answered = app.post('/v1/chat/completions', body, { signal: leaving.signal });
  await fake.call(0);
  leaving.abort();
  await expect(answered).rejects.toThrow();
  expect(await app.settles(1)).toMatchObject([{ outcome: 'cancelled' }]);
});

test('a name that nobody serves is no mistake while a server cannot say what it serves', async () => {
  const { app } = await arrange('');
  const answer = await app.post('/v1/chat/completions', body);
  expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('x-should-retry')]).toEqual([
    503,
    '2',
    null,
  ]);
  expect(await answer.json()).toMatchObject({
    error: { code: 'not_ready', message: expect.stringContaining('loading') },
  });
});
