import OpenAI from 'openai';
import { zodResponseFormat, zodResponsesFunction, zodTextFormat } from 'openai/helpers/zod';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { routerOnChat, weatherCalls, weatherParameters, words } from './router.ts';

const router = routerOnChat();

/** The official client, unchanged, with a local server of chat completions behind the router. */
function start() {
  const { url, upstream } = router();
  return { client: new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 }), upstream };
}

const model = 'local-chat';
const ask = { model, messages: [{ role: 'user' as const, content: 'Weather?' }] };
const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: weatherParameters } }];
const capital = z.object({ city: z.string(), people: z.number() });
const bern = { city: 'Bern', people: 137_000 };

describe('chat completions', () => {
  test('are created', async () => {
    const { client, upstream } = start();
    upstream.answer({ text: words });
    const completion = await client.chat.completions.create(ask);
    expect(completion.choices[0]?.message.content).toBe(words);
    expect(completion.usage?.total_tokens).toBe(40);
  });

  test('stream, and gather in the helper', async () => {
    const { client, upstream } = start();
    upstream.answer({ text: words });
    let text = '';
    for await (const chunk of await client.chat.completions.create({ ...ask, stream: true }))
      text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe(words);
    upstream.answer({ text: words });
    const stream = client.chat.completions.stream({ ...ask, stream_options: { include_usage: true } });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]?.message.content).toBe(words);
    expect(final.usage?.prompt_tokens).toBe(25);
  });

  test('run tools by themselves, twice at once', async () => {
    const { client, upstream } = start();
    upstream.answer({ calls: weatherCalls });
    upstream.answer({ text: 'Warm in Rome, cold in Oslo.' });
    const asked: string[] = [];
    const weather = ({ city }: { city: string }) => {
      asked.push(city);
      return `Weather of ${city}`;
    };
    const runner = client.chat.completions.runTools({
      ...ask,
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            name: 'weather',
            description: 'Weather of a city',
            parameters: weatherParameters,
            parse: JSON.parse as (text: string) => { city: string },
            function: weather,
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('Warm in Rome, cold in Oslo.');
    expect(asked).toEqual(['Rome', 'Oslo']);
    const sent = upstream.requests.at(-1)?.body?.messages;
    expect(sent).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: 'call_1' }, { id: 'call_2' }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'Weather of Rome' },
      { role: 'tool', tool_call_id: 'call_2', content: 'Weather of Oslo' },
    ]);
  });

  test('parse what a schema asked for', async () => {
    const { client, upstream } = start();
    upstream.answer({ text: JSON.stringify(bern) });
    const completion = await client.chat.completions.parse({
      ...ask,
      response_format: zodResponseFormat(capital, 'capital'),
    });
    expect(completion.choices[0]?.message.parsed).toEqual(bern);
    expect(upstream.requests.at(-1)?.body?.response_format).toMatchObject({ type: 'json_schema' });
  });
});

describe('responses', () => {
  test('are created, and stream with their helper', async () => {
    const { client, upstream } = start();
    upstream.answer({ text: words });
    const response = await client.responses.create({ model, input: 'Weather?' });
    expect(response.output_text).toBe(words);
    upstream.answer({ reasoning: 'Let me see.', text: words });
    let text = '';
    const stream = client.responses.stream({ model, input: 'Weather?' });
    stream.on('response.output_text.delta', ({ delta }) => {
      text += delta;
    });
    const final = await stream.finalResponse();
    expect(text).toBe(words);
    expect(final.output.map(({ type }) => type)).toEqual(['reasoning', 'message']);
    expect(final.usage?.total_tokens).toBe(40);
  });

  test('call tools and go on from the response before', async () => {
    const { client, upstream } = start();
    upstream.answer({ calls: weatherCalls });
    const parameters = z.object({ city: z.string() });
    const asked = await client.responses.parse({
      model,
      input: 'Weather?',
      tools: [zodResponsesFunction({ name: 'weather', parameters })],
    });
    const calls = asked.output.filter((item) => item.type === 'function_call');
    expect(calls.map((call) => [call.call_id, call.parsed_arguments])).toEqual([
      ['call_1', { city: 'Rome' }],
      ['call_2', { city: 'Oslo' }],
    ]);
    upstream.answer({ text: 'Warm and cold.' });
    const answered = await client.responses.create({
      model,
      previous_response_id: asked.id,
      input: calls.map(({ call_id }) => ({ type: 'function_call_output', call_id, output: `${call_id} is fine` })),
    });
    expect(answered.output_text).toBe('Warm and cold.');
    expect(upstream.requests.at(-1)?.body?.messages).toMatchObject([
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', tool_calls: [{ id: 'call_1' }, { id: 'call_2' }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'call_1 is fine' },
      { role: 'tool', tool_call_id: 'call_2', content: 'call_2 is fine' },
    ]);
  });

  test('parse what a schema asked for, whole and streamed', async () => {
    const { client, upstream } = start();
    const text = { format: zodTextFormat(capital, 'capital') };
    upstream.answer({ text: JSON.stringify(bern) });
    const response = await client.responses.parse({ model, input: 'Capital?', text });
    expect(response.output_parsed).toEqual(bern);
    upstream.answer({ text: JSON.stringify(bern) });
    const final = await client.responses.stream({ model, input: 'Capital?', text }).finalResponse();
    expect(final.output_parsed).toEqual(bern);
  });
});

test('the older completions, embeddings and models', async () => {
  const { client, upstream } = start();
  upstream.answer({ text: words });
  expect((await client.completions.create({ model, prompt: 'Say' })).choices[0]?.text).toBe(words);
  const made = await client.embeddings.create({ model: 'local-embed', input: ['a', 'b'] });
  expect(made.data.map(({ embedding }) => embedding)).toEqual([
    [0, 0.5, -0.25],
    [1, 0.5, -0.25],
  ]);
  const ids = [];
  for await (const { id } of client.models.list()) ids.push(id);
  expect(ids).toEqual(['local-chat', 'local-embed']);
  expect((await client.models.retrieve(model)).id).toBe(model);
});

test('failures are the client’s own errors', async () => {
  const { client, upstream } = start();
  upstream.answer({ fault: { kind: 'status', status: 400, message: 'no such voice' } });
  await expect(client.chat.completions.create(ask)).rejects.toThrow(OpenAI.BadRequestError);
  upstream.answer({ fault: { kind: 'status', status: 429, message: 'slow down', headers: { 'retry-after': '120' } } });
  await expect(client.responses.create({ model, input: 'x' })).rejects.toThrow(OpenAI.RateLimitError);
  await expect(client.chat.completions.create({ ...ask, model: 'nobody' })).rejects.toThrow(OpenAI.NotFoundError);
  upstream.answer({ text: words, fault: { kind: 'error-event', after: 3, message: 'out of memory' } });
  await expect(client.chat.completions.stream(ask).finalContent()).rejects.toThrow('out of memory');
  upstream.answer({ text: words, fault: { kind: 'cut', after: 3 } });
  expect((await client.responses.stream({ model, input: 'x' }).finalResponse()).status).toBe('failed');
  // Tools of one request never reach the next.
  upstream.answer({ calls: weatherCalls });
  const { choices } = await client.chat.completions.create({ ...ask, tools });
  expect(choices[0]?.finish_reason).toBe('tool_calls');
});
