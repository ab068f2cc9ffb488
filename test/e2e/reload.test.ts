import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/issues.ts';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const streams = 50;

let fake: FakeUpstream;
let app: RunningApp;

const providers = (models: string) => `providers: { p: { api_base: "${fake.baseUrl}", models: [${models}] } }\n`;

beforeEach(async () => {
  fake = await startFake({ kind: 'openai', models: ['m', 'n'] });
  app = await startApp({ yaml: providers('m') });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await fake.close();
});

async function ids(): Promise<readonly string[]> {
  const { data } = (await (await app.get('/v1/models')).json()) as { data: readonly { id: string }[] };
  return data.map(({ id }) => id);
}

/** Streams that stand still after their first word. */
async function openStreams(): Promise<readonly Response[]> {
  fake.failCalls(faults.stallAfterEvents(3));
  const answers = await Promise.all(
    Array.from({ length: streams }, () => app.post('/v1/chat/completions', { model: 'm', messages: [], stream: true })),
  );
  fake.failCalls(undefined);
  expect(fake.openRequests).toBe(streams);
  return answers;
}

async function endWell(answers: readonly Response[]): Promise<void> {
  fake.release();
  const bodies = await Promise.all(answers.map((answer) => answer.text()));
  const [first = ''] = bodies;
  expect(first.endsWith('data: [DONE]\n\n')).toBe(true);
  expect(bodies.filter((body) => body !== first)).toEqual([]);
  const chats = app.settled.filter(({ operation }) => operation === 'chat');
  expect(chats.map(({ outcome }) => outcome)).toEqual(Array.from({ length: streams }, () => 'completed'));
}

it('shows new models at once and disturbs no stream', async () => {
  const answers = await openStreams();
  app.edit(`${providers('m, n')}models: { v: { endpoints: [{ provider: p, model: n }] } }\n`);
  expect(await ids()).toEqual(['v', 'm', 'n']);
  await endWell(answers);
  expect((await app.post('/v1/chat/completions', { model: 'v', messages: [] })).status).toBe(200);
});

it('changes nothing when the edit is broken, and says where', async () => {
  const answers = await openStreams();
  let failure: unknown;
  try {
    app.edit(`${providers('m, n')}routing:\n  failovr: {}\n`);
  } catch (thrown) {
    failure = thrown;
  }
  expect(failure).toBeInstanceOf(ConfigError);
  expect((failure as ConfigError).issues).toMatchObject([{ line: 3, column: 3 }]);
  expect(await ids()).toEqual(['m']);
  await endWell(answers);
});

it('lets the streams of a provider that is removed end, and closes its connections then', async () => {
  const answers = await openStreams();
  app.edit('providers: {}\n');
  expect(await ids()).toEqual([]);
  expect((await app.post('/v1/chat/completions', { model: 'm', messages: [] })).status).toBe(404);
  fake.release();
  const bodies = await Promise.all(answers.map((answer) => answer.text()));
  expect(bodies.every((body) => body.endsWith('data: [DONE]\n\n'))).toBe(true);
  await fake.idle();
});

it('sends the new key from the next request on', async () => {
  const keyed = (key: string) => `providers: { p: { api_base: "${fake.baseUrl}", api_key: ${key}, models: [m] } }\n`;
  app.edit(keyed('one'));
  await (await app.post('/v1/chat/completions', { model: 'm', messages: [] })).arrayBuffer();
  app.edit(keyed('two'));
  await (await app.post('/v1/chat/completions', { model: 'm', messages: [] })).arrayBuffer();
  expect(fake.calls.map(({ headers }) => headers.authorization)).toEqual(['Bearer one', 'Bearer two']);
});

it('holds to new timeouts and limits', async () => {
  app.edit(`server: { max_request_body_size: 20B }\n${providers('m')}`);
  expect((await app.post('/v1/chat/completions', { model: 'm', messages: [] })).status).toBe(413);
});
