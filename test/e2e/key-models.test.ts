import { afterEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

interface Scene {
  readonly app: RunningApp;
  readonly ollama: FakeUpstream;
  readonly hosted: FakeUpstream;
  readonly ask: (model: string | undefined, more?: object) => Promise<Response>;
}

/** Ollama has `llama3.1`, OpenAI `gpt-4o`; the key in use may have `llama3.1`, or what `models` says. */
async function arrange(rest: string, models = 'llama3.1'): Promise<Scene> {
  const ollama = await startFake({ kind: 'ollama', models: ['llama3.1:latest', 'qwen3:8b'] });
  const hosted = await startFake({ kind: 'openai', models: ['gpt-4o', 'gpt-4o-mini'] });
  const app = await startApp({
    yaml: `
providers:
  ollama: { base_url: "${ollama.origin}", type: ollama, models: [{ id: "llama3.1:latest" }, { id: "qwen3:8b" }], default_model: llama3.1 }
  openai: { api_base: "${hosted.baseUrl}", api_key: k, local: false, models: [{ id: gpt-4o }, { id: gpt-4o-mini }], default_model: gpt-4o-mini }
auth: { keys: [{ name: laptop, key: secret, models: [${models}] }] }
${rest}`,
  });
  cleanup.push(
    () => ollama.close(),
    () => hosted.close(),
    () => app[Symbol.asyncDispose](),
  );
  const ask = (model: string | undefined, more: object = {}) =>
    app.post(
      '/v1/chat/completions',
      { model, messages: [{ role: 'user', content: 'hi' }], ...more },
      { headers: { authorization: 'Bearer secret' } },
    );
  return { app, ollama, hosted, ask };
}

/** What would turn a name into `llama3.1`, each in the file. */
const turns: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a default model', 'routing: { default_model: llama3.1 }'],
  [
    'a default virtual model',
    'models: { v: { endpoints: [{ provider: ollama, model: llama3.1 }] } }\nrouting: { default_model: v }',
  ],
  ['a bare *', 'models: { "*": { endpoints: [{ provider: ollama, model: llama3.1 }] } }'],
  ['a pattern', 'models: { "gpt-*": { endpoints: [{ provider: ollama, model: llama3.1 }] } }'],
  ['a virtual model', 'models: { gpt-4o: { endpoints: [{ provider: ollama, model: llama3.1 }] } }'],
  ['failover.providers', 'routing: { failover: { providers: [openai, ollama] } }'],
];

const chat = { messages: [{ role: 'user', content: 'hi' }] };
const contents = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };

const requests: readonly ((model: string) => readonly [string, object])[] = [
  (model) => ['/v1/chat/completions', { model, ...chat }],
  (model) => ['/v1/responses', { model, input: 'hi' }],
  (model) => ['/v1/completions', { model, prompt: 'hi' }],
  (model) => ['/v1/embeddings', { model, input: 'hi' }],
  (model) => ['/v1/rerank', { model, query: 'hi', documents: ['hi'] }],
  (model) => ['/v1/messages', { model, max_tokens: 9, ...chat }],
  (model) => ['/v1/messages/count_tokens', { model, ...chat }],
  (model) => [`/v1beta/models/${encodeURIComponent(model)}:generateContent`, contents],
  (model) => [`/v1beta/models/${encodeURIComponent(model)}:countTokens`, contents],
  (model) => ['/api/chat', { model, ...chat }],
  (model) => ['/api/generate', { model, prompt: 'hi' }],
  (model) => ['/api/generate', { model }],
  (model) => ['/api/embed', { model, input: 'hi' }],
];

describe.each(turns)('a key for llama3.1, with %s', (_what, rest) => {
  it('gets 403 for any other name, and no answer by its own model', async () => {
    const { app, ollama, hosted } = await arrange(rest);
    const names = [
      'gpt-4o',
      'GPT-4O',
      'gpt-4o:latest',
      'openai:gpt-4o',
      'openai/gpt-4o',
      'gpt-4o:local',
      'gpt-5',
      'unheard-of',
      'qwen3:8b',
      'ollama:gpt-4o',
    ];
    for (const model of names) {
      for (const request of requests) {
        const [path, body] = request(model);
        const answer = await app.post(path, body, { headers: { authorization: 'Bearer secret' } });
        expect([path, model, answer.status], await answer.text()).toEqual([path, model, 403]);
      }
    }
    expect([...ollama.calls, ...hosted.calls]).toEqual([]);
  });

  it('gets its own under all its names', async () => {
    const { ask, hosted } = await arrange(rest);
    for (const model of [
      'llama3.1',
      'llama3.1:latest',
      'LLAMA3.1',
      'ollama:llama3.1',
      'ollama/llama3.1:latest',
      'llama3.1 ',
      'llama3.1:local',
    ]) {
      const answer = await ask(model);
      expect([model, answer.status, answer.headers.get('x-router-model')]).toEqual([model, 200, 'llama3.1:latest']);
    }
    expect(hosted.calls).toEqual([]);
  });

  it('gets nothing else when its own fails, or when it asks for any', async () => {
    const { ask, ollama, hosted } = await arrange(rest);
    const any = await ask('auto');
    expect([any.status, any.headers.get('x-router-model')]).toEqual([200, 'llama3.1:latest']);
    ollama.failCalls(faults.status(503));
    for (const model of ['llama3.1', 'auto', undefined]) expect((await ask(model)).status).toBe(503);
    expect(hosted.calls).toEqual([]);
  });
});

describe('a key for a virtual model', () => {
  const rest = `
models: { assistant: { endpoints: [{ provider: ollama, model: llama3.1 }, { provider: openai, model: gpt-4o }] } }
presets: { poet: { model: assistant } }
routing: { failover: { providers: [ollama, openai] } }`;

  it('has its endpoints, as they are written, and none of them alone', async () => {
    const { ask, ollama } = await arrange(rest, 'assistant');
    expect((await ask('assistant')).headers.get('x-router-provider')).toBe('ollama');
    ollama.failCalls(faults.status(503));
    for (const model of ['assistant', 'Assistant:latest', '@poet']) {
      const answer = await ask(model);
      expect([model, answer.status, answer.headers.get('x-router-model')]).toEqual([model, 200, 'gpt-4o']);
    }
    for (const model of ['gpt-4o', 'llama3.1', 'openai:gpt-4o', '@poet/gpt-4o'])
      expect((await ask(model)).status).toBe(403);
  });

  it('is not helped by another default of a provider', async () => {
    const { ask, ollama, hosted } = await arrange(
      rest.replace(', { provider: openai, model: gpt-4o }', ''),
      'assistant',
    );
    ollama.failCalls(faults.status(503));
    expect((await ask('assistant')).status).toBe(503);
    expect(hosted.calls).toEqual([]);
  });
});

it('a key does not get other models by naming them as fallbacks of an aggregator', async () => {
  const { ask, ollama } = await arrange('');
  expect((await ask('llama3.1', { models: ['llama3.1', 'gpt-4o'] })).status).toBe(403);
  expect(ollama.calls).toEqual([]);
  expect((await ask('llama3.1', { models: ['llama3.1'] })).status).toBe(200);
});

it('a pattern of a key is about models, not about the providers in front of them', async () => {
  const { ask, app } = await arrange('', '"op*", "llama*"');
  for (const model of ['gpt-4o', 'openai:gpt-4o', 'openai/gpt-4o'])
    expect([model, (await ask(model)).status]).toEqual([model, 403]);
  expect((await ask('llama3.1')).status).toBe(200);
  const { data } = (await (await app.get('/v1/models', { authorization: 'Bearer secret' })).json()) as {
    data: readonly { id: string }[];
  };
  expect(data.map(({ id }) => id)).toEqual(['llama3.1:latest']);
});

it('a key sees the models it may use, under the names that they have', async () => {
  const { app } = await arrange('models: { assistant: { endpoints: [{ provider: openai, model: gpt-4o }] } }');
  const headers = { authorization: 'Bearer secret' };
  const ids = async (path: string, field: string, key: string) => {
    const body = (await (await app.get(path, headers)).json()) as Record<string, readonly Record<string, string>[]>;
    return body[field]?.map((entry) => entry[key]);
  };
  expect(await ids('/v1/models', 'data', 'id')).toEqual(['llama3.1:latest']);
  expect(await ids('/api/tags', 'models', 'name')).toEqual(['llama3.1:latest']);
  expect(await ids('/v1beta/models', 'models', 'name')).toEqual(['models/llama3.1:latest']);
  const show = async (model: string) => (await app.post('/api/show', { model }, { headers })).status;
  expect([
    await show('llama3.1'),
    await show('LLAMA3.1:latest'),
    await show('gpt-4o'),
    await show('assistant'),
  ]).toEqual([200, 200, 404, 404]);
  expect((await app.get('/v1/models/llama3.1', headers)).status).toBe(200);
  expect((await app.get('/v1/models/gpt-4o', headers)).status).toBe(404);
});
