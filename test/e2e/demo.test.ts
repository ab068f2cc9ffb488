import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

let app: RunningApp;

beforeEach(async () => {
  app = await startApp({ demo: true });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
});

const say = (model: string, content: string, more: object = {}) =>
  app.post('/v1/chat/completions', { model, messages: [{ role: 'user', content }], ...more });

it('answers at once on a machine that has nothing', async () => {
  const answer = await say('demo:echo', 'Grüß Gott 👋');
  const body = (await answer.json()) as { choices: readonly { message: { content: string } }[] };
  expect([answer.status, body.choices[0]?.message.content]).toEqual([200, 'Grüß Gott 👋']);
  expect((await app.get('/readyz')).status).toBe(200);
});

it('streams word by word', async () => {
  const body = await (await say('demo/echo', 'one two three', { stream: true })).text();
  const said = [...body.matchAll(/"content":"([^"]*)"/g)].map((match) => match[1]);
  expect(said.join('')).toBe('one two three');
  expect(body.endsWith('data: [DONE]\n\n')).toBe(true);
});

it('lists its two models', async () => {
  const { data } = (await (await app.get('/v1/models')).json()) as { data: readonly { id: string }[] };
  expect(data.map(({ id }) => id).toSorted()).toEqual(['echo', 'fail']);
});

it.each([
  ['', 503, 3],
  ['status=400', 400, 1],
  ['status=429 retry_after=60', 429, 1],
  ['status=401', 502, 1],
])('demo:fail on %j', async (words, status, attempts) => {
  const answer = await say('demo:fail', words);
  expect([answer.status, answer.headers.get('x-router-attempts')]).toEqual([status, String(attempts)]);
});

it('breaks a stream after the chunks that were asked for', async () => {
  const body = await (await say('demo:fail', 'cut=2 and some more words', { stream: true })).text();
  expect(body).toContain('stream_broken');
  expect(body).not.toContain('[DONE]');
});

it('lets a user rehearse failover to a provider of their own', async () => {
  await using fake = await startFake({ kind: 'openai', models: ['m'] });
  app.edit(`
providers: { mine: { api_base: "${fake.baseUrl}", models: [m] } }
models: { v: { endpoints: [{ provider: demo, model: fail }, { provider: mine, model: m }] } }
`);
  const answer = await say('v', 'hi');
  expect([answer.status, answer.headers.get('x-router-provider'), answer.headers.get('x-router-attempts')]).toEqual([
    200,
    'mine',
    '2',
  ]);
});

it('survives bodies that are no JSON, and those who leave within one', async () => {
  const demo = app.app.snapshot().providers.get('demo')?.endpoint.baseUrl ?? '';
  for (const body of ['{', '[]', 'null']) {
    expect((await fetch(`${demo}/chat/completions`, { method: 'POST', body })).status).toBe(400);
  }
  const socket = connect(Number(new URL(demo).port), '127.0.0.1');
  socket.write('POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{');
  await once(socket, 'connect');
  socket.resetAndDestroy();
  await once(socket, 'close');
  expect((await say('demo:echo', 'still there')).status).toBe(200);
});
