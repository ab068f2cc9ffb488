import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../support/clock.ts';
import { type FakeUpstream, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const far = '8.8.4.4';

async function start(kind: 'openai' | 'ollama' = 'openai'): Promise<FakeUpstream> {
  const fake = await startFake({ kind, models: ['m'] });
  onTestFinished(() => fake.close());
  return fake;
}

/** A provider by name, and what may not leave in each of the ways that say so. */
function config(fake: FakeUpstream, host = 'box.test'): string {
  return `
providers:
  box: {api_base: "http://${host}:${fake.port}/v1", models: [{id: m}]}
models:
  private: {local_only: true, endpoints: [{provider: box, model: m}]}
  here: {local_only: machine, endpoints: [{provider: box, model: m}]}
presets:
  home: {routing: {local_only: true}}
`;
}

const ways: readonly (readonly [string, Record<string, string>])[] = [
  ['private', {}],
  ['here', {}],
  ['@home/m', {}],
  ['m:local', {}],
  ['m', { 'x-router-local-only': 'true' }],
  ['box:m', { 'x-router-local-only': 'machine' }],
];

function ask(app: RunningApp, [model, headers]: (typeof ways)[number]): Promise<Response> {
  const body = { model, messages: [{ role: 'user', content: 'a secret' }] };
  return app.post('/v1/chat/completions', body, { headers });
}

/** Closes the connections that are kept open. */
async function cut(fake: FakeUpstream): Promise<void> {
  await fake.stop();
  await fake.restart();
}

async function codeOf(answer: Response): Promise<unknown> {
  // Nothing was sent anywhere.
  expect(answer.headers.has('x-router-local')).toBe(false);
  const { error } = (await answer.json()) as { readonly error: { readonly code: string } };
  return [answer.status, error.code];
}

describe.each(ways)('%s %j', (...way) => {
  it('is answered over a connection that stays, and over none when the name leads away', async () => {
    const fake = await start();
    let addresses: readonly string[] = ['127.0.0.1'];
    await using app = await startApp({ yaml: config(fake), lookUp: async () => addresses });
    const near = await ask(app, way);
    expect([near.status, near.headers.get('x-router-local')]).toEqual([200, 'true']);
    const before = fake.connectionCount;
    for (const moved of [[far], ['::ffff:8.8.4.4'], ['127.0.0.1', far], ['64:ff9b::7f00:1']]) {
      addresses = moved;
      await cut(fake);
      expect(await codeOf(await ask(app, way))).toEqual([503, 'not_local']);
    }
    expect(fake.connectionCount).toBe(before);
  });

  it('is not answered over a connection that was opened for requests that may leave', async () => {
    const fake = await start();
    let addresses = ['127.0.0.1'];
    await using app = await startApp({ yaml: config(fake), lookUp: async () => addresses });
    expect((await ask(app, ['m', {}])).headers.get('x-router-local')).toBe('true');
    addresses = [far];
    expect(await codeOf(await ask(app, way))).toEqual([503, 'not_local']);
    expect(fake.calls).toHaveLength(1);
  });

  it('waits for a slow first look-up, and goes nowhere without one', async () => {
    const fake = await start();
    const clock = createFakeClock();
    const looked = Promise.withResolvers<readonly string[]>();
    const starting = startApp({ yaml: config(fake, 'box'), clock, lookUp: () => looked.promise });
    // The first look takes no longer than this, and looks at hosts go on after it.
    await clock.waitForTimers(2);
    await clock.advanceAsync(2_000);
    await using app = await starting;
    expect(await codeOf(await ask(app, way))).toEqual([503, 'no_candidate']);
    looked.resolve(['127.0.0.1']);
    await looked.promise;
    expect((await ask(app, way)).status).toBe(200);
    expect(fake.calls).toHaveLength(1);
  });

  it('goes to a host that did not resolve at the start only once it is known to be near', async () => {
    const fake = await start();
    const clock = createFakeClock();
    let addresses: readonly string[] = [];
    await using app = await startApp({
      yaml: config(fake, 'box'),
      clock,
      lookUp: async (host) => {
        if (addresses.length === 0) throw Object.assign(new Error(`no ${host}`), { code: 'ENOTFOUND' });
        return addresses;
      },
    });
    expect(await codeOf(await ask(app, way))).toEqual([503, 'no_candidate']);
    addresses = ['127.0.0.1'];
    expect(await codeOf(await ask(app, way))).toEqual([503, 'no_candidate']);
    expect(fake.connectionCount).toBe(0);
    await clock.advanceAsync(30_000);
    expect((await ask(app, way)).status).toBe(200);
  });
});

it('a name that resolves for the first time, and leads away, is not taken for near', async () => {
  const fake = await start();
  const clock = createFakeClock();
  let isUp = false;
  const lookUp = async () => {
    if (isUp) return [far];
    throw Object.assign(new Error('no box'), { code: 'EAI_AGAIN' });
  };
  await using app = await startApp({ yaml: config(fake, 'box'), clock, lookUp });
  isUp = true;
  await clock.advanceAsync(30_000);
  for (const way of ways) expect(await codeOf(await ask(app, way))).toEqual([503, 'no_candidate']);
  expect(fake.connectionCount).toBe(0);
});

it('says where the connection went, whatever was thought of the name before', async () => {
  const fake = await start();
  let addresses = [far];
  await using app = await startApp({ yaml: config(fake), lookUp: async () => addresses });
  addresses = ['127.0.0.1'];
  const answer = await ask(app, ['m', {}]);
  expect([answer.status, answer.headers.get('x-router-local')]).toEqual([200, 'true']);
  expect(app.settled[0]?.isLocal).toBe(true);
});

it('goes on to the next candidate that is near', async () => {
  const fake = await start();
  let addresses = ['127.0.0.1'];
  const yaml = `
providers:
  box: {api_base: "http://box.test:${fake.port}/v1", models: [{id: m}]}
  lan: {api_base: "${fake.baseUrl}", models: [{id: m}]}
models:
  private: {local_only: true, endpoints: [{provider: box, model: m}, {provider: lan, model: m}]}
`;
  await using app = await startApp({ yaml, lookUp: async () => addresses });
  addresses = [far];
  const answer = await ask(app, ['private', {}]);
  const { headers } = answer;
  expect([answer.status, headers.get('x-router-provider'), headers.get('x-router-local')]).toEqual([
    200,
    'lan',
    'true',
  ]);
  expect(app.settled[0]?.attempts.map(({ code }) => code)).toEqual(['not_local', 'ok']);
  expect(app.told('breaker-opened')).toEqual([]);
});

it('keeps a request for this machine off the local network, however the address is written', async () => {
  const fake = await start();
  for (const host of ['192.168.1.20', '[fd12::1]', '[::ffff:10.0.0.1]', '3232235796', 'lan.test', 'mixed.test']) {
    await using app = await startApp({
      yaml: config(fake, host),
      lookUp: async (name) => (name === 'lan.test' ? ['192.168.1.20'] : ['127.0.0.1', '192.168.1.20']),
    });
    expect(await codeOf(await ask(app, ['here', {}]))).toEqual([503, 'no_candidate']);
  }
  expect(fake.connectionCount).toBe(0);
});

it('does not count the tokens of a private prompt elsewhere', async () => {
  const fake = await start();
  let addresses = ['127.0.0.1'];
  const yaml = `
providers:
  box: {type: llamacpp, base_url: "http://box.test:${fake.port}", models: [{id: m}]}
models:
  private: {local_only: true, endpoints: [{provider: box, model: m}]}
`;
  await using app = await startApp({ yaml, lookUp: async () => addresses });
  const body = { model: 'private', messages: [{ role: 'user', content: 'a secret' }] };
  await app.post('/v1/messages/count_tokens', body);
  expect(fake.calls).toHaveLength(1);
  addresses = [far];
  await cut(fake);
  const before = fake.connectionCount;
  const answer = await app.post('/v1/messages/count_tokens', body);
  expect([answer.status, fake.connectionCount]).toEqual([200, before]);
});

it('asks a model with a base of its own by the address of that base', async () => {
  const fake = await start();
  let addresses = ['127.0.0.1'];
  const yaml = `
providers:
  box: {api_base: "http://127.0.0.1:9/v1", models: [{id: m, base_url: "http://own.test:${fake.port}/v1"}]}
`;
  await using app = await startApp({ yaml, lookUp: async () => addresses });
  const way = ['m', { 'x-router-local-only': 'true' }] as const;
  expect((await ask(app, way)).status).toBe(200);
  addresses = [far];
  await cut(fake);
  expect(await codeOf(await ask(app, way))).toEqual([503, 'not_local']);
});
