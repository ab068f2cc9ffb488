import { describe, expect, test } from 'vitest';
import { cohereEmbedOutbound } from '../../../../src/protocols/cohere/embeddings.ts';
import { cohereRerankOutbound } from '../../../../src/protocols/cohere/rerank.ts';
import type { EmbeddingRequest } from '../../../../src/protocols/embedding.ts';
import type { RerankRequest } from '../../../../src/protocols/rerank/canonical.ts';
import { cohere } from './samples.ts';

const target = cohere('embed-v4.0');
const request: EmbeddingRequest = { model: 'e', input: { kind: 'texts', texts: ['a', 'b'] }, encoding: 'float' };

describe('embeddings', () => {
  test('are asked for as numbers, for documents unless told', () => {
    expect(cohereEmbedOutbound.encode({ ...request, dimensions: 256, truncate: false }, target)).toMatchObject({
      path: '/embed',
      body: {
        model: 'embed-v4.0',
        texts: ['a', 'b'],
        input_type: 'search_document',
        embedding_types: ['float'],
        output_dimension: 256,
        truncate: 'NONE',
      },
      drops: [],
    });
    expect(cohereEmbedOutbound.encode({ ...request, truncate: true }, target).body.truncate).toBe('END');
  });

  test('are told what for, by the task or by the field that clients of others send as an extra', () => {
    const typeOf = (fields: Partial<EmbeddingRequest>) =>
      cohereEmbedOutbound.encode({ ...request, ...fields }, target).body.input_type;
    expect(typeOf({ task: 'query' })).toBe('search_query');
    expect(typeOf({ task: 'classification' })).toBe('classification');
    const extra = { ...request, extensions: { chat_completions: { input_type: 'search_query', other: 1 } } };
    expect(cohereEmbedOutbound.encode(extra, target)).toMatchObject({
      body: { input_type: 'search_query' },
      drops: ['other'],
    });
    expect(typeOf({ extensions: { chat_completions: { input_type: 'odd' } } })).toBe('search_document');
  });

  test('name what the API has no word for', () => {
    expect(cohereEmbedOutbound.encode({ ...request, title: 't', user: 'u' }, target).drops).toEqual(['title', 'user']);
  });

  test.each([
    ['tokens', { kind: 'tokens' as const, tokens: [[1]] }],
    ['too many texts', { kind: 'texts' as const, texts: Array(97).fill('a') }],
  ])('of %s are for another candidate', (_, input) => {
    const encode = () => cohereEmbedOutbound.encode({ ...request, input }, target);
    expect(encode).toThrow(expect.objectContaining({ code: 'upstream_incapable' }));
  });

  test('come back one for each text', () => {
    const meta = { billed_units: { input_tokens: 6 } };
    const decode = (embeddings: unknown) =>
      cohereEmbedOutbound.decodeResponse({ id: 'x', embeddings, meta }, { target, request });
    expect(
      decode({
        float: [
          [1, 2],
          [3, 4],
        ],
      }),
    ).toEqual({
      model: 'embed-v4.0',
      vectors: [
        [1, 2],
        [3, 4],
      ],
      usage: { input: 6, output: 0 },
    });
    for (const odd of [undefined, {}, { float: [[1]] }, { float: [[1], []] }, { float: [[1], ['x']] }]) {
      expect(() => decode(odd)).toThrow(expect.objectContaining({ code: 'upstream_invalid' }));
    }
    const refused = () => cohereEmbedOutbound.decodeResponse({ message: 'boom' }, { target, request });
    expect(refused).toThrow('boom');
  });
});

describe('a ranking', () => {
  const ranked: RerankRequest = { model: 'r', query: 'q', documents: ['a', 'b', 'c'], topN: 2, returnDocuments: true };

  test('is asked for without the documents, which we have', () => {
    const sent = cohereRerankOutbound.encode({ ...ranked, maxTokensPerDocument: 64 }, cohere('rerank-v4.0'));
    expect(sent).toMatchObject({ path: '/rerank', drops: [] });
    expect(sent.body).toEqual({
      model: 'rerank-v4.0',
      query: 'q',
      documents: ['a', 'b', 'c'],
      top_n: 2,
      max_tokens_per_doc: 64,
    });
  });

  test('comes back the best first', () => {
    const results = [
      { index: 0, relevance_score: 0.1 },
      { index: 2, relevance_score: 0.9 },
    ];
    const context = { target, request: ranked };
    expect(cohereRerankOutbound.decodeResponse({ id: 'x', results }, context)).toMatchObject({
      id: 'x',
      model: 'embed-v4.0',
      results: [
        { index: 2, score: 0.9 },
        { index: 0, score: 0.1 },
      ],
    });
    expect(() => cohereRerankOutbound.decodeResponse({ message: 'boom' }, context)).toThrow('boom');
  });
});
