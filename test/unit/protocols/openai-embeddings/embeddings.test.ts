import fc from 'fast-check';
import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { type EmbeddingRequest, fromBase64, toBase64 } from '../../../../src/protocols/embedding.ts';
import {
  embeddingsInbound,
  embeddingsInspector,
  embeddingsOutbound,
} from '../../../../src/protocols/openai-embeddings/operation.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { readCapture } from '../../../support/read-fixture.ts';
import { candidate, route } from '../openai-chat/samples.ts';

const target = candidate();
const texts = (...list: readonly string[]): EmbeddingRequest => ({
  model: 'm',
  input: { kind: 'texts', texts: list },
  encoding: 'float',
});
const context = (request: EmbeddingRequest) => ({
  request,
  requestedModel: 'asked',
  includeUsage: true,
  requestId: 'r',
  nowMs: 0,
});
const capture = (name: string): JsonObject => JSON.parse(readCapture(name).body.toString('utf8'));
const decodeAnswer = (body: JsonObject, request: EmbeddingRequest) =>
  embeddingsOutbound.decodeResponse(body, { target, request });

describe('a request', () => {
  test.each<[unknown, EmbeddingRequest['input']]>([
    ['a', { kind: 'texts', texts: ['a'] }],
    [['a', 'b'], { kind: 'texts', texts: ['a', 'b'] }],
    [[1, 2], { kind: 'tokens', tokens: [[1, 2]] }],
    [[[1], [2, 3]], { kind: 'tokens', tokens: [[1], [2, 3]] }],
  ])('takes input of %j', (input, expected) => {
    expect(embeddingsInbound.decode({ model: 'm', input }, route).request.input).toEqual(expected);
  });

  test.each([undefined, [], 7, ['a', 1], [[1], 'a']])('refuses input of %j', (input) => {
    expect(() => embeddingsInbound.decode({ input }, route)).toThrow(
      expect.objectContaining({ code: 'bad_request', param: 'input' }),
    );
  });

  test('survives the way to an upstream and back', () => {
    const input = fc.oneof(
      fc.array(fc.string(), { minLength: 1 }).map((list) => ({ kind: 'texts' as const, texts: list })),
      fc
        .array(fc.array(fc.nat(), { minLength: 1 }), { minLength: 1 })
        .map((tokens) => ({ kind: 'tokens' as const, tokens })),
    );
    const request = fc.record(
      {
        model: fc.constant('sample'),
        input,
        encoding: fc.constant('float' as const),
        dimensions: fc.nat(),
        user: fc.string(),
      },
      { requiredKeys: ['model', 'input', 'encoding'] },
    );
    fc.assert(
      fc.property(request, (sent) => {
        const { body, drops } = embeddingsOutbound.encode(sent, target);
        expect(embeddingsInbound.decode(body, route).request).toEqual(sent);
        expect(drops).toEqual([]);
      }),
    );
  });

  test("names what other protocols' clients asked for", () => {
    const request: EmbeddingRequest = { ...texts('a'), task: 'query', title: 't', truncate: false };
    expect(embeddingsOutbound.encode(request, target).drops).toEqual(['task', 'title', 'truncate']);
    const strict = candidate({ quirks: { rejectedFields: ['dimensions'] } });
    expect(embeddingsOutbound.encode({ ...texts('a'), dimensions: 5 }, strict)).toMatchObject({
      body: { input: ['a'] },
      drops: ['dimensions'],
    });
  });

  test('is measured whatever its form', () => {
    expect(embeddingsInbound.facts({ input: ['a'.repeat(8), 'b'.repeat(4)] }, route).promptTokens).toBe(3);
    expect(embeddingsInbound.facts({ input: [[1, 2], [3]] }, route).promptTokens).toBe(3);
  });
});

describe('an answer', () => {
  test('of numbers and one of base64 say the same', () => {
    const [numbers] = decodeAnswer(capture('embed-string'), texts('a')).vectors;
    expect(numbers).toHaveLength(64);
    const body = { data: [{ index: 0, embedding: toBase64(numbers ?? []) }] };
    const [again] = decodeAnswer(body, texts('a')).vectors;
    expect(again?.map((value) => value.toFixed(5))).toEqual(numbers?.map((value) => value.toFixed(5)));
  });

  test('is put in the order of the inputs', () => {
    const body = {
      data: [
        { index: 1, embedding: [1] },
        { index: 0, embedding: [0] },
      ],
      usage: { prompt_tokens: 3 },
    };
    expect(decodeAnswer(body, texts('a', 'b'))).toMatchObject({ vectors: [[0], [1]], usage: { input: 3 } });
  });

  test('has the encoding that the client asked for', () => {
    const response = { model: '', vectors: [[1, 0.5]], usage: { input: 3, output: 0 } };
    expect(embeddingsInbound.encodeResponse(response, context(texts('a')))).toEqual({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [1, 0.5] }],
      model: 'asked',
      usage: { prompt_tokens: 3, total_tokens: 3 },
    } satisfies OpenAI.CreateEmbeddingResponse);
    const packed = embeddingsInbound.encodeResponse(response, context({ ...texts('a'), encoding: 'base64' }));
    expect(packed).toMatchObject({ data: [{ embedding: toBase64([1, 0.5]) }] });
  });

  test('with the wrong number of vectors is invalid', () => {
    expect(() => decodeAnswer(capture('embed-string'), texts('a', 'b'))).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    );
  });

  test.each([
    ['no vector', { data: [] }, 'upstream_invalid'],
    ['an empty vector', { data: [{ embedding: [] }] }, 'upstream_invalid'],
    ['an error in a 200', { error: { message: 'no', code: 503 } }, 'upstream_busy'],
  ])('of %s is a failure, decoded or passing', (_, body, code) => {
    const failure = expect.objectContaining({ code });
    expect(() => decodeAnswer(body, texts('a'))).toThrow(failure);
    expect(() => embeddingsInspector.answer(body, target)).toThrow(failure);
  });

  test.each(['embed-string', 'embed-base64', 'embed-array'])('%s may pass', (name) => {
    expect(embeddingsInspector.answer(capture(name), target).usage?.input).toBeGreaterThan(0);
  });
});

test('base64 keeps every 32-bit float', () => {
  const floats = fc.array(fc.float({ noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(floats, (vector) => {
      expect(fromBase64(toBase64(vector))).toEqual(vector);
    }),
  );
  expect(fromBase64('AAA=')).toBeUndefined();
});
