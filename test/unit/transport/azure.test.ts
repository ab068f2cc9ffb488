import { describe, expect, onTestFinished, test } from 'vitest';
import { azureHeaders } from '../../../src/transport/auth/azure.ts';
import { azureKey, entraToken, startAzureFake } from '../../support/fake-servers/azure.ts';
import { startApp } from '../../support/start-app.ts';

describe('a credential', () => {
  test('that is an Entra token is a Bearer, any other a key', () => {
    expect(azureHeaders(entraToken)).toEqual({ authorization: `Bearer ${entraToken}` });
    for (const key of [azureKey, 'EyJ4.5', 'eyJustAKey', '5QkXz'.repeat(16)]) {
      expect(azureHeaders(key)).toEqual({ 'api-key': key });
    }
  });
});

interface Setup {
  readonly key?: string;
  /** Appended to the resource's root. */
  readonly path?: string;
  readonly setting?: 'api_base' | 'base_url';
  readonly version?: string;
}

async function setUp({ key = azureKey, path = '', setting = 'base_url', version }: Setup = {}) {
  const fake = await startAzureFake();
  onTestFinished(() => fake.close());
  const yaml = [
    'providers:',
    '  azure:',
    `    ${setting}: ${fake.url}${path}`,
    `    api_key: ${key}`,
    ...(version === undefined ? [] : ['    settings:', `      api_version: "${version}"`]),
    '    models: [my-gpt, my-embeddings, gone]',
  ].join('\n');
  const app = await startApp({ yaml });
  onTestFinished(() => app.app.destroy());
  return { fake, app };
}

const chat = { model: 'my-gpt', messages: [{ role: 'user', content: 'Hi' }] };
const input = { model: 'my-embeddings', input: 'Hi' };
const ga = '2024-10-21';

describe('a resource', () => {
  test.each([
    [{ version: ga }, `/openai/deployments/my-gpt/chat/completions?api-version=${ga}`],
    [{}, '/openai/v1/chat/completions'],
    [{ version: 'preview' }, '/openai/v1/chat/completions?api-version=preview'],
    [{ path: '/openai/v1/', version: ga }, '/openai/v1/chat/completions'],
    [
      { setting: 'api_base', path: '/openai', version: ga },
      `/openai/deployments/my-gpt/chat/completions?api-version=${ga}`,
    ],
    [{ setting: 'api_base', version: ga }, `/openai/deployments/my-gpt/chat/completions?api-version=${ga}`],
    [{ setting: 'api_base' }, '/openai/v1/chat/completions'],
    [
      { setting: 'api_base', path: '/openai/deployments/my-gpt', version: ga },
      `/openai/deployments/my-gpt/chat/completions?api-version=${ga}`,
    ],
  ] as const)('configured as %j is asked at %s', async (setup, path) => {
    const { fake, app } = await setUp(setup);
    const response = await app.post('/v1/chat/completions', chat);
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'Hello!' } }] });
    expect(fake.requests.map((request) => request.path)).toEqual([path]);
  });

  test('is asked for embeddings and responses where it has them', async () => {
    const { fake, app } = await setUp({ version: ga });
    expect((await app.post('/v1/embeddings', input)).status).toBe(200);
    expect((await app.post('/v1/responses', { model: 'my-gpt', input: 'Hi' })).status).toBe(200);
    expect(fake.requests.map((request) => request.path)).toEqual([
      `/openai/deployments/my-embeddings/embeddings?api-version=${ga}`,
      '/openai/v1/responses',
    ]);
  });

  test('takes an Entra token in place of the key', async () => {
    const { fake, app } = await setUp({ key: entraToken });
    expect((await app.post('/v1/chat/completions', chat)).status).toBe(200);
    expect(fake.requests[0]?.headers).not.toHaveProperty('api-key');
  });

  test('streams, the chunk about the prompt first', async () => {
    const { app } = await setUp({ version: ga });
    const response = await app.post('/v1/chat/completions', { ...chat, stream: true });
    const text = await response.text();
    const chunks = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json ?? ''));
    expect(chunks.map((one) => one.choices[0]?.delta.content ?? '').join('')).toBe('Hello!');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });
});

describe('a refusal', () => {
  const filtered = {
    error: {
      message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
      type: null,
      param: 'prompt',
      code: 'content_filter',
      status: 400,
      innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: {} },
    },
  };
  const limited = { error: { code: '429', message: 'Requests have exceeded the token rate limit.' } };
  const blocked = { error: { code: '403', message: 'Public access is disabled. Please configure private endpoint.' } };

  test.each([
    ['of the prompt', { status: 400, body: filtered }, 400, 'upstream_rejected'],
    ['for a while', { status: 429, body: limited, headers: { 'retry-after': '30' } }, 429, 'rate_limit_exceeded'],
    ['of our network', { status: 403, body: blocked }, 502, 'upstream_unauthorized'],
  ])('%s is told', async (_what, fault, status, code) => {
    const { fake, app } = await setUp();
    fake.fail(fault);
    const response = await app.post('/v1/chat/completions', chat);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code, message: fault.body.error.message } });
    expect(response.headers.get('retry-after')).toBe(status === 429 ? '30' : null);
  });

  test.each([ga, undefined])('of an unknown deployment is a missing model (api_version %s)', async (version) => {
    const { app } = await setUp(version === undefined ? {} : { version });
    const response = await app.post('/v1/chat/completions', { ...chat, model: 'gone' });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'model_not_found' } });
  });

  test('of our key is ours to mend', async () => {
    const { app } = await setUp({ key: 'ffffffffffffffffffffffffffffffff' });
    const response = await app.post('/v1/chat/completions', chat);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: 'upstream_unauthorized' } });
  });
});
