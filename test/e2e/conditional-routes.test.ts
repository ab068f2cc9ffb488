import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

let home: FakeUpstream;
let cloud: FakeUpstream;
let app: RunningApp;

beforeEach(async () => {
  home = await startFake({ kind: 'openai', models: ['m', 'small'] });
  cloud = await startFake({ kind: 'openai', models: ['m', 'big', 'seeing'] });
  app = await startApp({
    yaml: `
server: { skip_auth: false }
providers:
  home: { api_base: "${home.baseUrl}", models: [m, small] }
  cloud: { api_base: "${cloud.baseUrl}", models: [m, big, seeing] }
auth:
  enabled: true
  keys: [{ name: free, key: sk-free, owner: ann, models: [m] }, { name: all, key: sk-all }]
routing:
  conditional_routes:
    - { name: later, priority: 9, condition: { field: metadata.tier, op: $exists, value: true }, action: { provider: home } }
    - name: gold
      priority: 1
      condition: { $and: [{ field: metadata.tier, op: $eq, value: gold }, { field: model, op: $ne, value: small }] }
      action: { provider: cloud, model_override: big }
    - { name: pictures, condition: { field: images, op: $eq, value: true }, action: { model: seeing } }
    - { name: long, condition: { field: tokens, op: $gt, value: 1000 }, action: { provider: cloud } }
    - { name: streams, condition: { field: stream, op: $eq, value: true }, action: { provider: cloud } }
    - { name: team, condition: { field: headers.x-team, op: $in, value: [red, blue] }, action: { provider: cloud } }
    - { name: session, condition: { field: session_id, op: $regex, value: "^s-" }, action: { provider: cloud } }
    - { name: owner, condition: { $and: [{ field: owner, op: $eq, value: ann }, { field: user, op: $eq, value: bob }] }, action: { provider: cloud } }
`,
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await Promise.all([home.close(), cloud.close()]);
});

const messages = [{ role: 'user', content: 'hi' }];

async function ask(body: object, headers: Record<string, string> = {}): Promise<Response> {
  const given = { authorization: 'Bearer sk-all', ...headers };
  const answer = await app.post('/v1/chat/completions', { model: 'm', messages, ...body }, { headers: given });
  await answer.clone().arrayBuffer();
  return answer;
}

const facts = ({ headers }: Response) => [
  headers.get('x-router-route'),
  headers.get('x-router-provider'),
  headers.get('x-router-model'),
];

describe('routing.conditional_routes', () => {
  const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };

  it.each([
    ['nothing', {}, {}, [null, 'home', 'm']],
    ['metadata, the lower priority first', { metadata: { tier: 'gold' } }, {}, ['gold', 'cloud', 'big']],
    ['metadata of another value', { metadata: { tier: 'tin' } }, {}, ['later', 'home', 'm']],
    ['metadata, but not the model', { model: 'small', metadata: { tier: 'gold' } }, {}, ['later', 'home', 'small']],
    ['metadata in a header', {}, { 'x-prism-metadata': '{"tier":"gold"}' }, ['gold', 'cloud', 'big']],
    ['a header that is no JSON', {}, { 'x-router-metadata': '{tier' }, [null, 'home', 'm']],
    ['an image', { messages: [{ role: 'user', content: [picture] }] }, {}, ['pictures', 'cloud', 'seeing']],
    ['size', { messages: [{ role: 'user', content: 'x'.repeat(8_000) }] }, {}, ['long', 'cloud', 'm']],
    ['a stream', { stream: true }, {}, ['streams', 'cloud', 'm']],
    ['a header', {}, { 'x-team': 'blue' }, ['team', 'cloud', 'm']],
    ['another value of the header', {}, { 'x-team': 'green' }, [null, 'home', 'm']],
    ['the session', {}, { 'x-agentcc-session-id': 's-1' }, ['session', 'cloud', 'm']],
    ['the session in metadata', { metadata: { session_id: 's-2' } }, {}, ['session', 'cloud', 'm']],
    ['the key', { user: 'bob' }, { authorization: 'Bearer sk-free' }, ['owner', 'cloud', 'm']],
    ['another key', { user: 'bob' }, {}, [null, 'home', 'm']],
  ])('goes by %s', async (_what, body, headers, expected) => {
    const answer = await ask(body, headers as Record<string, string>);
    expect(answer.status).toBe(200);
    const prefix = Object.keys(headers).some((name) => name.startsWith('x-prism-')) ? 'x-prism-' : 'x-router-';
    const spelled = Object.keys(headers).some((name) => name.startsWith('x-agentcc-')) ? 'x-agentcc-' : prefix;
    const own = (name: string, foreign = name) =>
      answer.headers.get(`${spelled}${spelled === 'x-router-' ? name : foreign}`);
    expect([own('route'), own('provider'), own('model', 'model-used')]).toEqual(expected);
  });

  it('goes nowhere else when the provider of the route fails', async () => {
    cloud.failCalls(faults.status(503));
    const answer = await ask({}, { 'x-team': 'red' });
    expect(answer.status).toBe(503);
    expect(home.calls).toHaveLength(0);
  });

  it('gives way to the caller’s own lock', async () => {
    expect(facts(await ask({}, { 'x-team': 'red', 'x-router-provider-lock': 'home' }))).toEqual([null, 'home', 'm']);
  });

  it('gives a key no name that is not in its list, asked for or led to', async () => {
    const free = { authorization: 'Bearer sk-free' };
    expect(facts(await ask({ stream: true }, free))).toEqual(['streams', 'cloud', 'm']);
    const led = await ask({ metadata: { tier: 'gold' } }, free);
    expect([led.status, JSON.parse(await led.text()).error.message]).toEqual([403, expect.stringContaining('big')]);
    expect((await ask({ model: 'small', stream: true }, free)).status).toBe(403);
    expect((await ask({ model: 'big' }, free)).status).toBe(403);
    expect(cloud.calls).toHaveLength(1);
  });

  it('shows in an explanation where the name alone decides', async () => {
    app.edit(`
providers:
  home: { api_base: "${home.baseUrl}", models: [m, small] }
  cloud: { api_base: "${cloud.baseUrl}", models: [m, big] }
routing:
  conditional_routes:
    - { name: ours, condition: { field: model, op: $regex, value: "^m$" }, action: { provider: cloud, model: big } }
`);
    const request = {
      operation: 'chat',
      protocol: 'chat_completions',
      tokens: 5,
      lock: undefined,
      localOnly: false,
    } as const;
    const explained = app.app.explain({ ...request, model: 'm' });
    expect([explained.route, explained.chain.map(({ provider, model }) => `${provider}:${model}`)]).toEqual([
      'ours',
      ['cloud:big'],
    ]);
    expect(app.app.explain({ ...request, model: 'small' }).route).toBeNull();
  });
});
