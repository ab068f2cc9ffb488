import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../support/clock.ts';
import { type FakeUpstream, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

interface Scene {
  readonly clock: FakeClock;
  readonly upstream: FakeUpstream;
  readonly app: RunningApp;
}

async function arrange(rest: string): Promise<Scene> {
  const clock = createFakeClock();
  const upstream = await startFake({ kind: 'openai', models: ['m'], answer: { text: 'hello' } });
  const app = await startApp({
    clock,
    yaml: `providers: { one: { api_base: "${upstream.baseUrl}", models: [m] } }\n${rest}`,
  });
  cleanup.push(
    () => upstream.close(),
    () => app[Symbol.asyncDispose](),
  );
  return { clock, upstream, app };
}

async function ask(app: RunningApp, key?: string) {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const answer = await app.post(
    '/v1/chat/completions',
    { model: 'm', messages: [{ role: 'user', content: 'hi' }] },
    { headers },
  );
  const read = (name: string) => answer.headers.get(name);
  return {
    status: answer.status,
    limit: read('x-ratelimit-limit-requests'),
    remaining: read('x-ratelimit-remaining-requests'),
    reset: read('x-ratelimit-reset-requests'),
    tokens: read('x-ratelimit-remaining-tokens'),
    retryAfter: read('retry-after'),
    body: (await answer.json()) as { error?: { code: string; message: string; hint: string } },
  };
}

const keys = 'auth: { keys: [ { name: a, key: key-a-long, rpm: 2 }, { name: b, key: key-b-long } ] }';

describe('rate limits', () => {
  it('refuse the fourth request of a minute, whichever key it has, and say so on every answer', async () => {
    const { clock, upstream, app } = await arrange(
      'rate_limiting: { enabled: true, global_rpm: 3 }\nauth: { keys: [ { name: a, key: key-a-long }, { name: b, key: key-b-long } ] }',
    );
    expect(await ask(app, 'key-a-long')).toMatchObject({
      status: 200,
      limit: '3',
      remaining: '2',
      reset: '60',
      retryAfter: null,
    });
    clock.advance(20_500);
    expect(await ask(app, 'key-b-long')).toMatchObject({ status: 200, remaining: '1', reset: '40' });
    expect(await ask(app, 'key-a-long')).toMatchObject({ status: 200, remaining: '0' });
    const refused = await ask(app, 'key-b-long');
    expect(refused).toMatchObject({ status: 429, limit: '3', remaining: '0', reset: '40', retryAfter: '40' });
    expect(refused.body.error).toMatchObject({
      code: 'rate_limit_exceeded',
      message: 'The limit of 3 requests a minute for this router is reached; it is free again in 40 s.',
      hint: 'wait 40 s, or raise rate_limiting.global_rpm',
    });
    expect(upstream.requests).toHaveLength(3);
    clock.advance(39_500);
    expect(await ask(app, 'key-b-long')).toMatchObject({ status: 200, remaining: '2', reset: '60' });
  });

  it('are a RateLimitError of the official client', async () => {
    const { app, upstream } = await arrange('rate_limiting: { global_rpm: 1 }');
    const client = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'any', maxRetries: 0 });
    const request = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };
    await client.chat.completions.create(request);
    await expect(client.chat.completions.create(request)).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    expect(upstream.requests).toHaveLength(1);
  });

  it('let exactly as many through as they say when all come at once', async () => {
    const { app } = await arrange('rate_limiting: { global_rpm: 10 }');
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(app)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(20);
  });

  it('hold a key to its own, and what it is refused is not taken from the others', async () => {
    const { app } = await arrange(`rate_limiting: { global_rpm: 4 }\n${keys}`);
    const first = [
      await ask(app, 'key-a-long'),
      await ask(app, 'key-a-long'),
      await ask(app, 'key-a-long'),
      await ask(app, 'key-a-long'),
    ];
    expect(first.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
    expect(first[2]?.body.error?.message).toContain('for the key a');
    const second = [await ask(app, 'key-b-long'), await ask(app, 'key-b-long'), await ask(app, 'key-b-long')];
    expect(second.map(({ status }) => status)).toEqual([200, 200, 429]);
  });

  it('count tokens once an answer has told them', async () => {
    const { app } = await arrange('rate_limiting: { global_tpm: 5 }');
    const answers = [await ask(app)];
    while (answers.at(-1)?.status === 200 && answers.length < 10) answers.push(await ask(app));
    expect(answers[0]).toMatchObject({ status: 200, tokens: '5' });
    expect(answers.at(-1)).toMatchObject({ status: 429, tokens: '0', retryAfter: '60' });
  });

  it('do not count who has no key, a page, or anything while 0 or switched off', async () => {
    const { app } = await arrange(`rate_limiting: { global_rpm: 1 }\n${keys}`);
    expect((await ask(app, 'wrong-key')).status).toBe(401);
    expect((await app.get('/v1/models', { authorization: 'Bearer key-b-long' })).status).toBe(200);
    expect((await ask(app, 'key-b-long')).status).toBe(200);
    expect((await ask(app, 'key-b-long')).status).toBe(429);
    for (const rest of ['rate_limiting: { global_rpm: 0 }', 'rate_limiting: { enabled: false, global_rpm: 1 }']) {
      const { app: open } = await arrange(rest);
      const answers = [await ask(open), await ask(open)];
      expect(answers.map(({ status, limit }) => [status, limit])).toEqual([
        [200, null],
        [200, null],
      ]);
    }
  });

  it('change with the file, and keep what was counted', async () => {
    const { app, upstream } = await arrange('rate_limiting: { global_rpm: 1 }');
    const providers = `providers: { one: { api_base: "${upstream.baseUrl}", models: [m] } }\n`;
    expect((await ask(app)).status).toBe(200);
    expect((await ask(app)).status).toBe(429);
    app.edit(`${providers}rate_limiting: { global_rpm: 2 }`);
    expect(await ask(app)).toMatchObject({ status: 200, remaining: '0' });
    expect((await ask(app)).status).toBe(429);
  });

  it('take the place of an upstream’s own words about its limits', async () => {
    const { app } = await arrange('rate_limiting: { global_rpm: 7 }');
    expect(await ask(app)).toMatchObject({ limit: '7', remaining: '6' });
  });
});
