import { zodTextFormat } from 'openai/helpers/zod';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { CanonicalResponse, Choice } from '../../../../src/protocols/canonical.ts';
import { collectParts } from '../../../../src/protocols/collect.ts';
import { inbound as responsesInbound } from '../../../../src/protocols/openai-responses/inbound.ts';
import { outbound as responsesOutbound } from '../../../../src/protocols/openai-responses/outbound.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { readCapture, readFixture } from '../../../support/read-fixture.ts';
import { answerContext, clientAnswered, decodeStream, request, target } from './samples.ts';

function answer(choice: Partial<Choice>): CanonicalResponse {
  return {
    id: 'chatcmpl-1',
    model: 'llama3.1:8b',
    created: 5,
    choices: [{ index: 0, content: [{ kind: 'text', text: 'Hello' }], finishReason: 'stop', ...choice }],
    usage: { input: 3, output: 4, cachedInput: 2 },
  };
}

function decode(body: JsonObject): CanonicalResponse {
  return responsesOutbound.decodeResponse(body, { target: target(), request: request() });
}

function message(content: readonly unknown[], fields: JsonObject = {}): JsonObject {
  return { id: 'resp_1', status: 'completed', output: [{ type: 'message', content }], ...fields };
}

describe('the Response object', () => {
  test('has every field that typed clients want', () => {
    expect(responsesInbound.encodeResponse(answer({}), answerContext({ temperature: 0.5, maxTokens: 9 }))).toEqual({
      id: 'resp_01JXYZ',
      object: 'response',
      created_at: 1_763_600_000,
      status: 'completed',
      background: false,
      error: null,
      incomplete_details: null,
      instructions: null,
      max_output_tokens: 9,
      max_tool_calls: null,
      model: 'llama3.1:8b',
      output: [
        {
          type: 'message',
          id: 'msg_01JXYZ0',
          status: 'completed',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'Hello', annotations: [], logprobs: [] }],
        },
      ],
      parallel_tool_calls: true,
      previous_response_id: null,
      prompt_cache_key: null,
      reasoning: { effort: null, summary: null },
      safety_identifier: null,
      service_tier: 'default',
      store: true,
      temperature: 0.5,
      text: { format: { type: 'text' } },
      tool_choice: 'auto',
      tools: [],
      top_logprobs: 0,
      top_p: null,
      truncation: 'disabled',
      usage: {
        input_tokens: 3,
        input_tokens_details: { cached_tokens: 2, cache_write_tokens: 0 },
        output_tokens: 4,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 7,
      },
      metadata: {},
    });
  });

  test.each([
    ['length', 'incomplete', { reason: 'max_output_tokens' }],
    ['content-filter', 'incomplete', { reason: 'content_filter' }],
    ['tool-calls', 'completed', null],
    ['refusal', 'completed', null],
    ['pause', 'completed', null],
    ['other', 'completed', null],
  ] as const)('%s is %s', (finishReason, status, details) => {
    const body = responsesInbound.encodeResponse(answer({ finishReason }), answerContext());
    expect(body).toMatchObject({ status, incomplete_details: details, output: [{ status }] });
  });

  test('own citations are annotations, foreign ones would break clients', () => {
    const url = { type: 'url_citation', url: 'https://example.com', title: 't', start_index: 0, end_index: 1 };
    const content = [{ kind: 'text' as const, text: 'Hello', citations: [url, { type: 'char_location' }] }];
    const body = responsesInbound.encodeResponse(answer({ content }), answerContext());
    expect(body).toMatchObject({ output: [{ content: [{ annotations: [url] }] }] });
  });

  test('seals of other protocols survive the client', () => {
    const content: Choice['content'] = [
      { kind: 'reasoning', text: 'Hm', seal: { protocol: 'messages', value: 'sig:with:colons' } },
      { kind: 'reasoning', text: '', seal: { protocol: 'messages', value: 'dark', isRedacted: true } },
      {
        kind: 'tool-call',
        id: 'c1',
        name: 'f',
        arguments: '{}',
        seal: { protocol: 'generate_content', value: 'thought' },
      },
    ];
    const body = responsesInbound.encodeResponse(answer({ content }), answerContext());
    const back = responsesInbound.decode(
      { model: 'm', input: body.output },
      { query: new URLSearchParams(), headers: {} },
    );
    expect(back.drops).toEqual([]);
    expect(back.request.messages).toMatchObject([{ role: 'assistant', content }]);
  });

  test('an answer without choices is an empty one', () => {
    const empty = { ...answer({}), choices: [] };
    expect(responsesInbound.encodeResponse(empty, answerContext())).toMatchObject({ status: 'completed', output: [] });
  });

  test('streamed and complete answers end in the same items', () => {
    const whole = collectParts(decodeStream([readFixture('responses/openai-reasoning-tools.chunks.txt')]));
    const stream = responsesInbound.streamEncoder(answerContext(), 'sse');
    const parts = decodeStream([readFixture('responses/openai-reasoning-tools.chunks.txt')]);
    const text = parts.map((part) => stream.encode(part)).join('') + stream.end();
    const last = JSON.parse(text.trimEnd().split('\n').at(-1)?.slice('data: '.length) ?? '');
    expect(last.response).toEqual(responsesInbound.encodeResponse(whole, answerContext()));
  });
});

describe('the official client', () => {
  test('reads an answer and its helpers', async () => {
    const body = responsesInbound.encodeResponse(answer({}), answerContext());
    const client = clientAnswered(JSON.stringify(body), 'application/json');
    const response = await client.responses.create({ model: 'gpt', input: 'hi' });
    expect(response.output_text).toBe('Hello');
    expect(response.usage?.total_tokens).toBe(7);
  });

  test('parses structured output and strict tool arguments', async () => {
    const content: Choice['content'] = [
      { kind: 'text', text: '{"city":"Rome"}' },
      { kind: 'tool-call', id: 'c1', name: 'f', arguments: '{"a":1}' },
    ];
    const body = responsesInbound.encodeResponse(answer({ content, finishReason: 'tool-calls' }), answerContext());
    const client = clientAnswered(JSON.stringify(body), 'application/json');
    const parsed = await client.responses.parse({
      model: 'gpt',
      input: 'hi',
      text: { format: zodTextFormat(z.object({ city: z.string() }), 'place') },
      tools: [{ type: 'function', name: 'f', parameters: {}, strict: true }],
    });
    expect(parsed.output_parsed).toEqual({ city: 'Rome' });
    expect(parsed.output[1]).toMatchObject({ parsed_arguments: { a: 1 } });
  });
});

describe('decoding a complete answer', () => {
  test('of llama.cpp', () => {
    const body = JSON.parse(readCapture('responses').body.toString('utf8'));
    expect(decode(body)).toMatchObject({
      model: 'tiny.gguf',
      choices: [
        {
          content: [{ kind: 'text', text: ' o two work copper window a but also' }],
          finishReason: 'stop',
          rawFinishReason: 'completed',
        },
      ],
      usage: { input: 30, output: 8, cachedInput: 1 },
    });
  });

  test('refusals, annotations and custom calls', () => {
    const url = { type: 'url_citation', url: 'https://example.com' };
    const decoded = decode(
      message(
        [
          { type: 'output_text', text: 'See', annotations: [url] },
          { type: 'refusal', refusal: 'No.' },
        ],
        { incomplete_details: null },
      ),
    );
    expect(decoded.choices[0]).toMatchObject({
      content: [
        { kind: 'text', text: 'See', citations: [url] },
        { kind: 'refusal', text: 'No.' },
      ],
      finishReason: 'refusal',
    });
  });

  test.each([
    [{ reason: 'max_output_tokens' }, 'length'],
    [{ reason: 'content_filter' }, 'content-filter'],
    [{ reason: 'boredom' }, 'other'],
    [null, 'other'],
  ])('incomplete: %j', (incomplete_details, finishReason) => {
    const decoded = decode(message([], { status: 'incomplete', incomplete_details }));
    expect(decoded.choices[0]?.finishReason).toBe(finishReason);
  });

  test.each([
    [{ status: 'failed', error: { code: 'server_error', message: 'broke' }, output: [] }, 'upstream_failed'],
    [{ status: 'failed', error: { code: 'invalid_prompt', message: 'odd' }, output: [] }, 'upstream_rejected'],
    [{ error: { message: 'wrong', type: 'invalid_request_error' } }, 'upstream_rejected'],
    [{ status: 'completed' }, 'upstream_invalid'],
    [{ status: 'in_progress', output: [] }, 'upstream_invalid'],
    [{ object: 'chat.completion', choices: [] }, 'upstream_invalid'],
  ])('%j is a failure', (body, code) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code }));
  });
});
