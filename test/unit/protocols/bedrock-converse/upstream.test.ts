import { describe, expect, onTestFinished, test } from 'vitest';
import { type BedrockAccount, sampleAccount, startBedrockFake } from '../../../support/fake-servers/bedrock.ts';
import { startApp } from '../../../support/start-app.ts';

const environment = {
  AWS_ACCESS_KEY_ID: sampleAccount.accessKeyId,
  AWS_SECRET_ACCESS_KEY: sampleAccount.secretAccessKey,
};

interface Setup {
  readonly environment?: Readonly<Record<string, string>>;
  readonly account?: BedrockAccount;
  /** Lines of YAML under the provider. */
  readonly provider?: readonly string[];
}

/** The router in front of a Bedrock that checks every signature. */
async function setUp(options: Setup = {}) {
  const fake = await startBedrockFake(options.account);
  onTestFinished(() => fake.close());
  const yaml = [
    'providers:',
    '  bedrock:',
    `    api_base: ${fake.url}`,
    ...(options.provider ?? []).map((line) => `    ${line}`),
    '    models:',
    '      - id: claude',
    '        upstream_id: anthropic.claude-sonnet-4-5-20250929-v1:0',
    '      - id: gone',
    '        upstream_id: anthropic.claude-v1',
  ].join('\n');
  const app = await startApp({ yaml, environment: options.environment ?? environment });
  onTestFinished(() => app.app.destroy());
  return { fake, app };
}

const chat = { model: 'claude', messages: [{ role: 'user', content: 'Hi' }] };

describe('a client of OpenAI', () => {
  test('is answered', async () => {
    const { fake, app } = await setUp();
    fake.answer({ blocks: [{ text: 'Grüezi' }], usage: { cacheReadInputTokens: 5 } });
    const response = await app.post('/v1/chat/completions', chat);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      choices: [{ message: { content: 'Grüezi' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 30, completion_tokens: 15 },
    });
    expect(response.headers.get('x-router-model')).toBe('anthropic.claude-sonnet-4-5-20250929-v1:0');
    expect(fake.requests[0]?.path).toBe('/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse');
  });

  test('is answered by a stream', async () => {
    const { fake, app } = await setUp();
    fake.answer({ blocks: [{ text: 'Hello there, friend' }] });
    const response = await app.post('/v1/chat/completions', { ...chat, stream: true });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = (await response.text()).split('\n\n').filter((event) => event.startsWith('data: {'));
    const chunks = events.map((event) => JSON.parse(event.slice(6)));
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Hello there, friend');
    expect(chunks.some((chunk) => chunk.choices[0]?.finish_reason === 'stop')).toBe(true);
  });

  test('hears of an exception before the first word as an error', async () => {
    const { fake, app } = await setUp();
    fake.answer({
      fault: { kind: 'exception', after: 1, exception: 'validationException', message: 'No such thing.' },
    });
    const response = await app.post('/v1/chat/completions', { ...chat, stream: true });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: 'No such thing.' } });
  });
});

test("Claude's reasoning comes and goes through a client of Anthropic", async () => {
  const { fake, app } = await setUp();
  fake.answer({ blocks: [{ reasoning: 'hm', signature: 'c2VhbA==' }, { text: 'Yes' }] });
  const ask = { model: 'claude', max_tokens: 4096, thinking: { type: 'enabled', budget_tokens: 2048 } };
  const messages: unknown[] = [{ role: 'user', content: 'Sure?' }];
  const response = await app.post('/v1/messages', { ...ask, messages });
  const first = (await response.json()) as { readonly content: readonly unknown[] };
  expect(first).toMatchObject({ content: [{ thinking: 'hm', signature: 'c2VhbA==' }, { text: 'Yes' }] });
  messages.push({ role: 'assistant', content: first.content }, { role: 'user', content: 'Really?' });
  expect((await app.post('/v1/messages', { ...ask, messages })).status).toBe(200);
  expect(fake.requests[1]?.body).toMatchObject({
    messages: [
      {},
      { content: [{ reasoningContent: { reasoningText: { text: 'hm', signature: 'c2VhbA==' } } }, { text: 'Yes' }] },
      {},
    ],
    additionalModelRequestFields: { thinking: { budget_tokens: 2048 } },
  });
});

describe('the credential', () => {
  test('may be temporary', async () => {
    const { app } = await setUp({
      account: { ...sampleAccount, sessionToken: 'session' },
      environment: { ...environment, AWS_SESSION_TOKEN: 'session' },
    });
    expect((await app.post('/v1/chat/completions', chat)).status).toBe(200);
  });

  test('may stand in the settings', async () => {
    const { app } = await setUp({
      environment: { KEY_ID: sampleAccount.accessKeyId, KEY: sampleAccount.secretAccessKey },
      provider: ['settings:', `  aws_access_key_id: \${KEY_ID}`, `  aws_secret_access_key: \${KEY}`],
    });
    expect((await app.post('/v1/chat/completions', chat)).status).toBe(200);
  });

  test('may be a key of Bedrock itself', async () => {
    const { fake, app } = await setUp({ environment: { KEY: 'bedrock-api-key-test' }, provider: [`api_key: \${KEY}`] });
    expect((await app.post('/v1/chat/completions', chat)).status).toBe(200);
    expect(fake.requests[0]?.headers.authorization).toBe('Bearer bedrock-api-key-test');
  });

  test("that is refused is ours to mend, not the client's", async () => {
    const { app } = await setUp({ environment: { ...environment, AWS_SECRET_ACCESS_KEY: 'wrong' } });
    const response = await app.post('/v1/chat/completions', chat);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({
      error: { code: 'upstream_unauthorized', message: expect.stringContaining('signature') },
    });
  });

  test('that is missing is asked for', async () => {
    const { fake, app } = await setUp({ environment: { AWS_EC2_METADATA_DISABLED: 'true' } });
    const response = await app.post('/v1/chat/completions', chat);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({
      error: { message: 'No AWS credentials were found.', hint: expect.stringContaining('AWS_ACCESS_KEY_ID') },
    });
    expect(fake.requests).toEqual([]);
  });

  test("of the client's own never reaches the upstream", async () => {
    const { app } = await setUp();
    const headers = { 'x-amz-security-token': 'theirs', 'x-amz-date': '20200101T000000Z' };
    expect((await app.post('/v1/chat/completions', chat, { headers })).status).toBe(200);
  });
});

test('an unknown model is missing', async () => {
  const { app } = await setUp();
  const response = await app.post('/v1/chat/completions', { ...chat, model: 'gone' });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: { message: 'The provided model identifier is invalid.' } });
});
