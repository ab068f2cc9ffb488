import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CanonicalRequest, CanonicalResponse, Part } from '../../../../src/protocols/canonical.ts';
import { collectParts } from '../../../../src/protocols/collect.ts';
import { outbound as responsesOutbound } from '../../../../src/protocols/openai-responses/outbound.ts';
import { type ResponsesFake, startResponsesFake } from '../../../support/fake-servers/responses.ts';
import { decodeStream, request, target } from './samples.ts';

let fake: ResponsesFake;
beforeAll(async () => {
  fake = await startResponsesFake();
});
afterAll(() => fake.close());

async function post(fields: Partial<CanonicalRequest>): Promise<Response> {
  const { path, body } = responsesOutbound.encode(request(fields), target());
  const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-test' };
  return fetch(`${fake.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function send(fields: Partial<CanonicalRequest>): Promise<CanonicalResponse> {
  const response = await post(fields);
  const text = await response.text();
  if (!response.ok) throw responsesOutbound.classifyError(response.status, {}, text, target());
  return responsesOutbound.decodeResponse(JSON.parse(text), { target: target(), request: request(fields) });
}

async function stream(fields: Partial<CanonicalRequest>): Promise<readonly Part[]> {
  const response = await post({ ...fields, stream: true });
  return decodeStream([Buffer.from(await response.arrayBuffer())]);
}

const weather = {
  name: 'get_weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
};

describe('against the rules of the API', () => {
  test('a request with everything is accepted', async () => {
    const image = { kind: 'bytes' as const, mediaType: 'image/png', base64: 'AAAA' };
    const answer = await send({
      messages: [
        { role: 'system', content: [{ kind: 'text', text: 'Be brief.' }] },
        { role: 'developer', content: [{ kind: 'text', text: 'Be kind.' }] },
        {
          role: 'user',
          content: [
            { kind: 'text', text: 'Look.' },
            { kind: 'image', source: image },
            { kind: 'document', source: { kind: 'bytes', mediaType: 'application/pdf', base64: 'AAAA' } },
            { kind: 'document', source: { kind: 'text', text: 'notes' } },
          ],
        },
      ],
      tools: [weather],
      toolChoice: { kind: 'allowed', names: ['get_weather'], isRequired: false },
      parallelToolCalls: true,
      output: { kind: 'json-schema', name: 'n', schema: { type: 'object', properties: {} } },
      reasoning: { effort: 'high', summary: 'auto' },
      logprobs: true,
      topLogprobs: 2,
      maxTokens: 5,
      stop: ['x'],
      seed: 1,
      user: 'u',
      metadata: { a: 'b' },
    });
    expect(answer).toMatchObject({
      choices: [{ content: [{ kind: 'text', text: 'Hello!' }], finishReason: 'stop' }],
      usage: { input: 25, output: 15, cachedInput: 10, reasoning: 5 },
    });
  });

  test('a tool loop with parallel calls and reasoning, three turns, streamed', async () => {
    const messages: CanonicalRequest['messages'][number][] = [
      { role: 'user', content: [{ kind: 'text', text: 'Weather in Rome and Köln?' }] },
    ];
    const asked = { tools: [weather], reasoning: { effort: 'medium' as const, summary: 'auto' } };
    for (const turn of [1, 2]) {
      fake.answer({
        items: [
          { type: 'reasoning', summary: `Plan ${turn}` },
          { type: 'call', id: `call_${turn}a`, name: 'get_weather', arguments: '{"city":"Rome"}' },
          { type: 'call', id: `call_${turn}b`, name: 'get_weather', arguments: '{"city":"Köln"}' },
        ],
      });
      const answer = collectParts(await stream({ ...asked, messages })).choices[0];
      expect(answer?.finishReason).toBe('tool-calls');
      const content = answer?.content ?? [];
      const calls = content.flatMap((part) => (part.kind === 'tool-call' ? [part] : []));
      expect(calls.map((call) => call.id)).toEqual([`call_${turn}a`, `call_${turn}b`]);
      messages.push({ role: 'assistant', content });
      messages.push({
        role: 'tool',
        content: calls.map((call) => ({
          kind: 'tool-result',
          id: call.id,
          content: [{ kind: 'text', text: 'sunny' }],
        })),
      });
    }
    const last = collectParts(await stream({ ...asked, messages }));
    expect(last.choices[0]).toMatchObject({ content: [{ kind: 'text', text: 'Hello!' }], finishReason: 'stop' });
  });

  test('the fake refuses what the API refuses', async () => {
    const client = new OpenAI({ apiKey: 'sk-test', baseURL: fake.url, maxRetries: 0 });
    const input = [{ type: 'function_call_output' as const, call_id: 'nope', output: 'x' }];
    await expect(client.responses.create({ model: 'gpt-5.1', input })).rejects.toThrow(/No tool call found/);
    const chatTool = JSON.parse('{"type":"function","function":{"name":"f"}}');
    await expect(client.responses.create({ model: 'gpt-5.1', input: 'hi', tools: [chatTool] })).rejects.toThrow(
      /Unknown parameter: 'tools\[0\].function'/,
    );
    await expect(client.responses.create({ model: 'gpt-9', input: 'hi' })).rejects.toThrow(/does not exist/);
  });

  test('the fake’s stream satisfies the official client', async () => {
    const client = new OpenAI({ apiKey: 'sk-test', baseURL: fake.url, maxRetries: 0 });
    fake.answer({
      items: [
        { type: 'reasoning', summary: 'Plan' },
        { type: 'text', text: 'Grüße 🚀' },
        { type: 'call', id: 'c1', name: 'f', arguments: '{}' },
      ],
    });
    const final = await client.responses.stream({ model: 'gpt-5.1', input: 'hi' }).finalResponse();
    expect(final.output_text).toBe('Grüße 🚀');
    expect(final.output).toHaveLength(3);
  });
});

describe('failures', () => {
  test.each([
    [{ kind: 'status', status: 429, code: 'rate_limit_exceeded', message: 'slow' }, 'upstream_rate_limited'],
    [{ kind: 'status', status: 400, code: 'context_length_exceeded', message: 'long' }, 'upstream_context'],
    [{ kind: 'failed', after: 2, code: 'server_error', message: 'broke' }, 'upstream_failed'],
    [{ kind: 'error-event', after: 0, code: 'rate_limit_exceeded', message: 'slow' }, 'upstream_rate_limited'],
  ] as const)('%j', async (fault, code) => {
    fake.answer({ fault });
    await expect(send({})).rejects.toMatchObject({ code });
  });

  test.each([
    [{ kind: 'failed', after: 5, code: 'server_error', message: 'broke' }, 'upstream_failed'],
    [{ kind: 'error-event', after: 2, code: 'server_is_overloaded', message: 'later' }, 'upstream_busy'],
    [{ kind: 'end', after: 6 }, 'upstream_invalid'],
  ] as const)('streamed: %j', async (fault, code) => {
    fake.answer({ fault });
    await expect(stream({})).rejects.toMatchObject({ code });
  });

  test('an unknown model is missing there, and may be elsewhere', async () => {
    const { body } = responsesOutbound.encode(request(), target());
    const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-test' };
    const unknown = JSON.stringify({ ...body, model: 'gpt-9' });
    const response = await fetch(`${fake.url}/responses`, { method: 'POST', headers, body: unknown });
    const error = responsesOutbound.classifyError(response.status, {}, await response.text(), target());
    expect(error).toMatchObject({ code: 'upstream_model_missing', retry: 'next' });
  });
});
