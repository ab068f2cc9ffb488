import { Ollama } from 'ollama';
import { describe, expect, test } from 'vitest';
import { routerOnChat, weatherCalls, weatherParameters, words } from './router.ts';

const router = routerOnChat();

/** The official client, unchanged, with a local server of chat completions behind the router. */
function start() {
  const { url, upstream } = router();
  return { client: new Ollama({ host: url }), upstream };
}

const model = 'local-chat';
const question = { role: 'user', content: 'Weather?' };
const tools = [
  { type: 'function', function: { name: 'weather', description: 'Weather of a city', parameters: weatherParameters } },
];

describe('chat', () => {
  test('answers, whole and streamed', async () => {
    const { client, upstream } = start();
    upstream.answer({ reasoning: 'Let me see.', text: words });
    const whole = await client.chat({ model, messages: [question], think: true });
    expect(whole.message).toMatchObject({ role: 'assistant', content: words, thinking: 'Let me see.' });
    expect(whole).toMatchObject({ done: true, done_reason: 'stop', prompt_eval_count: 25, eval_count: 15 });
    upstream.answer({ text: words });
    let text = '';
    let isDone = false;
    for await (const part of await client.chat({ model, messages: [question], stream: true })) {
      text += part.message.content;
      isDone = part.done;
    }
    expect(text).toBe(words);
    expect(isDone).toBe(true);
  });

  test('calls tools, two at once, and takes their results', async () => {
    const { client, upstream } = start();
    upstream.answer({ calls: weatherCalls });
    const { message } = await client.chat({ model, messages: [question], tools });
    expect(message.tool_calls?.map((call) => call.function.arguments)).toEqual([{ city: 'Rome' }, { city: 'Oslo' }]);
    upstream.answer({ text: 'Warm and cold.' });
    const results = ['Rome', 'Oslo'].map((city) => ({
      role: 'tool',
      tool_name: 'weather',
      content: `${city} is fine`,
    }));
    const last = await client.chat({ model, messages: [question, message, ...results], tools });
    expect(last.message.content).toBe('Warm and cold.');
    expect(upstream.requests.at(-1)?.body?.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: 'call_1' }, { id: 'call_2' }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'Rome is fine' },
      { role: 'tool', tool_call_id: 'call_2', content: 'Oslo is fine' },
    ]);
  });

  test('has the form that was asked for', async () => {
    const { client, upstream } = start();
    upstream.answer({ text: '{"city":"Bern"}' });
    const { message } = await client.chat({ model, messages: [question], format: weatherParameters });
    expect(JSON.parse(message.content)).toEqual({ city: 'Bern' });
    expect(upstream.requests.at(-1)?.body?.response_format).toMatchObject({ type: 'json_schema' });
  });
});

test('generate answers, whole and streamed', async () => {
  const { client, upstream } = start();
  upstream.answer({ text: words });
  expect((await client.generate({ model, prompt: 'Weather?', system: 'Be brief.' })).response).toBe(words);
  upstream.answer({ text: words });
  let text = '';
  for await (const part of await client.generate({ model, prompt: 'Weather?', stream: true })) text += part.response;
  expect(text).toBe(words);
});

test('texts are embedded', async () => {
  const { client } = start();
  const { embeddings } = await client.embed({ model: 'local-embed', input: ['a', 'b'] });
  expect(embeddings).toEqual([
    [0, 0.5, -0.25],
    [1, 0.5, -0.25],
  ]);
});

test('models are listed and shown', async () => {
  const { client } = start();
  const { models } = await client.list();
  expect(models.map(({ name }) => name)).toContain(model);
  expect((await client.show({ model })).details).toBeDefined();
  expect((await client.ps()).models).toBeInstanceOf(Array);
  expect((await client.version()).version).toMatch(/^\d+\.\d+\.\d+/);
});

test('failures are the client’s own errors', async () => {
  const { client, upstream } = start();
  upstream.answer({ fault: { kind: 'status', status: 400, message: 'no such voice' } });
  await expect(client.chat({ model, messages: [question] })).rejects.toMatchObject({
    name: 'ResponseError',
    status_code: 400,
    error: 'no such voice',
  });
  await expect(client.chat({ model: 'nobody', messages: [question] })).rejects.toMatchObject({ status_code: 404 });
  upstream.answer({ text: words, fault: { kind: 'error-event', after: 3, message: 'out of memory' } });
  const read = async () => {
    for await (const part of await client.chat({ model, messages: [question], stream: true }))
      expect(part.done).toBe(false);
  };
  await expect(read()).rejects.toThrow('out of memory');
});
