import { afterEach, expect, it } from 'vitest';
import type { DefaultPort } from '../../src/catalogue/local-servers.ts';
import { type FakeOptions, type FakeUpstream, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

async function start(options: FakeOptions): Promise<FakeUpstream> {
  const fake = await startFake(options);
  cleanup.push(() => fake.close());
  return fake;
}

async function discovering(ports: readonly DefaultPort[]): Promise<RunningApp> {
  const app = await startApp({ ports });
  cleanup.push(() => app[Symbol.asyncDispose]());
  return app;
}

const at = (fake: FakeUpstream, first: DefaultPort['first']): DefaultPort => ({ port: fake.port, kinds: [], first });
const hello = { messages: [{ role: 'user', content: 'hi' }] };

interface Listed {
  readonly id: string;
  readonly owned_by: string;
  readonly providers: readonly string[];
}

async function list(app: RunningApp): Promise<readonly Listed[]> {
  const { data } = (await (await app.get('/v1/models')).json()) as { readonly data: readonly Listed[] };
  return data;
}

it('lists the models of all four servers once each, and no web page', async () => {
  const ollama = await start({ kind: 'ollama', models: ['llama3.1:latest', 'shared'] });
  const llamacpp = await start({ kind: 'llamacpp', models: ['/models/qwen.gguf'] });
  const lmStudio = await start({ kind: 'lm_studio', models: ['google/gemma-3'] });
  const vllm = await start({ kind: 'vllm', models: ['shared'] });
  const web = await start({ kind: 'plain-web' });
  const app = await discovering([
    at(ollama, 'ollama'),
    at(llamacpp, 'models'),
    at(lmStudio, 'lm-studio'),
    at(vllm, 'models'),
    at(web, 'models'),
  ]);
  const models = await list(app);
  const providersOf = new Map(models.map(({ id, providers }) => [id, providers]));
  expect(models).toHaveLength(providersOf.size);
  expect(providersOf.get('llama3.1:latest')).toEqual(['ollama']);
  expect(providersOf.get('qwen')).toEqual(['llamacpp']);
  expect(providersOf.get('google/gemma-3')).toEqual(['lm_studio']);
  expect(providersOf.get('shared')?.toSorted()).toEqual(['ollama', 'vllm']);
  expect(providersOf.size).toBe(4);
  expect([...(await app.get('/v1/models')).headers.keys()]).toContain('x-router-request-id');
});

it('answers for each of them by the names that clients use', async () => {
  const ollama = await start({ kind: 'ollama', models: ['llama3.1:latest'] });
  const llamacpp = await start({ kind: 'llamacpp', models: ['/models/qwen.gguf'] });
  const lmStudio = await start({ kind: 'lm_studio', models: ['google/gemma-3'] });
  const app = await discovering([at(ollama, 'ollama'), at(llamacpp, 'models'), at(lmStudio, 'lm-studio')]);
  const names = {
    'llama3.1': 'ollama',
    'ollama/llama3.1': 'ollama',
    'ollama:llama3.1:latest': 'ollama',
    qwen: 'llamacpp',
    'google/gemma-3': 'lm_studio',
  };
  for (const [model, provider] of Object.entries(names)) {
    const answer = await app.post('/v1/chat/completions', { model, ...hello });
    expect([model, answer.status, answer.headers.get('x-router-provider')]).toEqual([model, 200, provider]);
    expect(answer.headers.get('x-router-requested-model')).toBe(model);
    expect(answer.headers.get('x-router-local')).toBe('true');
  }
  expect((await app.get('/readyz')).status).toBe(200);
});

it('finds a model that was pulled a moment ago', async () => {
  const ollama = await start({ kind: 'ollama', models: ['llama3.1:latest'] });
  const app = await discovering([at(ollama, 'ollama')]);
  ollama.update({ models: [{ id: 'llama3.1:latest' }, { id: 'fresh:latest' }] });
  const answer = await app.post('/v1/chat/completions', { model: 'fresh', ...hello });
  expect([answer.status, answer.headers.get('x-router-model')]).toEqual([200, 'fresh:latest']);
});

it('names near names for one that nobody has', async () => {
  const ollama = await start({ kind: 'ollama', models: ['llama3.1:latest'] });
  const app = await discovering([at(ollama, 'ollama')]);
  const answer = await app.post('/v1/chat/completions', { model: 'llama3.1:latset', ...hello });
  const { error } = (await answer.json()) as { error: { code: string; hint: string; param: string } };
  expect([answer.status, error.code, error.param]).toEqual([404, 'model_not_found', 'model']);
  expect(error.hint).toContain('llama3.1:latest');
  expect(answer.headers.get('x-router-attempts')).toBe('0');
});

it('says which server is not there, and how to start it', async () => {
  const app = await discovering([]);
  const answer = await app.post('/v1/chat/completions', { model: 'ollama/llama3.1', ...hello });
  const { error } = (await answer.json()) as { error: { message: string } };
  expect(answer.status).toBe(503);
  expect(error.message).toContain('ollama serve');
  expect((await app.get('/readyz')).status).toBe(503);
  expect((await app.get('/healthz')).status).toBe(200);
});
