import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { routerOnChat, weatherCalls, weatherParameters, words } from './router.ts';

const router = routerOnChat();

/** The official client, unchanged, with a local server of chat completions behind the router. */
function start() {
  const { url, upstream } = router();
  return { client: new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0 }), upstream };
}

const model = 'local-chat';
const question = { role: 'user' as const, content: 'Weather?' };
const ask = { model, max_tokens: 1000, messages: [question] };
const tools = [
  {
    name: 'weather',
    description: 'Weather of a city',
    input_schema: { ...weatherParameters, type: 'object' as const },
  },
];

describe('messages', () => {
  test('are created', async () => {
    const { client, upstream } = start();
    upstream.answer({ text: words });
    const message = await client.messages.create(ask);
    expect(message.content).toMatchObject([{ type: 'text', text: words }]);
    expect(message.stop_reason).toBe('end_turn');
    expect(message.usage).toMatchObject({ input_tokens: 15, cache_read_input_tokens: 10, output_tokens: 15 });
  });

  test('stream into the helper', async () => {
    const { client, upstream } = start();
    upstream.answer({ reasoning: 'Let me see.', text: words });
    let text = '';
    const stream = client.messages.stream(ask).on('text', (delta) => {
      text += delta;
    });
    const final = await stream.finalMessage();
    expect(text).toBe(words);
    expect(final.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
    expect(final.usage).toMatchObject({ input_tokens: 15, output_tokens: 15 });
  });

  test.each([false, true])('use tools, two at once, and take their results (streamed: %s)', async (isStreamed) => {
    const { client, upstream } = start();
    upstream.answer({ text: 'I look.', calls: weatherCalls });
    const first = isStreamed
      ? await client.messages.stream({ ...ask, tools }).finalMessage()
      : await client.messages.create({ ...ask, tools });
    expect(first.stop_reason).toBe('tool_use');
    const uses = first.content.filter((block) => block.type === 'tool_use');
    expect(uses.map(({ id, input }) => [id, input])).toEqual([
      ['call_1', { city: 'Rome' }],
      ['call_2', { city: 'Oslo' }],
    ]);
    const content = uses.map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: `${id} is fine` }));
    upstream.answer({ text: 'Warm and cold.' });
    const turns = [
      question,
      { role: 'assistant' as const, content: first.content },
      { role: 'user' as const, content },
    ];
    const last = await client.messages.create({ ...ask, tools, messages: turns });
    expect(last.content).toMatchObject([{ text: 'Warm and cold.' }]);
    expect(upstream.requests.at(-1)?.body?.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: 'I look.', tool_calls: [{ id: 'call_1' }, { id: 'call_2' }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'call_1 is fine' },
      { role: 'tool', tool_call_id: 'call_2', content: 'call_2 is fine' },
    ]);
  });
});

test('tokens are counted', async () => {
  const { client } = start();
  const few = await client.messages.countTokens({ model, messages: [question] });
  const more = await client.messages.countTokens({ model, messages: [question], system: words, tools });
  expect(few.input_tokens).toBeGreaterThan(0);
  expect(more.input_tokens).toBeGreaterThan(few.input_tokens);
});

test('models are listed in the client’s own form', async () => {
  const { client } = start();
  const ids = [];
  for await (const { id, type } of client.models.list()) ids.push([id, type]);
  expect(ids).toContainEqual([model, 'model']);
});

test('failures are the client’s own errors', async () => {
  const { client, upstream } = start();
  upstream.answer({ fault: { kind: 'status', status: 400, message: 'no such voice' } });
  await expect(client.messages.create(ask)).rejects.toThrow(Anthropic.BadRequestError);
  upstream.answer({ fault: { kind: 'status', status: 429, message: 'slow down', headers: { 'retry-after': '120' } } });
  await expect(client.messages.create(ask)).rejects.toThrow(Anthropic.RateLimitError);
  await expect(client.messages.create({ ...ask, model: 'nobody' })).rejects.toThrow(Anthropic.NotFoundError);
  upstream.answer({ text: words, fault: { kind: 'error-event', after: 3, message: 'out of memory' } });
  await expect(client.messages.stream(ask).finalMessage()).rejects.toThrow('out of memory');
  upstream.answer({ text: words, fault: { kind: 'cut', after: 3 } });
  await expect(client.messages.stream(ask).finalMessage()).rejects.toThrow();
});
