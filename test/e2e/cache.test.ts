import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../support/clock.ts';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

interface Scene {
  readonly clock: FakeClock;
  readonly upstream: FakeUpstream;
  readonly app: RunningApp;
  readonly providers: string;
}

async function arrange(
  cache = 'cache: { enabled: true, default_ttl: 5m, max_entries: 10000 }',
  rest = '',
): Promise<Scene> {
  const clock = createFakeClock();
  const upstream = await startFake({ kind: 'openai', models: ['m', 'embed'], answer: { text: 'hello' } });
  const providers = `providers: { one: { api_base: "${upstream.baseUrl}", models: [m, { id: embed, type: embedding }], pricing: { input: 1, output: 2 } } }\n${rest}\n`;
  const app = await startApp({ clock, yaml: providers + cache });
  cleanup.push(
    () => upstream.close(),
    () => app[Symbol.asyncDispose](),
  );
  return { clock, upstream, app, providers };
}

const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

async function ask(
  app: RunningApp,
  more: object = {},
  headers: Record<string, string> = {},
  path = '/v1/chat/completions',
) {
  const answer = await app.post(path, { ...body, ...more }, { headers });
  const text = await answer.text();
  return {
    status: answer.status,
    cache: answer.headers.get('x-router-cache'),
    age: answer.headers.get('age'),
    cost: answer.headers.get('x-router-cost'),
    attempts: answer.headers.get('x-router-attempts'),
    type: answer.headers.get('content-type'),
    text,
  };
}

describe('the cache of answers', () => {
  it('gives an equal request the same answer, for nothing, and says so', async () => {
    const { app, upstream, clock } = await arrange();
    const first = await ask(app);
    expect(first).toMatchObject({ status: 200, cache: 'miss', age: null, attempts: '1' });
    clock.advance(61_000);
    const second = await ask(app);
    expect(second).toMatchObject({
      status: 200,
      cache: 'hit',
      age: '61',
      attempts: '0',
      cost: '0.000000',
      text: first.text,
    });
    // The order of fields is not a difference.
    const answer = await app.post('/v1/chat/completions', `{"messages":[{"content":"hi","role":"user"}],"model":"m"}`);
    expect(answer.headers.get('x-router-cache')).toBe('hit');
    expect(upstream.calls).toHaveLength(1);
    const [, settled] = await app.settles(2);
    expect(settled).toMatchObject({ cache: 'hit', cost: 0, outcome: 'completed', provider: 'one' });
  });

  it('gives a stream as a stream, to the official client too', async () => {
    const { app, upstream } = await arrange();
    const client = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'any', maxRetries: 0 });
    const read = async () => {
      let text = '';
      const stream = await client.chat.completions.create({
        model: 'm',
        stream: true,
        messages: [{ role: 'user', content: 'hi' }],
      });
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
      return text;
    };
    expect([await read(), await read()]).toEqual(['hello', 'hello']);
    expect(upstream.calls).toHaveLength(1);
    const raw = await ask(app, { stream: true });
    expect(raw).toMatchObject({ cache: 'hit' });
    expect(raw.type).toContain('text/event-stream');
    expect(raw.text).toContain('[DONE]');
  });

  it.each<[string, object, Record<string, string>]>([
    ['another stop', { stop: ['x'] }, {}],
    ['another message', { messages: [{ role: 'user', content: 'hi ' }] }, {}],
    ['a stream', { stream: true }, {}],
    ['another namespace', {}, { 'x-router-cache-namespace': 'other' }],
    ['a request that may not leave', {}, { 'x-router-local-only': 'true' }],
  ])('is missed by %s', async (_, more, headers) => {
    const { app, upstream } = await arrange();
    await ask(app);
    expect((await ask(app, more, headers)).cache).toBe('miss');
    expect(upstream.calls).toHaveLength(2);
  });

  it('is each key’s own', async () => {
    const { app } = await arrange(
      undefined,
      'auth: { keys: [ { name: a, key: key-a-long }, { name: b, key: key-b-long } ] }',
    );
    const as = (key: string) => ask(app, {}, { authorization: `Bearer ${key}` });
    expect([(await as('key-a-long')).cache, (await as('key-b-long')).cache, (await as('key-a-long')).cache]).toEqual([
      'miss',
      'miss',
      'hit',
    ]);
    expect((await as('wrong')).status).toBe(401);
  });

  it('forgets after its time, the file’s or the caller’s', async () => {
    const { app, clock } = await arrange();
    await ask(app);
    clock.advance(299_999);
    expect((await ask(app)).cache).toBe('hit');
    clock.advance(2);
    expect((await ask(app)).cache).toBe('miss');
    for (const ttl of ['60', '60s', '1m']) {
      const { app: other, clock: time } = await arrange();
      await ask(other, {}, { 'x-prism-cache-ttl': ttl });
      time.advance(59_000);
      expect((await ask(other)).cache).toBe('hit');
      time.advance(2_000);
      expect((await ask(other)).cache).toBe('miss');
    }
    const wrong = await ask(app, {}, { 'x-router-cache-ttl': 'soon' });
    expect(wrong.status).toBe(400);
    expect(wrong.text).toContain('is not a duration');
  });

  it('is passed by where the caller says so', async () => {
    const { app } = await arrange();
    expect((await ask(app, {}, { 'cache-control': 'no-store' })).cache).toBe('bypass');
    expect((await ask(app)).cache).toBe('miss');
    expect((await ask(app, {}, { 'cache-control': 'no-cache' })).cache).toBe('miss');
    expect((await ask(app, {}, { 'x-router-cache-force-refresh': 'true' })).cache).toBe('miss');
    expect((await ask(app)).cache).toBe('hit');
  });

  it('keeps nothing that failed, broke or was cut by a limit', async () => {
    const { app, upstream } = await arrange();
    upstream.queueFaults(faults.status(400));
    await ask(app);
    expect((await ask(app)).cache).toBe('miss');
    const { app: second, upstream: cut } = await arrange();
    cut.update({ answer: { finishReason: 'length' } });
    await ask(second);
    await ask(second, { stream: true });
    cut.update({ answer: { finishReason: 'stop' } });
    expect([(await ask(second)).cache, (await ask(second, { stream: true })).cache]).toEqual(['miss', 'miss']);
    expect([(await ask(second)).cache, (await ask(second, { stream: true })).cache]).toEqual(['hit', 'hit']);
  });

  it('asks once for equal requests that come together', async () => {
    const { app, upstream } = await arrange();
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(app)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ cache }) => cache === 'miss')).toHaveLength(1);
    expect(upstream.calls).toHaveLength(1);
  });

  it('lets those who waited go on when the first fails', async () => {
    const { app, upstream } = await arrange();
    upstream.queueFaults(faults.status(400));
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(app)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 400]);
  });

  it('drops the least recently used answer where there is no room', async () => {
    const { app } = await arrange('cache: { max_entries: 2 }');
    const of = async (content: string) => (await ask(app, { messages: [{ role: 'user', content }] })).cache;
    await of('a');
    await of('b');
    expect(await of('a')).toBe('hit');
    await of('c');
    expect([await of('a'), await of('c'), await of('b')]).toEqual(['hit', 'hit', 'miss']);
  });

  it('serves embeddings, and every other protocol its own answers', async () => {
    const { app } = await arrange();
    const embed = { model: 'embed', input: 'hi', messages: undefined };
    expect((await ask(app, embed, {}, '/v1/embeddings')).cache).toBe('miss');
    expect((await ask(app, embed, {}, '/v1/embeddings')).cache).toBe('hit');
    const message = { max_tokens: 100 };
    expect((await ask(app, message, {}, '/v1/messages')).cache).toBe('miss');
    const again = await ask(app, message, {}, '/v1/messages');
    expect(again.cache).toBe('hit');
    expect(again.text).toContain('"type":"message"');
  });

  it('leaves alone what a client may continue from, and forgets with a change of the file', async () => {
    const { app, upstream, providers } = await arrange();
    const input = { model: 'm', input: 'hi', messages: undefined };
    expect((await ask(app, input, {}, '/v1/responses')).cache).toBe('bypass');
    expect((await ask(app, { ...input, store: false }, {}, '/v1/responses')).cache).toBe('miss');
    expect((await ask(app, { ...input, store: false }, {}, '/v1/responses')).cache).toBe('hit');
    app.edit(`${providers}cache: { max_entries: 5 }`);
    expect((await ask(app, { ...input, store: false }, {}, '/v1/responses')).cache).toBe('miss');
    app.edit(providers);
    expect((await ask(app)).cache).toBeNull();
    expect(upstream.calls.length).toBeGreaterThan(3);
  });
});
