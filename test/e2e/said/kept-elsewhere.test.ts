import Anthropic from '@anthropic-ai/sdk';
import { expect, it, onTestFinished } from 'vitest';
import { type RunningApp, startApp } from '../../support/start-app.ts';
import { chatAnswer, chatProvider, type PlainUpstream, startPlain } from './plain-upstream.ts';

async function arrange(): Promise<{ readonly app: RunningApp; readonly upstream: PlainUpstream }> {
  const upstream = await startPlain((request) => chatAnswer(request, { content: 'ok' }, [{ content: 'ok' }]));
  const local = `local: { api_base: ${upstream.origin}/v1, models: [both], api_protocol: { '*': [messages] } }`;
  const app = await startApp({ yaml: `providers:\n  ${chatProvider('up', upstream.origin)}\n  ${local}\n` });
  onTestFinished(async () => {
    await app[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });
  return { app, upstream };
}

const messages = [{ role: 'user', content: 'hi' }];
const responses = (body: object) => ['/v1/responses', { model: 'up:small', input: 'hi', ...body }] as const;
const anthropic = (body: object) => ['/v1/messages', { model: 'up:small', max_tokens: 5, messages, ...body }] as const;
const sealed = [{ role: 'assistant', content: [{ type: 'compaction', encrypted_content: 'x' }] }, ...messages];

it.each([
  ['thread', ...anthropic({ thread: { type: 'create' } })],
  ['thread', ...anthropic({ thread: { type: 'continue', previous_message_id: 'msg_1' } })],
  ['thread', ...anthropic({ model: 'local:both', thread: { type: 'create' } })],
  ['container', ...anthropic({ container: 'container_1' })],
  ['compaction', ...anthropic({ messages: sealed })],
  ['conversation', ...responses({ conversation: 'conv_1' })],
  ['prompt', ...responses({ prompt: { id: 'pmpt_1' } })],
  ['background', ...responses({ background: true })],
  ['previous_response_id', ...responses({ previous_response_id: 'resp_1' })],
  ['input', ...responses({ input: [{ type: 'item_reference', id: 'msg_1' }] })],
  ['input', ...responses({ input: [{ id: 'rs_1' }, { role: 'user', content: 'hi' }] })],
  ['compaction', ...responses({ input: [{ type: 'compaction', encrypted_content: 'x' }] })],
  [
    'cachedContent',
    '/v1beta/models/up:small:generateContent',
    { contents: [{ role: 'user', parts: [{ text: 'hi' }] }], cachedContent: 'cachedContents/1' },
  ],
  ['context', '/api/generate', { model: 'up:small', prompt: 'hi', context: [1, 2] }],
])('refuses %s of %s, which is kept elsewhere, and asks nobody', async (name, path, body) => {
  const { app, upstream } = await arrange();
  const answer = await app.post(path, body);
  expect([answer.status, upstream.seen]).toEqual([400, []]);
  expect((await answer.text()).toLowerCase()).toContain(name === 'input' ? 'not found' : name.toLowerCase());
});

it('tells a client that threads messages to send them all, which it then does', async () => {
  const { app, upstream } = await arrange();
  const refused = await app.post(...anthropic({ thread: { type: 'create' } }));
  expect(await refused.json()).toMatchObject({
    type: 'error',
    error: {
      type: 'invalid_request_error',
      details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
    },
  });
  const client = new Anthropic({ baseURL: app.url, apiKey: 'k', maxRetries: 0 });
  const thread = client.beta.messages.thread({
    model: 'up:small',
    max_tokens: 10,
    unsupportedRequestBehavior: 'continue_unthreaded',
  } as never);
  await thread.send({ role: 'user', content: 'one' } as never);
  await thread.send({ role: 'user', content: 'two' } as never);
  const asked = upstream.seen.map(({ body }) => body.messages.map((message: { content: unknown }) => message.content));
  expect(asked).toEqual([['one'], ['one', 'ok', 'two']]);
});

it('carries the summary of a compaction as text', async () => {
  const { app, upstream } = await arrange();
  const compacted = { role: 'assistant', content: [{ type: 'compaction', content: 'We chose blue.' }] };
  await app.post(...anthropic({ messages: [compacted, ...messages] }));
  expect(upstream.seen[0]?.body.messages[0]).toMatchObject({ role: 'assistant', content: 'We chose blue.' });
});
