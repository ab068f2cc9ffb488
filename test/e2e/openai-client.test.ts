import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const slashed = 'meta-llama/Llama-3.1-8B:q4';

let fake: FakeUpstream;
let app: RunningApp;
let client: OpenAI;

beforeEach(async () => {
  fake = await startFake({ kind: 'vllm', models: ['m', slashed] });
  app = await startApp({ yaml: `providers: { local: { api_base: "${fake.baseUrl}", models: [m, "${slashed}"] } }` });
  client = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'unused' });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await fake.close();
});

const messages = [{ role: 'user' as const, content: 'hi' }];
const tools = [
  {
    type: 'function' as const,
    function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  },
];
const text = 'Grüße from the fake 👋 upstream, twice over.';

describe('the official client', () => {
  it('chats', async () => {
    const answer = await client.chat.completions.create({ model: 'm', messages });
    expect(answer.choices[0]?.message.content).toBe(text);
    expect(answer.usage?.total_tokens).toBe(18);
  });

  it('streams', async () => {
    const stream = await client.chat.completions.create({ model: 'm', messages, stream: true });
    let said = '';
    for await (const chunk of stream) said += chunk.choices[0]?.delta.content ?? '';
    expect(said).toBe(text);
  });

  it('streams with its helper and usage', async () => {
    const stream = client.chat.completions.stream({ model: 'm', messages, stream_options: { include_usage: true } });
    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe(text);
    expect((await stream.totalUsage()).total_tokens).toBe(18);
  });

  it('calls tools, whole and streamed', async () => {
    const answer = await client.chat.completions.create({ model: 'm', messages, tools });
    const call = { name: 'weather', arguments: '{"city":"Zürich"}' };
    expect(answer.choices[0]?.message.tool_calls).toMatchObject([{ function: call }]);
    const stream = client.chat.completions.stream({ model: 'm', messages, tools });
    expect((await stream.finalMessage()).tool_calls).toMatchObject([{ function: call }]);
    expect(JSON.parse(fake.calls[0]?.body.toString() ?? '').tools).toEqual(tools);
  });

  it('embeds, in floats and in its own base64', async () => {
    const answer = await client.embeddings.create({ model: 'm', input: ['a', 'b'] });
    expect(answer.data.map(({ embedding }) => embedding[0])).toEqual([0, 1]);
    const floats = await client.embeddings.create({ model: 'm', input: 'a', encoding_format: 'float' });
    expect(floats.data[0]?.embedding).toEqual([0, 0.5, -0.25, 0.125]);
  });

  it('completes', async () => {
    const answer = await client.completions.create({ model: 'm', prompt: 'x' });
    expect(answer.choices[0]?.text).toBe(text);
    const stream = await client.completions.create({ model: 'm', prompt: 'x', stream: true });
    let said = '';
    for await (const chunk of stream) said += chunk.choices[0]?.text ?? '';
    expect(said).toBe(text);
  });

  it('lists models and retrieves one whose id has slashes', async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids.toSorted()).toEqual(['m', slashed]);
    expect(await client.models.retrieve(slashed)).toMatchObject({ id: slashed, object: 'model', owned_by: 'local' });
    await expect(client.models.retrieve('no/such')).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  it('aborts', async () => {
    fake.failCalls(faults.stallAfterEvents(3));
    const stream = await client.chat.completions.create({ model: 'm', messages, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content !== '') break;
    expect(await fake.waitForClose(0)).toBe('aborted');
    expect(await app.settles(1)).toMatchObject([{ outcome: 'cancelled' }]);
  });
});

describe('its errors', () => {
  const openaiError = (message: string) => ({ error: { message, type: 'x', param: null, code: null } });

  it.each([
    [400, OpenAI.BadRequestError, 'bad temperature', 'upstream_rejected', 1],
    [422, OpenAI.UnprocessableEntityError, 'no such thing', 'upstream_rejected', 1],
    [404, OpenAI.NotFoundError, 'The model `m` does not exist.', 'model_not_found', 1],
    [429, OpenAI.RateLimitError, 'slow down', 'rate_limit_exceeded', 3],
    [500, OpenAI.InternalServerError, 'boom', 'upstream_failed', 3],
    [503, OpenAI.InternalServerError, 'still loading', 'upstream_busy', 3],
  ])('%i upstream', async (status, type, message, code, attempts) => {
    fake.failCalls(faults.status(status, openaiError(message)));
    const failure: unknown = await client.chat.completions.create({ model: 'm', messages }).catch((thrown) => thrown);
    expect(failure).toBeInstanceOf(type);
    expect(failure).toMatchObject({ code, message: expect.stringContaining(message) });
    // All tries that make sense are made here: the client's own would multiply them.
    expect(fake.calls).toHaveLength(attempts);
    expect(app.settled).toHaveLength(1);
  });

  it('an unknown model', async () => {
    const asked = client.chat.completions.create({ model: 'mm', messages });
    await expect(asked).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(asked).rejects.toMatchObject({ code: 'model_not_found', param: 'model' });
  });

  it('a wrong body', async () => {
    const asked = client.post('/chat/completions', { body: [] as unknown as Record<string, unknown> });
    await expect(asked).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });

  it('a wrong path', async () => {
    await expect(client.post('/chat/completion', { body: {} })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  it('a missing key', async () => {
    app.edit(`auth: { keys: [{ name: a, key: sk-a }] }\nproviders: { local: { api_base: "${fake.baseUrl}" } }`);
    await expect(client.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    const keyed = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'sk-a' });
    await expect(keyed.models.list()).resolves.toBeDefined();
  });

  it('a stream that breaks', async () => {
    fake.failCalls(faults.stallAfterEvents(3));
    const stream = await client.chat.completions.create({ model: 'm', messages, stream: true });
    let said = '';
    const reading = (async () => {
      for await (const chunk of stream) {
        said += chunk.choices[0]?.delta.content ?? '';
        if (said !== '') await fake.stop();
      }
    })();
    await expect(reading).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(text.startsWith(said)).toBe(true);
    expect(app.settled).toMatchObject([{ outcome: 'broken' }]);
  });
});
