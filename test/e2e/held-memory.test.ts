import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFake } from '../support/fake-upstream.ts';
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
    const slow = [upload(300_000), upload(300_000)];
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
