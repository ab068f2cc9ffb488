import { afterEach, describe, expect, test } from 'vitest';
import { type FakeUpstream, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const apps: RunningApp[] = [];
const fakes: FakeUpstream[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app[Symbol.asyncDispose]();
  for (const fake of fakes.splice(0)) await fake.close();
});

async function start(yaml?: string): Promise<RunningApp> {
  const app = await startApp({ yaml, lookUp: async () => ['127.0.0.1'] });
  apps.push(app);
  return app;
}

/** A router whose provider `self` is the router, `more` in front of it or behind. */
async function startOwnUpstream(provider = 'type: openai', host = '127.0.0.1'): Promise<RunningApp> {
  const app = await start();
  app.edit(`providers: { self: { ${provider}, base_url: "http://${host}:${app.port}", models: [m] } }`);
  return app;
}

const messages = [{ role: 'user', content: 'hi' }];

describe('a router that is its own upstream', () => {
  test.each(['127.0.0.1', 'localhost', 'any.localhost', 'workstation.lan', 'router.example.com'])(
    'answers 508 at once, by %s',
    async (host) => {
      const app = await startOwnUpstream('type: openai', host);
      const answer = await app.post('/v1/chat/completions', { model: 'm', messages });
      expect(answer.status).toBe(508);
      expect(answer.headers.get('x-should-retry')).toBe('false');
      const { error } = (await answer.json()) as { error: Record<string, unknown> };
      expect(error).toMatchObject({
        code: 'loop_detected',
        message: expect.stringContaining('self leads back to this router'),
        attempts: [{ provider: 'self', code: 'loop_detected' }],
      });
      // The request, and the one that came back.
      expect(await app.settles(2)).toMatchObject([{ outcome: 'refused' }, { outcome: 'failed' }]);
    },
  );

  test.each([
    ['/v1/messages', 'type: anthropic, api_key: k', { model: 'm', max_tokens: 9, messages }],
    ['/v1/responses', 'api_protocol: responses', { model: 'm', input: 'hi' }],
    ['/v1beta/models/m:generateContent', 'type: gemini, api_key: k', { contents: [{ parts: [{ text: 'hi' }] }] }],
    ['/api/chat', 'type: ollama', { model: 'm', messages }],
    ['/v1/embeddings', 'type: openai', { model: 'm', input: 'hi' }],
    ['/v1/chat/completions', 'type: openai', { model: 'm', messages, stream: true }],
  ])('tells it in the protocol of %s', async (path, provider, body) => {
    const app = await startOwnUpstream(provider);
    const answer = await app.post(path, body);
    expect([answer.status, await answer.text()]).toEqual([508, expect.stringContaining('leads back to this router')]);
  });

  test.each([
    ['/v1/messages/count_tokens', 'type: anthropic, api_key: k', { model: 'm', messages }, 200],
    ['/api/generate', 'type: ollama', { model: 'm' }, 508],
  ])('does not ask itself on %s either', async (path, provider, body, status) => {
    const app = await startOwnUpstream(provider);
    expect((await app.post(path, body)).status).toBe(status);
  });

  test('goes on to one that answers', async () => {
    const fake = await startFake({ kind: 'openai', models: ['m'] });
    fakes.push(fake);
    const app = await start();
    app.edit(`providers:
  self: { base_url: "http://127.0.0.1:${app.port}", models: [m] }
  real: { api_base: "${fake.baseUrl}", models: [m] }`);
    const answer = await app.post('/v1/chat/completions', { model: 'm', messages });
    expect([answer.status, answer.headers.get('x-router-provider')]).toEqual([200, 'real']);
  });

  test('does not list its own models as those of its upstream', async () => {
    const app = await start();
    app.edit(`providers:
  self: { base_url: "http://127.0.0.1:${app.port}", local: false }
  other: { base_url: "http://127.0.0.1:9", models: [m] }`);
    const { data } = (await (await app.get('/v1/models')).json()) as { data: { id: string; providers: string[] }[] };
    expect(data).toMatchObject([{ id: 'm', providers: ['other'] }]);
  });
});

describe('routers that lead to each other', () => {
  test('answer 508 at once', async () => {
    const [one, other] = [await start(), await start()];
    one.edit(`providers: { next: { base_url: "${other.url}", models: [m] } }`);
    other.edit(`providers: { next: { base_url: "${one.url}", models: [m] } }`);
    const answer = await one.post('/v1/chat/completions', { model: 'm', messages });
    expect([answer.status, await answer.text()]).toEqual([508, expect.stringContaining('next leads back')]);
    expect([(await one.settles(2)).length, (await other.settles(1)).length]).toEqual([2, 1]);
  });

  test('in one direction are no loop', async () => {
    const fake = await startFake({ kind: 'openai', models: ['m'] });
    fakes.push(fake);
    const other = await start(`providers: { real: { api_base: "${fake.baseUrl}", models: [m] } }`);
    const one = await start(`providers: { next: { base_url: "${other.url}", models: [m] } }`);
    expect((await one.post('/v1/chat/completions', { model: 'm', messages })).status).toBe(200);
    const passed = String(fake.requests.at(-1)?.headers['x-router-via']).split(', ');
    expect(passed).toEqual([expect.stringMatching(/^[\w-]{12}$/), expect.stringMatching(/^[\w-]{12}$/)]);
    expect(passed[0]).not.toBe(passed[1]);
  });

  test('keep a request at home that the other one may send anywhere', async () => {
    const fake = await startFake({ kind: 'openai', models: ['m'] });
    fakes.push(fake);
    const other = await start(`providers: { real: { api_base: "${fake.baseUrl}", local: false, models: [m] } }`);
    const one = await startApp({ yaml: `providers: { next: { base_url: "${other.url}" } }`, ports: [] });
    apps.push(one);
    const ask = (headers: Record<string, string>) =>
      one.post('/v1/chat/completions', { model: 'm', messages }, { headers });
    expect((await ask({})).status).toBe(200);
    const calls = fake.calls.length;
    expect((await ask({ 'x-router-local-only': 'true' })).status).toBe(503);
    expect(fake.calls).toHaveLength(calls);
  });

  test('believe a client that makes up a mark no more than it harms itself', async () => {
    const fake = await startFake({ kind: 'openai', models: ['m'] });
    fakes.push(fake);
    const app = await start(`providers: { real: { api_base: "${fake.baseUrl}", models: [m] } }`);
    const ask = (via: string) =>
      app.post('/v1/chat/completions', { model: 'm', messages }, { headers: { 'x-router-via': via } });
    expect((await ask('someone, "<script>", a b')).status).toBe(200);
    expect(fake.requests.at(-1)?.headers['x-router-via']).toMatch(/^someone, [\w-]{12}$/);
    expect((await ask('a,b,c,d,e,f,g,h')).status).toBe(508);
    expect((await ask(String(fake.requests.at(-1)?.headers['x-router-via']))).status).toBe(508);
    expect((await app.post('/v1/chat/completions', { model: 'm', messages })).status).toBe(200);
  });
});
