import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

let upstream: FakeUpstream;
let app: RunningApp;

beforeEach(async () => {
  upstream = await startFake({ kind: 'openai', models: ['m'], answer: { text: 'hi' } });
  app = await startApp({ yaml: `providers: { chat: { api_base: "${upstream.baseUrl}", models: [m] } }` });
});

afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await upstream.close();
});

const user = { role: 'user', content: 'hi' };

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

function send(path: string, body: string): Promise<Response> {
  return fetch(app.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

const paths = [
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/messages',
  '/v1beta/models/m:generateContent',
  '/api/chat',
];

describe('a body that is nested too deep', () => {
  it.each(paths)('is a 400 at %s, which says so', async (path) => {
    const answer = await send(path, `{"model":"m","x":${nested(600)}}`);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('nested more than 512 levels deep');
  });

  it('is one when tokens are to be counted too', async () => {
    const answer = await send('/v1/messages/count_tokens', `{"model":"m","messages":[],"x":${nested(600)}}`);
    expect(answer.status).toBe(400);
  });

  it('is passed on where it is as deep as real schemas are', async () => {
    const schema = `${'{"type":"object","properties":{"a":'.repeat(200)}{}${'}}'.repeat(200)}`;
    const tool = `{"type":"function","function":{"name":"t","parameters":${schema}}}`;
    const answer = await send(
      paths[0] as string,
      `{"model":"m","messages":[${JSON.stringify(user)}],"tools":[${tool}]}`,
    );
    expect(answer.status).toBe(200);
  });
});

describe('a body with very many small things', () => {
  const many = (count: number, item: string) => Array.from({ length: count }, () => item).join(',');

  it.each([
    ['objects', `[${many(200_001, '{}')}]`, 'more than 200000 lists and objects'],
    ['texts', `[${many(502_000, '"a"')}]`, 'more than 500000 items in long lists'],
    ['fields', `{${Array.from({ length: 102_000 }, (_, i) => `"${i}":1`).join(',')}}`, 'more than 100000 fields'],
  ])('is a 400 that names them: %s', async (_name, value, problem) => {
    const answer = await send('/v1/chat/completions', `{"model":"m","messages":[],"x":${value}}`);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(problem);
  });
});

describe('64,000 messages of one role', () => {
  const body = { model: 'm', max_tokens: 5, messages: Array.from({ length: 64_000 }, () => user) };

  it.each(['/v1/chat/completions', '/v1/messages', '/v1/messages/count_tokens'])('are taken at %s', async (path) => {
    const answer = await app.post(path, body);
    expect(answer.status).toBe(200);
  });
});

describe("a model's name of a megabyte", () => {
  const name = 'a'.repeat(1_000_000);

  it('is cut in headers, in the message and in the record', async () => {
    const answer = await app.post('/v1/chat/completions', { model: name, messages: [user] });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('x-router-requested-model')).toBe(`${'a'.repeat(253)}...`);
    expect((await answer.text()).length).toBeLessThan(1_000);
    const [record] = await app.settles(1);
    expect(record?.requestedModel).toHaveLength(256);
  });

  it('is cut in the header of who answers', async () => {
    const answer = await app.post('/v1/chat/completions', { model: `chat:${name}`, messages: [user] });
    expect(answer.headers.get('x-router-model')?.length ?? 0).toBeLessThanOrEqual(256);
  });
});

it('cuts the list of what a translation drops', async () => {
  const items = Array.from({ length: 2_000 }, (_, index) => ({ type: `odd_item_${index}` }));
  const answer = await app.post('/v1/responses', { model: 'm', input: [user, ...items] });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('x-router-translation-drops')).toMatch(/^input\.odd_item_0, .*\.\.\.$/);
  expect(answer.headers.get('x-router-translation-drops')).toHaveLength(2_000);
});
