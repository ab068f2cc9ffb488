import { connect, type Socket } from 'node:net';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, type Fault, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

let fake: FakeUpstream;
let app: RunningApp;
const sockets: Socket[] = [];

beforeEach(async () => {
  fake = await startFake({ kind: 'openai', models: ['m'] });
  app = await startApp({
    yaml: `
server: { max_held_memory: 1MB }
providers: { p: { api_base: "${fake.baseUrl}", models: [m] } }
`,
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await app[Symbol.asyncDispose]();
  await fake.close();
});

const chat = '/v1/chat/completions';
const saying = (content: unknown) => ({ model: 'm', messages: [{ role: 'user', content }] });

async function ask(content: unknown): Promise<{ status: number; code: string | undefined; retryAfter: string | null }> {
  const answer = await app.post(chat, saying(content));
  const { error } = (await answer.json()) as { error?: { code: string } };
  return { status: answer.status, code: error?.code, retryAfter: answer.headers.get('retry-after') };
}

/** A client that sends a part of its body, and then waits. */
function upload(bytes: number): Socket {
  const socket = connect({ port: app.port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  sockets.push(socket);
  const head = `POST ${chat} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n`;
  socket.write(head + 'x'.repeat(bytes));
  return socket;
}

/** Asks until the answer has this status: what another connection sent is read at its own time. */
async function until(status: number, content: unknown): Promise<Awaited<ReturnType<typeof ask>>> {
  let answer = await ask(content);
  while (answer.status !== status) answer = await ask(content);
  return answer;
}

describe('bodies of all clients together', () => {
  it('find room, or are told to come again, while slow uploads hold it; small ones are not held up', async () => {
    const text = 'x'.repeat(150_000);
    expect(await ask(text)).toMatchObject({ status: 200 });
    const slow = [upload(400_000), upload(400_000)];
    expect(await until(503, text)).toEqual({ status: 503, code: 'overloaded', retryAfter: '1' });
    expect(await ask('hi')).toMatchObject({ status: 200 });
    for (const socket of slow) socket.destroy();
    expect(await until(200, text)).toMatchObject({ status: 200 });
  });

  it('have back what each request took, however often', async () => {
    for (let turn = 0; turn < 10; turn++) expect(await ask('x'.repeat(150_000))).toMatchObject({ status: 200 });
    const unknown = { ...saying('x'.repeat(150_000)), model: 'nobody:has-it' };
    for (let turn = 0; turn < 10; turn++) expect((await app.post(chat, unknown)).status).toBe(404);
  });

  it.each([
    ['lists', '[],'.repeat(30_000)],
    ['objects', '{},'.repeat(30_000)],
  ])('count what %s take when they are read, which is many times their text', async (_name, text) => {
    const { status, code } = await ask(JSON.parse(`[${text}0]`));
    expect([status, code]).toEqual([413, 'too_large']);
    expect(fake.calls).toEqual([]);
  });

  it.each(['gzip', 'gzip, gzip'])('count what they unpack to: %s', async (encoding) => {
    let body: Buffer = Buffer.from(JSON.stringify(saying('x'.repeat(900_000))));
    for (const _ of encoding.split(',')) body = gzipSync(body);
    const answer = await app.post(chat, body, { headers: { 'content-encoding': encoding } });
    expect([answer.status, body.length < 10_000]).toEqual([413, true]);
  });

  it('are not unpacked over and over', async () => {
    let body: Buffer = Buffer.from(JSON.stringify(saying('hi')));
    for (let time = 0; time < 4; time++) body = gzipSync(body);
    const answer = await app.post(chat, body, { headers: { 'content-encoding': 'gzip, gzip, gzip, gzip' } });
    expect(answer.status).toBe(415);
  });
});

describe('images that are named by URL', () => {
  const named = (...urls: readonly string[]) => urls.map((url) => ({ type: 'image_url', image_url: { url } }));

  it.each([
    ['at an address of this machine', named('https://127.0.0.1/a.png'), 'The image at https://127.0.0.1/a.png cannot'],
    ['one among others', named('https://127.0.0.1/a.png', 'http://x.example/b.png'), 'of 2, at '],
    [
      'in numbers',
      named(...Array.from({ length: 500 }, (_, at) => `https://127.0.0.1/${at}.png`)),
      'The request names 500 images by URL; 64 are fetched.',
    ],
  ])('%s are a clear 400', async (_name, content, message) => {
    const local = await startFake({ kind: 'ollama', models: ['seeing'] });
    await app[Symbol.asyncDispose]();
    app = await startApp({
      yaml: `providers: { o: { type: ollama, api_base: "${local.baseUrl}", models: [{ id: seeing }] } }`,
    });
    const answer = await app.post(chat, { ...saying(content), model: 'seeing' });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(message)]);
    expect(local.calls).toEqual([]);
    await local.close();
  });
});

describe('answers', () => {
  const mebi = 1024 * 1024;

  /** With room for what a limit of its own bounds. */
  async function roomy(): Promise<RunningApp> {
    await app[Symbol.asyncDispose]();
    app = await startApp({
      yaml: `
routing: { retry: { max_retries: 0 } }
providers: { p: { api_base: "${fake.baseUrl}", models: [m] } }
`,
    });
    return app;
  }

  const asChat = { path: chat, body: { ...saying('hi'), stream: true } };
  const asMessages = { path: '/v1/messages', body: { ...saying('hi'), max_tokens: 100, stream: true } };
  const asOllama = { path: '/api/chat', body: saying('hi') };

  async function stream({ path, body }: { path: string; body: object }): Promise<string> {
    return (await app.post(path, body)).text();
  }

  it('stream an event of 28 MB to a client of the same protocol', async () => {
    await roomy();
    fake.failCalls(faults.hugeEvent(28 * mebi));
    const text = await stream(asChat);
    expect([text.length > 28 * mebi, text.endsWith('data: [DONE]\n\n')]).toEqual([true, true]);
    expect(app.settled).toMatchObject([{ outcome: 'completed' }]);
  });

  it.each([asMessages, asOllama])('translate an event of 8 MB, and tell who sent one of 28: $path', async (request) => {
    await roomy();
    fake.queueFaults(faults.hugeEvent(8 * mebi), faults.hugeEvent(28 * mebi));
    expect((await stream(request)).length).toBeGreaterThan(8 * mebi);
    expect(await stream(request)).toContain(`p sent an event over ${16 * mebi} bytes.`);
  });

  it('of many events that are translated have an end', async () => {
    await roomy();
    const [head, ...rest] = Array.from({ length: 20 }, () => 'x'.repeat(mebi)).map((content) =>
      Buffer.from(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`),
    );
    fake.failCalls((script) => [
      script[0] as (typeof script)[number],
      ...[head, ...rest].map((bytes) => ({ kind: 'write', bytes: bytes as Buffer }) as const),
      { kind: 'end' },
    ]);
    expect(await stream(asMessages)).toContain(`p sent an answer over ${16 * mebi} characters.`);
  });

  const encodedAnswer =
    (encoding: string, body: Buffer, status = 200): Fault =>
    () => [
      {
        kind: 'head',
        status,
        headers: { 'Content-Type': 'application/json', 'Content-Encoding': encoding },
        length: body.length,
      },
      { kind: 'write', bytes: body },
      { kind: 'end' },
    ];
  const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
  const whole = (content: string) =>
    Buffer.from(
      JSON.stringify({
        object: 'chat.completion',
        choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
      }),
    );

  it.each([
    ['gzip', gzipSync],
    ['br', (bytes: Buffer) => brotliCompressSync(bytes, quick)],
  ] as const)('that are packed with %s are unpacked, and a bomb is not', async (encoding, pack) => {
    await roomy();
    fake.queueFaults(encodedAnswer(encoding, pack(whole('ok'))));
    expect(await (await app.post(chat, saying('hi'))).json()).toMatchObject({
      choices: [{ message: { content: 'ok' } }],
    });
    fake.failCalls(encodedAnswer(encoding, pack(whole('x'.repeat(70 * mebi)))));
    const answer = await app.post(chat, saying('hi'));
    expect([answer.status, await answer.text()]).toEqual([
      502,
      expect.stringContaining(`p sent an unusable answer: it unpacks to more than ${64 * mebi} bytes`),
    ]);
  });

  it('that have to be held whole have a limit, those that are handed on have none', async () => {
    await roomy();
    fake.failCalls(faults.hugeEvent(65 * mebi));
    const translated = await app.post('/v1/messages', { ...asMessages.body, stream: false });
    expect([translated.status, await translated.text()]).toEqual([
      502,
      expect.stringContaining(`p sent an unusable answer: it is larger than ${64 * mebi} bytes`),
    ]);
    expect((await (await app.post(chat, saying('hi'))).arrayBuffer()).byteLength).toBeGreaterThan(65 * mebi);
  });

  it('that are errors and bombs are told by their status', async () => {
    fake.failCalls(encodedAnswer('gzip', gzipSync(Buffer.alloc(20 * mebi, ' ')), 400));
    expect((await app.post(chat, saying('hi'))).status).toBe(400);
    const packed = gzipSync(Buffer.from('{"error":{"message":"too hot"}}'));
    fake.failCalls(encodedAnswer('gzip', packed, 400));
    expect(await (await app.post(chat, saying('hi'))).text()).toContain('too hot');
  });

  it('that are translated count, whole or in a stream, and those that are handed on do not', async () => {
    fake.failCalls(faults.hugeEvent(600_000));
    const translated = [asMessages, { ...asMessages, body: { ...asMessages.body, stream: false } }];
    for (const request of translated) {
      const answer = await app.post(request.path, request.body);
      expect(await answer.text()).toMatch(/This request alone takes more memory/);
    }
    expect((await stream(asChat)).length).toBeGreaterThan(600_000);
    fake.failCalls(faults.hugeEvent(20_000));
    for (const request of translated) expect((await app.post(request.path, request.body)).status).toBe(200);
  });
});
