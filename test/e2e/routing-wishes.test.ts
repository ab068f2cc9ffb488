import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

let home: FakeUpstream;
let cloud: FakeUpstream;
let app: RunningApp;

beforeEach(async () => {
  home = await startFake({ kind: 'openai', models: ['m', 'small'] });
  cloud = await startFake({ kind: 'openai', models: ['m', 'big'] });
  app = await startApp({
    yaml: `
providers:
  home: { api_base: "${home.baseUrl}", models: [m, small] }
  cloud: { api_base: "${cloud.baseUrl}", api_key: k, models: [m, big], local: false }
models:
  smart:
    system_prompt: Be brief.
    params: { temperature: 0.1, max_tokens: 64 }
    endpoints:
      - { provider: cloud, model: big, params: { temperature: 0.9, top_p: 1.0 } }
      - { provider: home, model: small }
  private: { local_only: true, endpoints: [{ provider: cloud, model: big }, { provider: home, model: small }] }
  "gpt-*": { endpoints: [{ provider: home, model: small }] }
presets:
  poet: { model: small, system_prompt: Rhyme., params: { temperature: 1.5 } }
  homely: { routing: { only: [home] } }
variants:
  cloudy: { routing: { ignore: [home] } }
routing: { default_model: small }
`,
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await Promise.all([home.close(), cloud.close()]);
});

const messages = [{ role: 'user', content: 'hi' }];

async function ask(body: object, headers: Record<string, string> = {}): Promise<Response> {
  const answer = await app.post('/v1/chat/completions', { messages, ...body }, { headers });
  await answer.clone().arrayBuffer();
  return answer;
}

const providerOf = async (body: object, headers: Record<string, string> = {}) => {
  const answer = await ask(body, headers);
  return [answer.status, answer.headers.get('x-router-provider') ?? answer.headers.get('x-prism-provider')];
};

const sent = (fake: FakeUpstream, at = -1) => JSON.parse(fake.calls.at(at)?.body.toString() ?? 'null');

describe('the provider lock', () => {
  it.each(['x-router-provider-lock', 'x-prism-provider-lock', 'x-agentcc-provider-lock'])('%s', async (name) => {
    cloud.failCalls(faults.status(503));
    const answer = await ask({ model: 'm' }, { [name]: 'cloud' });
    expect(answer.status).toBe(503);
    expect(home.calls).toHaveLength(0);
    cloud.failCalls(undefined);
    expect((await ask({ model: 'm' }, { [name]: 'cloud' })).status).toBe(200);
  });

  it.each(['', ' ', 'home, cloud'])('on "%s", which names no provider, is 404', async (lock) => {
    expect((await ask({ model: 'm' }, { 'x-router-provider-lock': lock })).status).toBe(404);
    expect(
      (await ask({ model: 'm' }, { 'x-router-provider-lock': 'home', 'x-prism-provider-lock': 'cloud' })).status,
    ).toBe(404);
    expect(home.calls.length + cloud.calls.length).toBe(0);
  });

  it('on a provider that is not there is 404 or 503, never another provider', async () => {
    const answer = await ask({ model: 'm' }, { 'x-router-provider-lock': 'nowhere' });
    expect([400, 404, 503]).toContain(answer.status);
    expect(home.calls.length + cloud.calls.length).toBe(0);
  });
});

describe('a request that may not leave', () => {
  it.each(['true', '1', 'yes', 'TRUE', 'whatever', '', ' ', 'true, false', 'false, true', 'false,', 'null', '"false"'])(
    'by header "%s" goes home or nowhere',
    async (value) => {
      const headers = { 'x-router-local-only': value };
      expect(await providerOf({ model: 'm' }, headers)).toEqual([200, 'home']);
      expect((await ask({ model: 'big' }, headers)).status).toBe(503);
      await home.stop();
      expect((await ask({ model: 'm' }, headers)).status).toBe(502);
      expect(cloud.calls).toHaveLength(0);
    },
  );

  it.each(['x-router-local-only', 'x-prism-local-only', 'x-agentcc-local-only'])(
    'by an empty %s goes home',
    async (name) => {
      expect((await ask({ model: 'm' }, { [name]: '' })).status).toBe(200);
      expect(home.calls).toHaveLength(1);
      expect((await ask({ model: 'big' }, { [name]: '' })).status).toBe(503);
      expect((await ask({ model: 'big' }, { 'x-router-local-only': 'false', [name]: '' })).status).toBe(503);
      const counted = await app.post(
        '/v1/messages/count_tokens',
        { model: 'big', messages },
        { headers: { [name]: '' } },
      );
      expect(counted.status).toBe(503);
      const loaded = await app.post('/api/generate', { model: 'big' }, { headers: { [name]: '' } });
      expect(loaded.status).toBe(503);
      expect(cloud.calls).toHaveLength(0);
    },
  );

  it.each(['false', '0', 'No', 'off', 'false, false'])('by a header that says %s may', async (value) => {
    expect(await providerOf({ model: 'big' }, { 'x-router-local-only': value })).toEqual([200, 'cloud']);
  });

  it('by several headers goes by the strictest', async () => {
    const headers = { 'x-router-local-only': 'false', 'x-prism-local-only': 'true' };
    expect((await ask({ model: 'big' }, headers)).status).toBe(503);
    expect((await ask({ model: 'big' }, { 'x-router-local-only': 'false, machine' })).status).toBe(503);
  });

  it('by its virtual model or variant goes home', async () => {
    expect(await providerOf({ model: 'private' })).toEqual([200, 'home']);
    expect(await providerOf({ model: 'm:local' })).toEqual([200, 'home']);
    await home.stop();
    expect((await ask({ model: 'private' })).status).toBe(502);
    expect(cloud.calls).toHaveLength(0);
  });
});

describe('a virtual model', () => {
  it('goes its endpoints in the order written and fills what the request leaves out', async () => {
    expect(await providerOf({ model: 'smart', max_tokens: 5 })).toEqual([200, 'cloud']);
    expect(sent(cloud)).toMatchObject({
      model: 'big',
      temperature: 0.9,
      top_p: 1,
      max_tokens: 5,
      messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
    });
    cloud.failCalls(faults.status(500));
    expect(await providerOf({ model: 'smart' })).toEqual([200, 'home']);
    expect(sent(home)).toMatchObject({ model: 'small', temperature: 0.1, max_tokens: 64 });
    expect(sent(home).top_p).toBeUndefined();
  });

  it.each(['system', 'developer'])('leaves a %s message of the client’s alone', async (role) => {
    const own = [{ role, content: 'Mine.' }, ...messages];
    await ask({ model: 'smart', messages: own });
    expect(sent(cloud).messages).toEqual(own);
  });

  it('may be a pattern', async () => {
    expect(await providerOf({ model: 'gpt-99' })).toEqual([200, 'home']);
    expect(sent(home).model).toBe('small');
  });
});

describe('presets, variants and defaults', () => {
  it('a preset brings model, prompt and params', async () => {
    expect(await providerOf({ model: '@poet' })).toEqual([200, 'home']);
    expect(sent(home)).toMatchObject({
      model: 'small',
      temperature: 1.5,
      messages: [{ content: 'Rhyme.' }, ...messages],
    });
    await ask({ model: '@poet', temperature: 0 });
    expect(sent(home).temperature).toBe(0);
  });

  it('a preset in front of a name narrows it', async () => {
    home.failCalls(faults.status(500));
    expect((await ask({ model: '@homely/m' })).status).toBe(502);
    expect(cloud.calls).toHaveLength(0);
  });

  it('a variant behind a name narrows it and does not travel', async () => {
    expect(await providerOf({ model: 'm:cloudy' })).toEqual([200, 'cloud']);
    expect(sent(cloud).model).toBe('m');
  });

  it('an unknown name goes to the default model', async () => {
    const answer = await ask({ model: 'unheard-of' });
    expect([answer.status, answer.headers.get('x-router-model')]).toEqual([200, 'small']);
    expect(answer.headers.get('x-router-requested-model')).toBe('unheard-of');
  });

  it('no name at all is answered', async () => {
    expect(await providerOf({})).toEqual([200, 'home']);
  });

  it('pinned names stay where they are', async () => {
    cloud.failCalls(faults.status(500));
    expect(await providerOf({ model: 'cloud:m' })).toEqual([502, 'cloud']);
    expect(await providerOf({ model: 'cloud/m' })).toEqual([502, 'cloud']);
    expect(sent(cloud).model).toBe('m');
    expect(home.calls).toHaveLength(0);
  });
});

describe('the dialect of the answer’s headers', () => {
  it.each(['x-prism-', 'x-agentcc-'])('is the caller’s: %s', async (prefix) => {
    const answer = await ask({ model: 'm' }, { [`${prefix}session-id`]: 'abc' });
    const names = [...answer.headers.keys()];
    expect(names.filter((name) => name.startsWith('x-router-'))).toEqual([]);
    expect(answer.headers.get(`${prefix}provider`)).toBe('home');
    expect(answer.headers.get(`${prefix}model-used`)).toBe('m');
    expect(answer.headers.get(`${prefix}routing-strategy`)).toBe('priority');
    expect(answer.headers.get(`${prefix}fallback-used`)).toBe('false');
    expect(JSON.stringify(home.calls[0]?.headers)).not.toContain(prefix);
  });

  it('holds for errors too', async () => {
    home.failCalls(faults.status(400));
    const answer = await ask({ model: 'm' }, { 'x-prism-cache': 'off' });
    expect([answer.status, answer.headers.get('x-prism-provider')]).toEqual([400, 'home']);
  });
});

describe('embeddings', () => {
  it('move on only to the same model', async () => {
    home.failCalls(faults.status(503));
    const answer = await app.post('/v1/embeddings', { model: 'm', input: 'x' });
    expect([answer.status, answer.headers.get('x-router-provider')]).toEqual([200, 'cloud']);
    const mixed = await app.post('/v1/embeddings', { model: 'smart', input: 'x' });

    cloud.failCalls(faults.status(503));
    expect([mixed.status, mixed.headers.get('x-router-model')]).toEqual([200, 'big']);
    const alone = await app.post('/v1/embeddings', { model: 'smart', input: 'x' });
    expect(alone.status).toBe(503);
    expect(home.calls).toHaveLength(1);
  });
});
