import { describe, expect, test } from 'vitest';
import type { CanonicalResponse, ContentPart } from '../../../../src/protocols/canonical.ts';
import { encodeResponse } from '../../../../src/protocols/gemini/client/encode-response.ts';
import { decodeResponse } from '../../../../src/protocols/gemini/upstream/decode-response.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { answerContext, decodeContext } from './samples.ts';

const decode = (body: JsonObject) => decodeResponse(body, decodeContext());
const candidate = (parts: readonly unknown[], finishReason: string | undefined = 'STOP') => ({
  candidates: [{ content: { parts, role: 'model' }, finishReason, index: 0 }],
});

describe('decoding', () => {
  test('text, thoughts, signatures and usage', () => {
    const response = decode({
      ...candidate([
        { text: 'hm', thought: true },
        { text: 'Hi', thoughtSignature: 'c2ln' },
      ]),
      usageMetadata: {
        promptTokenCount: 10,
        candidatesTokenCount: 5,
        thoughtsTokenCount: 7,
        cachedContentTokenCount: 4,
        toolUsePromptTokenCount: 1,
        totalTokenCount: 23,
      },
      modelVersion: 'gemini-2.5-flash-001',
      responseId: 'r1',
      createTime: '2026-01-01T00:00:00.5Z',
    });
    expect(response).toEqual({
      id: 'r1',
      model: 'gemini-2.5-flash-001',
      created: 1_767_225_600,
      choices: [
        {
          index: 0,
          content: [
            { kind: 'reasoning', text: 'hm' },
            { kind: 'text', text: 'Hi' },
            { kind: 'reasoning', text: '', seal: { protocol: 'generate_content', value: 'c2ln' } },
          ],
          finishReason: 'stop',
          rawFinishReason: 'STOP',
        },
      ],
      usage: { input: 11, output: 12, reasoning: 7, cachedInput: 4 },
    });
  });

  test('calls end in tool-calls and get ids of their own', () => {
    const call = (args: object) => ({ functionCall: { name: 'f', args } });
    const parts = [call({ a: 1 }), { functionCall: { name: 'f', id: 'theirs' } }, call({})];
    const [choice] = decode({ ...candidate(parts), responseId: 'm/A_1' }).choices;
    expect(choice?.finishReason).toBe('tool-calls');
    expect(choice?.content).toEqual([
      { kind: 'tool-call', id: 'call_mA_1_1', name: 'f', arguments: '{"a":1}' },
      { kind: 'tool-call', id: 'theirs', name: 'f', arguments: '{}' },
      { kind: 'tool-call', id: 'call_mA_1_2', name: 'f', arguments: '{}' },
    ]);
  });

  test('images in the answer', () => {
    const parts = [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }];
    expect(decode(candidate(parts)).choices[0]?.content).toEqual([
      { kind: 'image', source: { kind: 'bytes', mediaType: 'image/png', base64: 'AAAA' } },
    ]);
  });

  test.each([
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content-filter'],
    ['RECITATION', 'content-filter'],
    ['MALFORMED_FUNCTION_CALL', 'other'],
    ['BRAND_NEW', 'other'],
  ])('%s means %s', (word, reason) => {
    const [choice] = decode(candidate([{ text: 'x' }], word)).choices;
    expect(choice).toMatchObject({ finishReason: reason, rawFinishReason: word });
  });

  test('an empty answer with a finish reason is an answer', () => {
    expect(decode({ candidates: [{ finishReason: 'SAFETY' }] }).choices).toEqual([
      { index: 0, content: [], finishReason: 'content-filter', rawFinishReason: 'SAFETY' },
    ]);
  });

  test('a blocked prompt is a filtered answer', () => {
    expect(decode({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }).choices).toEqual([
      { index: 0, content: [], finishReason: 'content-filter', rawFinishReason: 'PROHIBITED_CONTENT' },
    ]);
  });

  test.each([
    [{}],
    [{ candidates: [] }],
    [{ candidates: [{}] }],
    [candidate([], 'MALFORMED_FUNCTION_CALL')],
    [{ candidates: 'x', promptFeedback: 3 }],
  ])('%j is a failure', (body) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code: 'upstream_invalid', retry: 'next' }));
  });

  test('an error in a 200', () => {
    expect(() => decode({ error: { code: 503, message: 'overloaded' } })).toThrow(
      expect.objectContaining({ code: 'upstream_busy', message: 'overloaded' }),
    );
  });

  test('log probabilities', () => {
    const logprobsResult = {
      chosenCandidates: [{ token: 'a', logProbability: -0.1 }],
      topCandidates: [
        {
          candidates: [
            { token: 'a', logProbability: -0.1 },
            { token: 'b', logProbability: -2 },
          ],
        },
      ],
    };
    const { choices } = decode({
      candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason: 'STOP', logprobsResult }],
    });
    expect(choices[0]?.logprobs).toEqual([
      {
        token: 'a',
        logprob: -0.1,
        top: [
          { token: 'a', logprob: -0.1 },
          { token: 'b', logprob: -2 },
        ],
      },
    ]);
  });
});

describe('encoding', () => {
  const encode = (content: readonly ContentPart[], fields: Partial<CanonicalResponse> = {}) =>
    encodeResponse(
      { id: 'r', model: 'llama', created: 0, choices: [{ index: 0, content, finishReason: 'stop' }], ...fields },
      answerContext,
    );

  test('an answer in Gemini words', () => {
    const usage = { input: 10, output: 12, reasoning: 7, cachedInput: 4 };
    const content: readonly ContentPart[] = [
      { kind: 'reasoning', text: 'hm', seal: { protocol: 'generate_content', value: 'c2ln' } },
      { kind: 'text', text: 'Hi' },
      { kind: 'tool-call', id: 'c1', name: 'f', arguments: '{"a":1}' },
    ];
    expect(encode(content, { usage })).toEqual({
      candidates: [
        {
          content: {
            role: 'model',
            parts: [
              { text: 'hm', thought: true, thoughtSignature: 'c2ln' },
              { text: 'Hi' },
              { functionCall: { id: 'c1', name: 'f', args: { a: 1 } } },
            ],
          },
          finishReason: 'STOP',
          index: 0,
        },
      ],
      usageMetadata: {
        promptTokenCount: 10,
        candidatesTokenCount: 5,
        thoughtsTokenCount: 7,
        cachedContentTokenCount: 4,
        totalTokenCount: 22,
      },
      modelVersion: 'llama',
      responseId: 'r',
    });
  });

  test('a call whose arguments were cut is not made', () => {
    expect(encode([{ kind: 'tool-call', id: 'c', name: 'f', arguments: '{"a":' }])).toMatchObject({
      candidates: [{ content: { parts: [] }, finishReason: 'MALFORMED_FUNCTION_CALL' }],
    });
  });

  test('what the upstream left out is ours', () => {
    expect(encode([], { id: '', model: '' })).toMatchObject({ responseId: 'req-1', modelVersion: 'asked-for' });
  });
});
