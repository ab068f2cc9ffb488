import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, type Fault, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

let fake: FakeUpstream;
let app: RunningApp;

beforeEach(async () => {
  fake = await startFake({ kind: 'openai', models: ['up'] });
  app = await startApp({
    yaml: `
providers:
  p:
    api_base: ${fake.baseUrl}
    api_key: our-key
    headers: { X-Ours: configured, X-Tenant: mine }
    models: [{ id: m, upstream_id: up }]
`,
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await fake.close();
});

const compress: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  gzip: promisify(zlib.gzip),
  br: promisify(zlib.brotliCompress),
  zstd: promisify(zlib.zstdCompress),
  deflate: promisify(zlib.deflate),
};

async function compressed(status: number, encoding: string, text: string): Promise<Fault> {
  const bytes = (await compress[encoding]?.(Buffer.from(text))) ?? Buffer.alloc(0);
  const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
  return () => [{ kind: 'head', status, headers, length: bytes.length }, { kind: 'write', bytes }, { kind: 'end' }];
}

const path = '/v1/chat/completions';
const hello = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

async function upstreamBody(body: string): Promise<string> {
  const answer = await app.post(path, body);
  expect(answer.status).toBe(200);
  return fake.calls[0]?.body.toString() ?? '';
}

describe('the request', () => {
  it('arrives byte for byte but for the model', async () => {
    const body =
      '{ "zeta":1.0,"seed" : 9007199254740993, "model":"m", "messages":[{"role":"user","content":"h\\u00e9 \\/ 🎈"}],\n' +
      '  "unknown": {"b":1e400,"a":-0.0}, "unknown": [ 1.50 ], "alpha":123456789012345678901234567890 }';
    expect(await upstreamBody(body)).toBe(body.replace('"model":"m"', '"model":"up"'));
  });

  it('keeps its order when usage is asked for in a stream', async () => {
    const body = '{"stream":true,"n":1.0,"model":"m","messages":[],"stream_options":{"x":1},"x":9007199254740993}';
    expect(await upstreamBody(body)).toBe(
      '{"stream":true,"n":1.0,"model":"up","messages":[],"stream_options":{"x":1,"include_usage":true},"x":9007199254740993}',
    );
  });

  it('has every spelling of a repeated model replaced', async () => {
    expect(await upstreamBody('{"model":"m","mod\\u0065l":"other","messages":[],"model":"m"}')).toBe(
      '{"model":"up","mod\\u0065l":"up","messages":[],"model":"up"}',
    );
  });

  it('is read behind a byte order mark', async () => {
    expect((await app.post(path, `\ufeff${JSON.stringify(hello)}`)).status).toBe(200);
  });

  it.each(['completions', 'embeddings'])('is forwarded to /%s as well', async (operation) => {
    const answer = await app.post(`/v1/${operation}`, '{"model":"m","prompt":"x","input":"x","big":9007199254740993}');
    expect(answer.status).toBe(200);
    expect(fake.calls[0]?.path).toBe(`/v1/${operation}`);
    expect(fake.calls[0]?.body.toString()).toBe('{"model":"up","prompt":"x","input":"x","big":9007199254740993}');
  });
});

describe('request headers', () => {
  it('carry our credential and the file’s headers, and nothing that is the client’s own affair', async () => {
    const dropped = {
      authorization: 'Bearer theirs',
      'x-api-key': 'theirs',
      'x-goog-api-key': 'theirs',
      cookie: 'a=b',
      referer: 'http://localhost/',
      'x-forwarded-for': '10.0.0.1',
      forwarded: 'for=10.0.0.1',
      'x-router-request-id': 'x',
      'openai-organization': 'theirs',
      'anthropic-beta': 'x',
    };
    await app.post(path, hello, { headers: { ...dropped, 'x-tenant': 'theirs', 'X-Trace': 'kept', accept: 'a/b' } });
    const { headers = {} } = fake.calls[0] ?? {};
    expect(headers).toMatchObject({
      authorization: 'Bearer our-key',
      'x-ours': 'configured',
      'x-tenant': 'mine',
      'x-trace': 'kept',
      accept: 'a/b',
      host: `127.0.0.1:${fake.port}`,
      'content-type': 'application/json',
    });
    const { authorization: _ours, ...others } = dropped;
    expect(Object.keys(others).filter((name) => name in headers)).toEqual([]);
    expect('accept-encoding' in headers || 'transfer-encoding' in headers).toBe(false);
  });
});

describe('the answer', () => {
  it.each([
    ['whole', false],
    ['stream', true],
  ])('has the upstream’s own headers less those of its connection: %s', async (_mode, isStream) => {
    fake.failCalls((script) =>
      script.map((step) =>
        step.kind === 'head'
          ? {
              ...step,
              headers: {
                ...step.headers,
                'X-Request-Id': 'theirs',
                'OpenAI-Processing-Ms': '12',
                'Set-Cookie': 'a=b',
                Server: 'secret/1.0',
                'Alt-Svc': 'h3=":443"',
                'Access-Control-Allow-Origin': '*',
                'X-Router-Provider': 'a lie',
              },
            }
          : step,
      ),
    );
    const answer = await app.post(path, { ...hello, stream: isStream });
    await answer.text();
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-request-id': 'theirs',
      'openai-processing-ms': '12',
      'x-router-provider': 'p',
      'x-router-model': 'up',
      'x-router-requested-model': 'm',
      'x-router-strategy': 'priority',
      'x-router-latency-ms': expect.stringMatching(/^\d+$/),
      'x-router-request-id': expect.stringMatching(/^[0-9a-f]{24}$/),
    });
    for (const name of ['set-cookie', 'server', 'alt-svc', 'access-control-allow-origin']) {
      expect([name, answer.headers.get(name)]).toEqual([name, null]);
    }
  });

  it('brings usage in a stream only to those who asked', async () => {
    const silent = await (await app.post(path, { ...hello, stream: true })).text();
    const asked = await (
      await app.post(path, { ...hello, stream: true, stream_options: { include_usage: true } })
    ).text();
    expect([silent.includes('"usage":{'), asked.includes('"usage":{')]).toEqual([false, true]);
    expect(fake.calls.map((call) => JSON.parse(call.body.toString()).stream_options)).toEqual([
      { include_usage: true },
      { include_usage: true },
    ]);
    expect(app.settled.map(({ usage }) => usage)).toEqual([
      { input: 11, output: 7 },
      { input: 11, output: 7 },
    ]);
  });

  it('that is larger than what is held comes whole', async () => {
    fake.failCalls(faults.hugeEvent(3 * 1024 * 1024));
    const answer = await app.post(path, hello);
    const body = await answer.text();
    expect(body.length).toBeGreaterThan(3 * 1024 * 1024);
    expect(JSON.parse(body).choices[0].finish_reason).toBe('stop');
    expect(app.settled).toMatchObject([{ outcome: 'completed' }]);
  });

  it('that breaks after it was too large to be held is cut, not ended', async () => {
    const half = Buffer.from(`{"x":"${'x'.repeat(2 * 1024 * 1024)}`);
    fake.failCalls((script) => [
      ...script.flatMap((step) => (step.kind === 'head' ? [{ ...step, length: half.length + 10 }] : [])),
      { kind: 'write', bytes: half },
      { kind: 'stall' },
      { kind: 'reset' },
    ]);
    const answer = await app.post(path, hello);
    const cut = expect(answer.text()).rejects.toThrow();
    fake.release();
    await cut;
    expect(app.settled).toMatchObject([{ outcome: 'broken', code: 'stream_broken' }]);
  });

  it('is a stream for a client that asked for one even when the upstream did not stream', async () => {
    const whole = { id: 'x', object: 'chat.completion', created: 1, model: 'up' };
    const choices = [{ index: 0, message: { role: 'assistant', content: 'all at once' }, finish_reason: 'stop' }];
    fake.failCalls(faults.jsonAnswer({ ...whole, choices }));
    const answer = await app.post(path, { ...hello, stream: true });
    const body = await answer.text();
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(body).toContain('all at once');
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it.each(Object.keys(compress))('that came in %s although we asked for none is undone', async (encoding) => {
    const plain = await (await app.post(path, hello)).text();
    fake.failCalls(await compressed(200, encoding, plain));
    const answer = await app.post(path, hello);
    expect(await answer.text()).toBe(plain);
    expect(answer.headers.get('content-encoding')).toBeNull();
  });

  it('that came compressed is undone whatever its size', async () => {
    const { choices } = (await (await app.post(path, hello)).json()) as { choices: unknown };
    const plain = JSON.stringify({ choices, noise: randomBytes(2 * 1024 * 1024).toString('hex') });
    fake.failCalls(await compressed(200, 'gzip', plain));
    const answer = await app.post(path, hello);
    expect((await answer.text()) === plain).toBe(true);
  });

  it('that is an error is read although it came compressed', async () => {
    fake.failCalls(await compressed(400, 'gzip', JSON.stringify({ error: { message: 'too hot to handle' } })));
    const answer = await app.post(path, hello);
    expect(await answer.json()).toMatchObject({ error: { message: 'too hot to handle' } });
  });
});

describe('a kept connection that is closed under the request', () => {
  it('costs one more try that nobody sees', async () => {
    fake.setBehaviour((request) => (request.onConnection > 0 ? faults.resetBeforeHeaders() : undefined));
    for (const connections of [1, 2, 3]) {
      const answer = await app.post(path, hello);
      expect([answer.status, answer.headers.get('x-router-attempts')]).toEqual([200, '1']);
      await answer.arrayBuffer();
      expect(fake.connectionCount).toBe(connections);
    }
    expect(app.settled.map(({ attempts }) => attempts.length)).toEqual([1, 1, 1]);
  });

  it('is not tried for ever', async () => {
    await (await app.post(path, hello)).arrayBuffer();
    fake.failCalls(faults.resetBeforeHeaders());
    const answer = await app.post(path, hello);
    expect([answer.status, answer.headers.get('x-router-attempts')]).toEqual([502, '1']);
    expect(fake.calls).toHaveLength(1 + 2);
  });
});
