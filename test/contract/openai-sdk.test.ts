import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/core/errors.ts';
import type { CanonicalResponse } from '../../src/protocols/canonical.ts';
import { responseParts } from '../../src/protocols/collect.ts';
import { inbound as chatInbound } from '../../src/protocols/openai-chat/inbound.ts';
import { inbound as completionsInbound } from '../../src/protocols/openai-completions/inbound.ts';
import { embeddingsInbound } from '../../src/protocols/openai-embeddings/operation.ts';
import type { Inbound, JsonObject } from '../../src/protocols/protocol.ts';
import { answerContext, route } from '../unit/protocols/openai-chat/samples.ts';

// The official client, with our encoders in the place of the network: what it refuses to read is wrong.

const facts = { requestId: 'req_1', attempts: [] };

/** A client whose requests are decoded and answered by `answer`. */
function client(answer: (body: JsonObject) => Response): OpenAI {
  const fetch = async (_: unknown, init?: { body?: unknown }) => answer(JSON.parse(String(init?.body)));
  return new OpenAI({ apiKey: 'k', baseURL: 'http://127.0.0.1:1/v1', maxRetries: 0, fetch });
}

const json = (body: JsonObject, status = 200) => Response.json(body, { status });
const sse = (text: string) => new Response(text, { headers: { 'content-type': 'text/event-stream' } });

const answer: CanonicalResponse = {
  id: 'chatcmpl-1',
  model: 'm',
  created: 7,
  choices: [
    {
      index: 0,
      content: [
        { kind: 'reasoning', text: 'hm' },
        { kind: 'text', text: 'Let me see.' },
        { kind: 'tool-call', id: 'a', name: 'weather', arguments: '{"city":"Rome"}' },
        { kind: 'tool-call', id: 'b', name: 'weather', arguments: '{"city":"Oslo"}' },
      ],
      finishReason: 'tool-calls',
    },
  ],
  usage: { input: 3, output: 4 },
};

function streamOf(inbound: Inbound, response: CanonicalResponse): string {
  const encoder = inbound.streamEncoder(answerContext(), 'sse');
  const events = responseParts(response).map((part) => encoder.encode(part));
  return `${inbound.keepAlive('sse')}${events.join('')}${encoder.end()}`;
}

const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'Weather?' }] };

describe('chat', () => {
  const expected = {
    choices: [
      {
        finish_reason: 'tool_calls',
        message: {
          content: 'Let me see.',
          tool_calls: [
            { id: 'a', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
            { id: 'b', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
          ],
        },
      },
    ],
    usage: { total_tokens: 7 },
  };

  test('as a whole', async () => {
    const openai = client(() => json(chatInbound.encodeResponse(answer, answerContext())));
    expect(await openai.chat.completions.create(ask)).toMatchObject(expected);
  });

  test('as a stream, put together by the helper', async () => {
    const openai = client((body) => {
      expect(chatInbound.decode(body, route).request).toMatchObject({ stream: true, includeUsage: true });
      return sse(streamOf(chatInbound, answer));
    });
    const stream = openai.chat.completions.stream({ ...ask, stream_options: { include_usage: true } });
    expect(await stream.finalChatCompletion()).toMatchObject(expected);
  });

  test('as a stream that breaks', async () => {
    const encoder = chatInbound.streamEncoder(answerContext(), 'sse');
    const begun = responseParts(answer)
      .slice(0, 3)
      .map((part) => encoder.encode(part));
    const broken = encoder.error(new GatewayError('stream_broken', 'The upstream went away.'), facts);
    const openai = client(() => sse(begun.join('') + broken));
    const read = async () => {
      for await (const chunk of await openai.chat.completions.create({ ...ask, stream: true })) void chunk;
    };
    await expect(read()).rejects.toThrow('The upstream went away.');
  });
});

describe('errors', () => {
  test.each([
    [new GatewayError('bad_request', 'no', { param: 'n' }), OpenAI.BadRequestError],
    [new GatewayError('unauthorized', 'no'), OpenAI.AuthenticationError],
    [new GatewayError('forbidden', 'no'), OpenAI.PermissionDeniedError],
    [new GatewayError('model_not_found', 'no'), OpenAI.NotFoundError],
    [new GatewayError('upstream_rate_limited', 'no'), OpenAI.RateLimitError],
    [new GatewayError('no_candidate', 'no'), OpenAI.InternalServerError],
  ])('%s is typed', async (error, kind) => {
    const openai = client(() => json(chatInbound.errors.body(error, facts), error.status));
    const caught = await openai.chat.completions.create(ask).catch((thrown: unknown) => thrown);
    expect(caught).toBeInstanceOf(kind);
    expect(caught).toMatchObject({ status: error.status, param: error.param ?? null, code: expect.any(String) });
  });
});

test('legacy completions, whole and as a stream', async () => {
  const whole = client(() => json(completionsInbound.encodeResponse(answer, answerContext())));
  expect((await whole.completions.create({ model: 'm', prompt: 'a' })).choices[0]?.text).toBe('Let me see.');
  const streaming = client(() => sse(streamOf(completionsInbound, answer)));
  let text = '';
  for await (const chunk of await streaming.completions.create({ model: 'm', prompt: 'a', stream: true })) {
    text += chunk.choices[0]?.text ?? '';
  }
  expect(text).toBe('Let me see.');
});

test('embeddings, which the client asks for in base64 and shows as numbers', async () => {
  const openai = client((body) => {
    const { request } = embeddingsInbound.decode(body, route);
    expect(request.encoding).toBe('base64');
    const response = { model: 'm', vectors: [[1, -0.5]], usage: { input: 2, output: 0 } };
    return json(embeddingsInbound.encodeResponse(response, { ...answerContext(), request }));
  });
  const { data, usage } = await openai.embeddings.create({ model: 'm', input: 'a' });
  expect(data[0]?.embedding).toEqual([1, -0.5]);
  expect(usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
});
