import OpenAI from 'openai';
import { expect, it, onTestFinished } from 'vitest';
import { startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const models = ['m', { id: 'vectors', type: 'embedding' as const }];

async function appWithModels(): Promise<RunningApp> {
  const fake = await startFake({ kind: 'openai', models });
  const app = await startApp({
    yaml: `providers: {up: {api_base: "${fake.origin}/v1", models: [{id: m, type: chat}, {id: vectors, type: embedding}]}}`,
  });
  onTestFinished(async () => {
    await app.app.destroy();
    await fake.close();
  });
  return app;
}

/** Whose envelope it is. */
function dialectOf(body: unknown): string {
  const { error, type } = body as { readonly error?: unknown; readonly type?: unknown };
  if (typeof error === 'string') return 'ollama';
  if (type === 'error') return 'anthropic';
  return (error as { readonly status?: unknown }).status === undefined ? 'openai' : 'gemini';
}

it.each([
  ['POST', '/v1/chat/completions', 'openai'],
  ['POST', '/chat/completions', 'openai'],
  ['GET', '/v1/chat/completions', 'openai'],
  ['POST', '/api/v1/ai/chat/completions', 'openai'],
  ['GET', '/api/v1/ai/chat/completions', 'openai'],
  ['POST', '/api/v1/ai/responses', 'openai'],
  ['POST', '/api/v1/ai/nothing', 'openai'],
  ['POST', '/api/v1/ai', 'openai'],
  ['POST', '/nothing', 'openai'],
  ['POST', '/v1/models/m', 'openai'],
  ['POST', '/apiary', 'openai'],
  ['POST', '/v1/messages', 'anthropic'],
  ['POST', '/messages', 'anthropic'],
  ['GET', '/v1/messages', 'anthropic'],
  ['POST', '/v1/messages/batches', 'anthropic'],
  ['POST', '/v1/messages/count_tokens', 'anthropic'],
  ['POST', '/v1beta/models/m:generateContent', 'gemini'],
  ['GET', '/v1beta/models/none', 'gemini'],
  ['POST', '/v1beta/files', 'gemini'],
  ['POST', '/v1/models/m:embedContent', 'gemini'],
  ['POST', '/v1/models/m:countTokens', 'gemini'],
  ['POST', '/v1/models/m:batchGenerateContent', 'gemini'],
  ['POST', '/api/chat', 'ollama'],
  ['GET', '/api/chat', 'ollama'],
  ['POST', '/api/show', 'ollama'],
  ['POST', '/api/v1', 'ollama'],
  ['POST', '/api/pull', 'ollama'],
])('answers a mistake at %s %s in the form of %s', async (method, path, dialect) => {
  const app = await appWithModels();
  const answer = await fetch(app.url + path, {
    method,
    ...(method === 'POST' ? { headers: { 'content-type': 'application/json' }, body: '{' } : {}),
  });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(dialectOf(await answer.json())).toBe(dialect);
});

it.each(['/v1', '', '/api/v1/ai'])('serves the OpenAI client below "%s"', async (base) => {
  const app = await appWithModels();
  const client = new OpenAI({ apiKey: 'any', baseURL: app.url + base, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: 'hi' }];
  const whole = await client.chat.completions.create({ model: 'm', messages });
  expect(whole.choices[0]?.message.content).toContain('fake');
  let text = '';
  for await (const chunk of await client.chat.completions.create({ model: 'm', messages, stream: true })) {
    text += chunk.choices[0]?.delta.content ?? '';
  }
  expect(text).toBe(whole.choices[0]?.message.content);
  const vectors = await client.embeddings.create({ model: 'vectors', input: 'hi' });
  expect(vectors.data).toHaveLength(1);
  const ids = (await client.models.list()).data.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(['m', 'vectors']));
});

it.each([
  ['chat/completions', 'vectors', { messages: [{ role: 'user', content: 'hi' }] }, '/v1/embeddings'],
  ['embeddings', 'm', { input: 'hi' }, '/v1/chat/completions'],
  ['rerank', 'm', { query: 'q', documents: ['d'] }, '/v1/chat/completions'],
])('a model that is asked at the wrong path (%s of %s) is told the right one', async (path, model, body, right) => {
  const app = await appWithModels();
  const answer = await app.post(`/api/v1/ai/${path}`, { model, ...body });
  const { error } = (await answer.json()) as { readonly error: { readonly message: string } };
  expect(answer.status).toBe(400);
  expect(error.message).toContain(right);
});

it('a path that is nearly right is told the right one', async () => {
  const app = await appWithModels();
  const answer = await app.post('/v1/api/v1/ai/chat/completions', {});
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain('did you mean /v1/chat/completions?');
});
