import { afterEach, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../support/clock.ts';
import { type FakeUpstream, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

/** Milliseconds until a suspicion is looked into; between looks at what is down; that a refusal alone counts. */
const suspicion = 1_000;
const eager = 1_000;
const patience = 5_000;

interface Told {
  readonly model: string;
  readonly provider: string | null;
  readonly attempts: string | null;
  readonly fallback: string | null;
  readonly skipped: string | null;
  readonly local: string | null;
}

async function ask(app: RunningApp, isStream: boolean): Promise<Told> {
  const answer = await app.post('/v1/chat/completions', {
    model: 'default',
    messages: [{ role: 'user', content: 'hi' }],
    ...(isStream ? { stream: true } : {}),
  });
  const body = await answer.text();
  expect([answer.status, body.endsWith('data: [DONE]\n\n')]).toEqual([200, isStream]);
  const header = (name: string) => answer.headers.get(`x-router-${name}`);
  return {
    model: /"model":"([^"]*)"/.exec(body)?.[1] ?? '',
    provider: header('provider'),
    attempts: header('attempts'),
    fallback: header('fallback-used'),
    skipped: header('skipped'),
    local: header('local'),
  };
}

const fromLocal: Told = {
  model: 'llama3.1:latest',
  provider: 'ollama',
  attempts: '1',
  fallback: 'false',
  skipped: null,
  local: 'true',
};
const fromHosted: Told = { ...fromLocal, model: 'gpt', provider: 'hosted', fallback: 'true', local: 'false' };

interface Scene {
  readonly clock: FakeClock;
  readonly ollama: FakeUpstream;
  readonly app: RunningApp;
}

async function arrange(): Promise<Scene> {
  const clock = createFakeClock();
  const ollama = await startFake({ kind: 'ollama', models: ['llama3.1:latest'] });
  const hosted = await startFake({ kind: 'openai', models: ['gpt'] });
  const app = await startApp({
    clock,
    ports: [{ port: ollama.port, kinds: ['ollama'], first: 'ollama' }],
    yaml: `
providers:
  hosted: { api_base: ${hosted.baseUrl}, api_key: k, models: [gpt], local: false }
models:
  default: { endpoints: [{ provider: ollama, model: llama3.1 }, { provider: hosted, model: gpt }] }
`,
  });
  cleanup.push(
    () => ollama.close(),
    () => hosted.close(),
    () => app[Symbol.asyncDispose](),
  );
  return { clock, ollama, app };
}

it.each([
  ['whole', false],
  ['stream', true],
])('goes from local to hosted and back by itself: %s', async (_mode, isStream) => {
  const { clock, ollama, app } = await arrange();
  expect(await ask(app, isStream)).toEqual(fromLocal);

  await ollama.stop();
  expect(await ask(app, isStream)).toEqual({ ...fromHosted, attempts: '2' });
  expect(await ask(app, isStream)).toEqual({ ...fromHosted, attempts: '1', skipped: 'ollama;down' });
  await clock.advanceAsync(suspicion);
  await app.until(() => app.told('provider-down').length > 0);
  expect(await ask(app, isStream)).toEqual({ ...fromHosted, attempts: '1', skipped: 'ollama;down' });
  expect(app.told('provider-down')).toMatchObject([{ provider: 'ollama' }]);

  await ollama.restart();
  await clock.advanceAsync(eager);
  await app.until(() => app.told('provider-up').filter(({ provider }) => provider === 'ollama').length > 1);
  expect(await ask(app, isStream)).toEqual(fromLocal);
});

it('is back at a local server that was restarted between two looks', async () => {
  const { clock, ollama, app } = await arrange();
  await ollama.stop();
  expect(await ask(app, false)).toEqual({ ...fromHosted, attempts: '2' });
  await ollama.restart();
  const look = ollama.nextRequest();
  await clock.advanceAsync(suspicion);
  await look;
  await clock.advanceAsync(patience);
  expect(await ask(app, false)).toEqual(fromLocal);
  expect(app.told('provider-down')).toEqual([]);
});

it('asks a local server that is down all the same when nobody else is left', async () => {
  await using ollama = await startFake({ kind: 'ollama', models: ['llama3.1:latest'] });
  await using app = await startApp({ ports: [{ port: ollama.port, kinds: ['ollama'], first: 'ollama' }] });
  await ollama.stop();
  const body = { model: 'ollama/llama3.1', messages: [] };
  const first = await app.post('/v1/chat/completions', body);
  expect([first.status, first.headers.get('x-router-attempts')]).toEqual([502, '3']);
  await app.until(() => app.told('provider-down').length > 0);
  const isAsked = ollama.nextRequest((request) => request.method === 'POST');
  await ollama.restart();
  const second = await app.post('/v1/chat/completions', body);
  expect([second.status, second.headers.get('x-router-skipped')]).toEqual([200, null]);
  await isAsked;
});
