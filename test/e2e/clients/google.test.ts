import { ApiError, FunctionCallingConfigMode, GoogleGenAI } from '@google/genai';
import { describe, expect, test } from 'vitest';
import { routerOnChat, weatherCalls, weatherParameters, words } from './router.ts';

const router = routerOnChat();

/** The official client, unchanged, with a local server of chat completions behind the router. */
function start() {
  const { url, upstream } = router();
  return { client: new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: url } }), upstream };
}

const model = 'local-chat';
const ask = { model, contents: 'Weather?' };
const weather = { name: 'weather', description: 'Weather of a city', parametersJsonSchema: weatherParameters };
const config = { tools: [{ functionDeclarations: [weather] }] };

describe('content', () => {
  test('is generated', async () => {
    const { client, upstream } = start();
    upstream.answer({ reasoning: 'Let me see.', text: words });
    const response = await client.models.generateContent(ask);
    expect(response.text).toBe(words);
    expect(response.usageMetadata).toMatchObject({ promptTokenCount: 25, totalTokenCount: 40 });
  });

  test('streams', async () => {
    const { client, upstream } = start();
    upstream.answer({ text: words });
    let text = '';
    let finish: unknown;
    for await (const chunk of await client.models.generateContentStream(ask)) {
      text += chunk.text ?? '';
      finish = chunk.candidates?.[0]?.finishReason ?? finish;
    }
    expect(text).toBe(words);
    expect(finish).toBe('STOP');
  });

  test.each([false, true])('calls functions, two at once, in a chat (streamed: %s)', async (isStreamed) => {
    const { client, upstream } = start();
    const chat = client.chats.create({ model, config });
    upstream.answer({ calls: weatherCalls });
    const calls = [];
    if (isStreamed) {
      for await (const chunk of await chat.sendMessageStream({ message: 'Weather?' }))
        calls.push(...(chunk.functionCalls ?? []));
    } else calls.push(...((await chat.sendMessage({ message: 'Weather?' })).functionCalls ?? []));
    expect(calls.map(({ name, args }) => [name, args])).toEqual([
      ['weather', { city: 'Rome' }],
      ['weather', { city: 'Oslo' }],
    ]);
    upstream.answer({ text: 'Warm and cold.' });
    const message = calls.map(({ id, name, args }) => ({
      functionResponse: {
        ...(id === undefined ? {} : { id }),
        name: name ?? '',
        response: { output: `${String(args?.city)} is fine` },
      },
    }));
    expect((await chat.sendMessage({ message })).text).toBe('Warm and cold.');
    const sent = JSON.stringify(upstream.requests.at(-1)?.body?.messages);
    expect(sent.indexOf('Rome is fine')).toBeLessThan(sent.indexOf('Oslo is fine'));
    expect(upstream.requests.at(-1)?.body?.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: 'call_1' }, { id: 'call_2' }] },
      { role: 'tool', tool_call_id: 'call_1' },
      { role: 'tool', tool_call_id: 'call_2' },
    ]);
  });

  test('has the form and the tool that were asked for', async () => {
    const { client, upstream } = start();
    upstream.answer({ text: '{"city":"Bern"}' });
    const formed = { responseMimeType: 'application/json', responseJsonSchema: weatherParameters };
    const response = await client.models.generateContent({ ...ask, config: formed });
    expect(JSON.parse(response.text ?? '')).toEqual({ city: 'Bern' });
    expect(upstream.requests.at(-1)?.body?.response_format).toMatchObject({ type: 'json_schema' });
    upstream.answer({ calls: weatherCalls.slice(0, 1) });
    const mode = FunctionCallingConfigMode.ANY;
    const forced = { ...config, toolConfig: { functionCallingConfig: { mode, allowedFunctionNames: ['weather'] } } };
    await client.models.generateContent({ ...ask, config: forced });
    expect(upstream.requests.at(-1)?.body).toMatchObject({ tools: [{ function: { name: 'weather' } }] });
    expect(upstream.requests.at(-1)?.body?.tool_choice).toBeDefined();
  });
});

test('contents are embedded', async () => {
  const { client } = start();
  const { embeddings } = await client.models.embedContent({ model: 'local-embed', contents: ['a', 'b'] });
  expect(embeddings?.map(({ values }) => values)).toEqual([
    [0, 0.5, -0.25],
    [1, 0.5, -0.25],
  ]);
});

test('tokens are counted and models listed', async () => {
  const { client } = start();
  const { totalTokens } = await client.models.countTokens({ model, contents: words });
  expect(totalTokens).toBeGreaterThan(0);
  const names = [];
  for await (const { name } of await client.models.list()) names.push(name);
  expect(names).toContain(`models/${model}`);
});

test('failures are the client’s own errors', async () => {
  const { client, upstream } = start();
  upstream.answer({ fault: { kind: 'status', status: 400, message: 'no such voice' } });
  const failed = client.models.generateContent(ask);
  await expect(failed).rejects.toThrow(ApiError);
  await expect(failed).rejects.toThrow('no such voice');
  await expect(client.models.generateContent({ ...ask, model: 'nobody' })).rejects.toMatchObject({ status: 404 });
  upstream.answer({ text: words, fault: { kind: 'error-event', after: 3, message: 'out of memory' } });
  const stream = await client.models.generateContentStream(ask);
  const read = async () => {
    for await (const chunk of stream) expect(words).toContain(chunk.text);
  };
  await expect(read()).rejects.toThrow('out of memory');
});
