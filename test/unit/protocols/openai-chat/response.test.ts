import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { CanonicalResponse } from '../../../../src/protocols/canonical.ts';
import { inbound as chatInbound } from '../../../../src/protocols/openai-chat/inbound.ts';
import { outbound as chatOutbound } from '../../../../src/protocols/openai-chat/outbound.ts';
import { readCapture } from '../../../support/read-fixture.ts';
import { answerContext, candidate, localModel, request } from './samples.ts';

const target = candidate({ model: localModel });

const decode = (body: object) => chatOutbound.decodeResponse({ ...body }, { target, request: request() });
const decodeCapture = (name: string) => decode(JSON.parse(readCapture(name).body.toString('utf8')));
const decodeMessage = (message: object, choice: object = {}) =>
  decode({ choices: [{ message, finish_reason: 'stop', ...choice }] }).choices[0];

describe('an upstream answer', () => {
  test('gives text, usage and extras', () => {
    expect(decodeCapture('chat')).toMatchObject({
      model: 'tiny.gguf',
      choices: [{ index: 0, content: [{ kind: 'text', text: '~ also kno' }], finishReason: 'stop' }],
      usage: { input: 30, output: 4 },
      extensions: { chat_completions: { system_fingerprint: 'b1-de3ff81' } },
    });
  });

  test('gives a tool call', () => {
    expect(decodeCapture('chat-tool-call').choices[0]).toMatchObject({
      content: [{ kind: 'tool-call', name: 'get_weather' }],
      finishReason: 'tool-calls',
    });
  });

  test('keeps arguments that were cut', () => {
    expect(decodeCapture('chat-tool-cut-by-length').choices[0]).toMatchObject({
      content: [{ kind: 'tool-call', arguments: '{' }],
      finishReason: 'length',
    });
  });

  test('gives reasoning, as field and as tags', () => {
    expect(decodeCapture('think-chat').choices[0]?.content).toMatchObject([{ kind: 'reasoning' }, { kind: 'text' }]);
    expect(decodeCapture('think-chat-format-none').choices[0]?.content).toEqual([
      { kind: 'reasoning', text: 'this them now of can' },
      { kind: 'text', text: 'qu if copper than question first of can after loc' },
    ]);
  });

  test('gives log probabilities and several choices', () => {
    expect(decodeCapture('chat-logprobs').choices[0]?.logprobs).toHaveLength(2);
    expect(decodeCapture('chat-n2').choices.map(({ index }) => index)).toEqual([0, 1]);
  });

  test('may lack ids, counts and finish reason', () => {
    expect(decodeMessage({ tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }] })).toMatchObject({
      content: [{ id: 'call_0_f', arguments: '{"a":1}' }],
      finishReason: 'tool-calls',
    });
    expect(decodeMessage({ content: 'a' }, { finish_reason: null })).toMatchObject({ finishReason: 'other' });
  });

  test("tells vLLM's stop sequence", () => {
    expect(decodeMessage({ content: 'a' }, { stop_reason: 'END' })?.stopSequence).toBe('END');
    expect(decodeMessage({ content: 'a' }, { stop_reason: 128_009 })?.stopSequence).toBeUndefined();
  });

  test('tells an unknown finish reason as it is', () => {
    expect(decodeMessage({ content: 'a' }, { finish_reason: 'odd' })).toMatchObject({
      finishReason: 'other',
      rawFinishReason: 'odd',
    });
  });

  test.each([
    ['no choices', { choices: [] }, 'upstream_invalid'],
    ['nothing', {}, 'upstream_invalid'],
    ['a choice without message', { choices: [{ index: 0 }] }, 'upstream_invalid'],
    ['an error in a 200', { error: 'Unexpected endpoint or method. (POST /x)' }, 'upstream_failed'],
    ['a finish reason that says error', { choices: [{ message: {}, finish_reason: 'error' }] }, 'upstream_failed'],
  ])('of %s is a failure', (_, body, code) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code }));
  });
});

describe('an answer for the client', () => {
  const answer: CanonicalResponse = {
    id: 'msg_1',
    model: 'claude',
    created: 0,
    choices: [
      {
        index: 0,
        content: [
          { kind: 'reasoning', text: 'hm', seal: { protocol: 'messages', value: 'sig' } },
          { kind: 'text', text: 'Let me ' },
          { kind: 'text', text: 'see.' },
          {
            kind: 'tool-call',
            id: 'c',
            name: 'f',
            arguments: '{}',
            seal: { protocol: 'generate_content', value: 't' },
          },
        ],
        finishReason: 'tool-calls',
      },
    ],
    usage: { input: 3, output: 4, cachedInput: 1, reasoning: 2 },
  };

  test('has the shape of the SDK, with reasoning and its seal beside', () => {
    const body = chatInbound.encodeResponse(answer, answerContext());
    expect(body).toEqual({
      id: 'msg_1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'claude',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'Let me see.',
            refusal: null,
            reasoning_content: 'hm',
            reasoning_details: [
              { type: 'reasoning.text', text: 'hm', signature: 'sig', format: 'anthropic-claude-v1', index: 0 },
            ],
            tool_calls: [
              {
                id: 'c',
                type: 'function',
                function: { name: 'f', arguments: '{}' },
                extra_content: { google: { thought_signature: 't' } },
              },
            ],
          },
          logprobs: null,
          finish_reason: 'tool_calls',
        },
      ],
      usage: {
        prompt_tokens: 3,
        completion_tokens: 4,
        total_tokens: 7,
        prompt_tokens_details: { cached_tokens: 1 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    } satisfies Omit<OpenAI.ChatCompletion, 'choices'> & { choices: unknown[] });
  });

  test('fills what the upstream did not tell', () => {
    const body = chatInbound.encodeResponse({ ...answer, id: '', model: '' }, answerContext());
    expect(body).toMatchObject({ id: 'chatcmpl-ours', model: 'asked' });
  });

  test.each([
    ['length', 'length'],
    ['content-filter', 'content_filter'],
    ['refusal', 'content_filter'],
    ['pause', 'stop'],
    ['other', 'stop'],
  ] as const)('that ended by %s says %s', (finishReason, word) => {
    const choices = [{ index: 0, content: [], finishReason }];
    expect(chatInbound.encodeResponse({ ...answer, choices }, answerContext())).toMatchObject({
      choices: [{ finish_reason: word, message: { content: '' } }],
    });
  });
});
