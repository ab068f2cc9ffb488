import { brotliCompressSync, constants, createGzip, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../support/clock.ts';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { startRaw } from '../support/raw-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

let fake: FakeUpstream;
let app: RunningApp;

beforeEach(async () => {
  fake = await startFake({ kind: 'openai', models: ['m'] });
  app = await startApp({ yaml: `providers: { p: { api_base: "${fake.baseUrl}", models: [m] } }` });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await fake.close();
});

const events = [
  'data: {"id":"c","choices":[{"index":0,"delta":{"content":"o"},"finish_reason":null}]}',
  'data: {"id":"c","choices":[{"index":0,"delta":{"content":"k"},"finish_reason":"stop"}]}',
  'data: [DONE]',
];
const streamed = events.map((event) => `${event}\n\n`).join('');
const whole = JSON.stringify({
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }],
});

function answersWith(body: string | Buffer, ...fields: readonly string[]): void {
  const head = ['HTTP/1.1 200 OK', ...fields, `Content-Length: ${Buffer.byteLength(body)}`, '', ''].join('\r\n');
  fake.failCalls(faults.bytes(Buffer.concat([Buffer.from(head), Buffer.from(body)])));
}

const chat = (more: object = {}) =>
  app.post('/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'x' }], ...more });
const message = (more: object = {}) =>
  app.post('/v1/messages', { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }], ...more });
const textOf = (stream: string) => [...stream.matchAll(/"(?:content|text)":"([ok]+)"/g)].map((one) => one[1]).join('');

const labels = [[], ['Content-Type: text/plain'], ['Content-Type: application/json'], ['Content-Type: text/html']];

describe.each(labels)('events under %s', (...label: string[]) => {
  it.each(['', '\ufeff', '\n\n', ': ping\n\n', 'retry: 10\n\n'])('that begin with %j are a stream', async (before) => {
    answersWith(before + streamed, ...label);
    const passed = await chat({ stream: true });
    expect(passed.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(textOf(await passed.text())).toBe('ok');
    expect(textOf(await (await message({ stream: true })).text())).toBe('ok');
  });

  it('are collected for a client that asked for none', async () => {
    answersWith(streamed, ...label);
    const passed = await chat();
    expect(passed.headers.get('content-type')).toBe('application/json');
    expect(await passed.json()).toMatchObject({ choices: [{ message: { content: 'ok' }, finish_reason: 'stop' }] });
    expect(await (await message()).json()).toMatchObject({ content: [{ type: 'text', text: 'ok' }] });
  });
});

it('events of their own type are collected too, and a failure in them is one', async () => {
  answersWith(streamed, 'Content-Type: text/event-stream');
  expect(await (await chat()).json()).toMatchObject({ choices: [{ message: { content: 'ok' } }] });
  answersWith(`${events[0]}\n\n`, 'Content-Type: text/event-stream');
  expect((await chat()).status).toBe(502);
  answersWith('data: {"error":{"message":"no","code":400}}\n\n', 'Content-Type: text/event-stream');
  expect((await chat()).status).toBe(400);
});

it('more events than are held are collected all the same', async () => {
  const many = `${events[0]}\n\n`.repeat(20_000);
  answersWith(many + streamed, 'Content-Type: text/event-stream');
  const { choices } = (await (await chat()).json()) as { choices: [{ message: { content: string } }] };
  expect(choices[0].message.content).toHaveLength(20_002);
});

it.each([
  ['text/event-stream', { stream: true }, 'text/event-stream; charset=utf-8'],
  ['text/plain', {}, 'application/json'],
  ['text/event-stream', {}, 'application/json'],
])('a whole answer under %s for %j is read as what it is', async (label, more, type) => {
  answersWith(whole, `Content-Type: ${label}`);
  const answer = await chat(more);
  expect([answer.headers.get('content-type'), textOf(await answer.text())]).toEqual([type, 'ok']);
});

it('a stream whose first field comes byte by byte is one', async () => {
  await using upstream = await startRaw(async (call) => {
    await call.body;
    await call.write(`HTTP/1.1 200 OK\r\nContent-Length: ${streamed.length}\r\n\r\n`);
    for (const byte of streamed.slice(0, 8)) await call.write(byte);
    await call.write(streamed.slice(8));
  });
  app.edit(`providers: { p: { api_base: "${upstream.origin}", models: [m] } }`);
  expect(await (await chat({ stream: true })).text()).toBe(streamed);
});

describe('a packed stream', () => {
  it.each([
    ['gzip', gzipSync(streamed)],
    ['x-gzip', gzipSync(streamed)],
    ['br', brotliCompressSync(streamed)],
    ['gzip, br', brotliCompressSync(gzipSync(streamed))],
    ['identity', Buffer.from(streamed)],
  ])('of %s is unpacked', async (encoding, body) => {
    answersWith(body, 'Content-Type: text/event-stream', `Content-Encoding: ${encoding}`);
    const answer = await chat({ stream: true });
    expect([answer.headers.get('content-encoding'), await answer.text()]).toEqual([null, streamed]);
    expect(textOf(await (await message({ stream: true })).text())).toBe('ok');
    expect(await (await chat()).json()).toMatchObject({ choices: [{ message: { content: 'ok' } }] });
  });

  it('is unpacked as it comes', async () => {
    const packer = createGzip({ flush: constants.Z_SYNC_FLUSH });
    const { promise, resolve } = Promise.withResolvers<void>();
    await using upstream = await startRaw(async (call) => {
      await call.body;
      await call.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n');
      packer.on('data', (chunk: Buffer) => void call.write(chunk));
      packer.on('end', () => call.socket.end());
      packer.write(`${events[0]}\n\n`);
      await promise;
      packer.end(streamed);
    });
    app.edit(`providers: { p: { api_base: "${upstream.origin}", models: [m] } }`);
    const reader = (await chat({ stream: true })).body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe(`${events[0]}\n\n`);
    resolve();
    let rest = '';
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) rest += part.value;
    expect(rest).toBe(streamed);
  });

  it.each([
    ['that is cut', gzipSync(streamed).subarray(0, 30), 'gzip'],
    ['that is something else', Buffer.from(streamed), 'gzip'],
    ['in an encoding that is not known', Buffer.from(streamed), 'rot13'],
  ])('%s is an error', async (_name, body, encoding) => {
    answersWith(body, 'Content-Type: text/event-stream', `Content-Encoding: ${encoding}`);
    const answer = await chat({ stream: true });
    expect([answer.status, JSON.stringify(await answer.json())]).toEqual([
      502,
      expect.stringContaining('upstream_invalid'),
    ]);
  });
});

it.each([
  ['\r', streamed.replaceAll('\n', '\r')],
  ['\r\n', streamed.replaceAll('\n', '\r\n')],
  ['\r and \n', streamed.replace('\n\n', '\r\r')],
])('line ends of %j are legal', async (_end, body) => {
  answersWith(body, 'Content-Type: text/event-stream');
  expect(textOf(await (await chat({ stream: true })).text())).toBe('ok');
  expect(textOf(await (await message({ stream: true })).text())).toBe('ok');
});

describe('vectors', () => {
  const floats = [0.5, -1.25, 3];
  const base64 = Buffer.from(new Float32Array(floats).buffer).toString('base64');
  const vectors = (embedding: unknown, count = 1) =>
    JSON.stringify({
      object: 'list',
      model: 'm',
      data: Array.from({ length: count }, (_, index) => ({ object: 'embedding', index, embedding })),
      usage: { prompt_tokens: 1, total_tokens: 1 },
    });

  it.each([
    ['base64', floats, base64],
    ['base64', base64, base64],
    ['float', base64, floats],
    ['float', floats, floats],
    [undefined, base64, floats],
  ])('come as %s, whatever the server sends', async (format, sent, wanted) => {
    for (const count of [1, 20_000]) {
      answersWith(vectors(sent, count), 'Content-Type: application/json');
      const answer = await app.post('/v1/embeddings', { model: 'm', input: 'x', encoding_format: format });
      const { data } = (await answer.json()) as { data: { embedding: unknown }[] };
      expect([data.length, data[0]?.embedding, data.at(-1)?.embedding]).toEqual([count, wanted, wanted]);
    }
  });

  it('as they were wanted are not touched', async () => {
    const body = `${vectors(floats)} `;
    answersWith(body, 'Content-Type: application/json');
    expect(await (await app.post('/v1/embeddings', { model: 'm', input: 'x' })).text()).toBe(body);
  });
});

it('tells clients of Gemini by blank lines that it lives, and writes no comment', async () => {
  const clock = createFakeClock();
  await using waiting = await startApp({
    clock,
    yaml: `
server: { keepalive_after: 15s }
providers: { p: { api_base: "${fake.baseUrl}", models: [m], timeouts: { first_token: 60s } } }`,
  });
  fake.failCalls(faults.stallAfterEvents(1));
  const asked = waiting.post('/v1beta/models/m:streamGenerateContent?alt=sse', {
    contents: [{ role: 'user', parts: [{ text: 'x' }] }],
  });
  await fake.call(0);
  await fake.stalled();
  await clock.advanceAsync(30_000);
  fake.release();
  const text = await (await asked).text();
  expect(text.startsWith('\n\n\n\ndata: {')).toBe(true);
  expect(text).not.toMatch(/^:/m);
});
