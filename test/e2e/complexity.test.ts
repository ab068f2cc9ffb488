import { afterEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

interface Scene {
  readonly ollama: FakeUpstream;
  readonly openai: FakeUpstream;
  readonly app: RunningApp;
}

/** The documented block, with addresses of fakes. */
async function arrange(more: { complexity?: string; rest?: string } = {}): Promise<Scene> {
  const ollama = await startFake({ kind: 'openai', models: ['llama3.1', 'other'], answer: { text: 'simple' } });
  const openai = await startFake({ kind: 'openai', models: ['gpt-4o'], answer: { text: 'complex' } });
  const app = await startApp({
    yaml: `
providers:
  ollama: { api_base: "${ollama.baseUrl}", models: [llama3.1, other] }
  openai: { api_base: "${openai.baseUrl}", models: [gpt-4o], api_key: sk-test-openai, local: false }
routing:
  complexity:
    enabled: true
    ${more.complexity ?? ''}
    tiers:
      simple:
        max_score: 30
        model: "llama3.1"
        provider: "ollama"
      complex:
        max_score: 100
        model: "gpt-4o"
        provider: "openai"
${more.rest ?? ''}`,
  });
  cleanup.push(
    () => ollama.close(),
    () => openai.close(),
    () => app[Symbol.asyncDispose](),
  );
  return { ollama, openai, app };
}

const hard = `Analyze the trade-offs between both designs step by step. ${'The first one keeps all state in one place. '.repeat(40)}`;

async function ask(
  app: RunningApp,
  about: { model?: string; text?: string; headers?: Record<string, string>; path?: string } = {},
) {
  const { model = 'auto', text = 'hi', headers = {}, path = '/v1/chat/completions' } = about;
  const messages = [{ role: 'user', content: text }];
  const answer = await app.post(path, { model, messages, max_tokens: 100 }, { headers });
  const body = (await answer.json()) as { error?: { message: string; hint?: string } };
  const read = (name: string) => answer.headers.get(`x-router-${name}`);
  return {
    status: answer.status,
    provider: read('provider'),
    model: read('model'),
    tier: read('complexity-tier'),
    score: Number(read('complexity-score') ?? Number.NaN),
    skipped: read('skipped'),
    fallback: read('fallback-used'),
    error: body.error,
    answer,
  };
}

describe('complexity routing', () => {
  it('sends what is simple to the one model and what is hard to the other', async () => {
    const { app } = await arrange();
    const simple = await ask(app);
    expect(simple).toMatchObject({ status: 200, provider: 'ollama', model: 'llama3.1', tier: 'simple', score: 0 });
    const complex = await ask(app, { text: hard });
    expect(complex).toMatchObject({ status: 200, provider: 'openai', model: 'gpt-4o', tier: 'complex' });
    expect(complex.score).toBeGreaterThan(30);
  });

  it('judges requests of every protocol alike', async () => {
    const { app } = await arrange();
    expect(await ask(app, { path: '/v1/messages' })).toMatchObject({ tier: 'simple', provider: 'ollama' });
    expect(await ask(app, { path: '/v1/messages', text: hard })).toMatchObject({ tier: 'complex', provider: 'openai' });
    const responses = await app.post('/v1/responses', { model: 'auto', input: hard });
    expect(responses.headers.get('x-router-complexity-tier')).toBe('complex');
  });

  it('acts on names that nobody serves, and on no other', async () => {
    const { app } = await arrange();
    expect(await ask(app, { model: 'what-is-this' })).toMatchObject({ status: 200, tier: 'simple' });
    expect(await ask(app, { model: 'other', text: hard })).toMatchObject({
      provider: 'ollama',
      model: 'other',
      tier: null,
    });
    expect(await ask(app, { model: 'openai:gpt-4o' })).toMatchObject({ provider: 'openai', tier: null });
    const locked = await ask(app, { text: hard, headers: { 'x-router-provider-lock': 'ollama' } });
    expect(locked).toMatchObject({ provider: 'ollama', tier: null });
  });

  it('acts on every name where the file says so', async () => {
    const { app } = await arrange({ complexity: 'apply_to: all' });
    expect(await ask(app, { model: 'other', text: hard })).toMatchObject({ model: 'gpt-4o', tier: 'complex' });
  });

  it('does nothing while it is off', async () => {
    const { app } = await arrange({ complexity: 'weights: {}' });
    expect((await ask(app)).tier).toBe('simple');
    const { ollama, openai } = await arrange();
    const off = await startApp({
      yaml: `
providers:
  ollama: { api_base: "${ollama.baseUrl}", models: [llama3.1] }
  openai: { api_base: "${openai.baseUrl}", models: [gpt-4o] }
routing: { complexity: { enabled: false, tiers: { all: { max_score: 100, model: gpt-4o } } } }`,
    });
    cleanup.push(() => off[Symbol.asyncDispose]());
    expect(await ask(off)).toMatchObject({ provider: 'ollama', tier: null });
  });

  it('obeys weights, and takes the tier that a caller names', async () => {
    const { app } = await arrange({ complexity: 'weights: { size: 0, phrases: 0 }' });
    expect(await ask(app, { text: hard })).toMatchObject({ tier: 'simple', score: 0 });
    for (const prefix of ['x-router-', 'x-prism-', 'x-agentcc-']) {
      const answer = await app.post(
        '/v1/chat/completions',
        { model: 'auto', messages: [{ role: 'user', content: 'hi' }] },
        { headers: { [`${prefix}complexity-override`]: 'complex' } },
      );
      expect(answer.headers.get(`${prefix}complexity-tier`)).toBe('complex');
    }
    const wrong = await ask(app, { headers: { 'x-router-complexity-override': 'huge' } });
    expect(wrong.status).toBe(400);
    expect(wrong.error).toMatchObject({ message: '"huge" is not a complexity tier.', hint: 'one of simple, complex' });
  });

  it('goes on to the harder tier when its own fails, and never to an easier one', async () => {
    const { app, ollama, openai } = await arrange();
    ollama.failCalls(faults.status(503));
    expect(await ask(app)).toMatchObject({ status: 200, provider: 'openai', fallback: 'true', tier: 'simple' });
    openai.failCalls(faults.status(503));
    expect(await ask(app, { text: hard })).toMatchObject({ status: 503, tier: 'complex' });
  });

  it('keeps at home what may not leave', async () => {
    const { app, openai } = await arrange();
    const answer = await ask(app, { text: hard, headers: { 'x-router-local-only': 'true' } });
    expect(answer.status).toBe(503);
    expect(openai.requests).toHaveLength(0);
  });

  it('answers for no name that is close to a restricted one, and for no key that may not have it', async () => {
    const { app, openai } = await arrange({
      rest: `models: { private: { local_only: true, endpoints: [ { provider: ollama, model: llama3.1 } ] } }`,
    });
    expect((await ask(app, { model: 'private:7b', text: hard })).status).toBe(404);
    expect(openai.requests).toHaveLength(0);
    const keyed = await arrange({ rest: 'auth: { keys: [ { name: a, key: key-a-long, models: [llama3.1] } ] }' });
    const headers = { authorization: 'Bearer key-a-long' };
    expect(await ask(keyed.app, { text: hard, headers })).toMatchObject({ model: 'llama3.1', tier: null });
    expect((await ask(keyed.app, { model: 'unknown', text: hard, headers })).status).toBe(403);
    expect(keyed.openai.requests).toHaveLength(0);
  });

  it('is told by route', async () => {
    const { app } = await arrange();
    const question = { operation: 'chat', protocol: 'chat_completions', lock: undefined, localOnly: false } as const;
    const small = app.app.explain({ ...question, model: 'auto', tokens: undefined });
    expect(small.tiers).toEqual([
      { tier: 'simple', max_score: 30, target: 'ollama:llama3.1' },
      { tier: 'complex', max_score: 100, target: 'openai:gpt-4o' },
    ]);
    expect(small.chain.map(({ provider }) => provider)).toEqual(['ollama', 'openai']);
    const large = app.app.explain({ ...question, model: 'auto', tokens: 4_000 });
    expect(large.chain.map(({ provider }) => provider)).toEqual(['openai']);
    expect(app.app.explain({ ...question, model: 'other', tokens: undefined }).tiers).toBeNull();
  });
});
