import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readFixture } from '../support/read-fixture.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

interface Case {
  readonly name: string;
  /** Written one after the other, in latin-1. */
  readonly send: readonly (string | { readonly generated: number })[];
  /** One good answer, two of them, none, or whatever does no harm. */
  readonly expect: 'ok' | 'ok2' | 'rej' | 'any';
}

const cases = JSON.parse(readFixture('http/requests.json').toString()) as readonly Case[];

const host = 'Host: 127.0.0.1\r\n';
const post = `POST /v1/chat/completions HTTP/1.1\r\n${host}Content-Type: application/json\r\n`;
const chat = '{"model": "m", "messages": [{"role": "user", "content": "x"}]}';
const chunkedChat = `3e;x\r\n${chat}\r\n`;

/** What is too long to be written down, by the name of its case: so much that all of it is `size` bytes. */
const generators: Readonly<Record<string, (fill: string) => string>> = {
  'target 8 kB': (fill) => `GET /healthz?${fill} HTTP/1.1\r\n${host}\r\n`,
  'target 63 kB': (fill) => `GET /healthz?${fill} HTTP/1.1\r\n${host}\r\n`,
  '1900 fields': (fill) => `GET /healthz HTTP/1.1\r\n${host}${'X-A: b\r\n'.repeat(1_900)}X: ${fill}\r\n\r\n`,
  '15 kB field': (fill) => `GET /healthz HTTP/1.1\r\n${host}X-A: ${fill}\r\n\r\n`,
  '60 kB field': (fill) => `GET /healthz HTTP/1.1\r\n${host}X-A: ${fill}\r\n\r\n`,
  'chunk ext 7 kB': (fill) => `${post}Transfer-Encoding: chunked\r\n\r\n${chunkedChat.replace('x', fill)}0\r\n\r\n`,
  'trailer 200 kB': (fill) =>
    `${post}Transfer-Encoding: chunked\r\n\r\n${chunkedChat}0\r\n${'A: b\r\n'.repeat(30_000)}X: ${fill}\r\n\r\n`,
  '413 while body is sent': (fill) => `${post}Content-Length: 20000000\r\n\r\n{"x": "${fill}`,
  '413 chunked': (fill) => `${post}Transfer-Encoding: chunked\r\n\r\nc00000\r\n${fill}`,
};

function generate(name: string, size: number): string {
  const generator = generators[name];
  if (generator === undefined) throw new Error(`nothing makes the case ${name}`);
  return generator('a'.repeat(size - generator('').length));
}

/** Answers any chat, after as many milliseconds as `delay=` in it says. */
const upstream = createServer(async (request, response) => {
  const body = Buffer.concat(await Array.fromAsync(request)).toString();
  await delay(Number(/delay=(\d+)/.exec(body)?.[1] ?? 0));
  const message = { role: 'assistant', content: 'hello' };
  response.setHeader('content-type', 'application/json');
  response.end(
    JSON.stringify({ object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }], id: 'c' }),
  );
});
let app: RunningApp;

beforeAll(async () => {
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const base = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;
  app = await startApp({
    yaml: `server: { read_timeout: 1500ms }\nproviders: { p: { api_base: "${base}", models: [m] } }\n`,
  });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  upstream.close();
});

const finalStatuses = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1])).filter((status) => status >= 200);

/** All answers to one case on a connection of its own, until the server closes it. */
async function answersTo({ name, send, expect: expected }: Case): Promise<readonly number[]> {
  const socket = connect({ port: app.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  let text = '';
  let change = Promise.withResolvers<void>();
  const changed = () => {
    change.resolve();
    change = Promise.withResolvers();
  };
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    changed();
  });
  socket.on('error', () => undefined);
  for (const event of ['end', 'close']) socket.on(event, changed);
  const isOver = () => socket.readableEnded || socket.closed;
  for (const piece of send) {
    const bytes = typeof piece === 'string' ? piece : generate(name, piece.generated);
    await new Promise((resolve) => socket.write(bytes, 'latin1', resolve));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  const wanted = { ok: 1, ok2: 2, rej: 1, any: 0 }[expected];
  if (!name.startsWith('half close')) {
    while (!isOver() && finalStatuses(text).length < wanted) await change.promise;
  }
  // What else there is comes now: with the end of our side the server ends its own.
  socket.end();
  while (!isOver()) await change.promise;
  socket.destroy();
  return finalStatuses(text);
}

it.each(cases)('$name: $expect', async (one) => {
  const statuses = await answersTo(one);
  const good = statuses.filter((status) => status < 300);
  if (one.expect === 'ok') expect([statuses.length, good.length]).toEqual([1, 1]);
  if (one.expect === 'ok2') expect([statuses.length, good.length]).toEqual([2, 2]);
  if (one.expect === 'rej') expect([statuses.length <= 1, good]).toEqual([true, []]);
  if (one.expect === 'any') expect(statuses.length).toBeLessThanOrEqual(3);
  expect((await app.get('/healthz')).status).toBe(200);
});

it('a long body of generated bytes is as long as its case says', () => {
  expect(generate('413 while body is sent', 2_000_113)).toHaveLength(2_000_113);
});
