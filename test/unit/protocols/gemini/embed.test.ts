import { describe, expect, test } from 'vitest';
import type { EmbeddingRequest } from '../../../../src/protocols/embedding.ts';
import { geminiEmbeddingInbound } from '../../../../src/protocols/gemini/client/embeddings.ts';
import { geminiEmbeddingOutbound } from '../../../../src/protocols/gemini/upstream/embeddings.ts';
import { routeOf, targetOf, vertexSettings } from './samples.ts';

const request = (texts: readonly string[], fields: Partial<EmbeddingRequest> = {}): EmbeddingRequest => ({
  model: 'm',
  input: { kind: 'texts', texts },
  encoding: 'float',
  ...fields,
});
const content = (text: string) => ({ parts: [{ text }] });

describe('inbound', () => {
  const decode = geminiEmbeddingInbound.decode;

  test('one content', () => {
    const body = { content: content('a'), task_type: 'RETRIEVAL_QUERY', outputDimensionality: 8, labels: {} };
    expect(decode(body, routeOf('m:embedContent'))).toEqual({
      request: request(['a'], { task: 'query', dimensions: 8 }),
      drops: ['labels'],
    });
  });

  test('a batch', () => {
    const requests = ['a', 'b'].map((text) => ({ model: 'models/m', content: content(text), taskType: 'CLUSTERING' }));
    expect(decode({ requests }, routeOf('m:batchEmbedContents'))).toEqual({
      request: request(['a', 'b'], { task: 'clustering' }),
      drops: [],
    });
  });

  test.each([
    [{ requests: [] }, 'batchEmbedContents', 'requests'],
    [{ requests: [{ content: { parts: [] } }] }, 'batchEmbedContents', 'requests[0].content'],
    [{}, 'embedContent', 'content'],
  ])('%j is refused', (body, action, param) => {
    expect(() => decode(body, routeOf(`m:${action}`))).toThrow(expect.objectContaining({ code: 'bad_request', param }));
  });

  test('answers', () => {
    const context = { requestedModel: 'm', includeUsage: false, requestId: 'r', nowMs: 0 };
    const one = geminiEmbeddingInbound.encodeResponse(
      { model: 'x', vectors: [[1, 2]], usage: { input: 3, output: 0 } },
      { ...context, request: request(['a']) },
    );
    expect(one).toMatchObject({
      embedding: { values: [1, 2] },
      embeddings: [{ values: [1, 2] }],
      usageMetadata: { promptTokenCount: 3 },
    });
    const two = geminiEmbeddingInbound.encodeResponse(
      { model: 'x', vectors: [[1], [2]] },
      { ...context, request: request(['a', 'b']) },
    );
    expect(two).toEqual({ embeddings: [{ values: [1] }, { values: [2] }] });
  });
});

describe('outbound', () => {
  const target = targetOf('gemini-embedding-001');
  const vertex = (id: string) => targetOf(id, vertexSettings);
  const { encode, decodeResponse } = geminiEmbeddingOutbound;

  test('Gemini takes a batch', () => {
    const asked = request(['a', 'b'], { task: 'document', title: 't', dimensions: 8, truncate: true, user: 'u' });
    const one = (text: string) => ({
      model: 'models/gemini-embedding-001',
      content: content(text),
      taskType: 'RETRIEVAL_DOCUMENT',
      title: 't',
      outputDimensionality: 8,
    });
    expect(encode(asked, target)).toEqual({
      path: '/models/gemini-embedding-001:batchEmbedContents',
      body: { requests: [one('a'), one('b')] },
      drops: ['user', 'truncate'],
    });
  });

  test('Vertex takes instances, its newer models one content', () => {
    const asked = request(['a'], { task: 'query', dimensions: 8, truncate: false });
    expect(encode(asked, vertex('gemini-embedding-001'))).toEqual({
      path: '/models/gemini-embedding-001:predict',
      body: {
        instances: [{ content: 'a', task_type: 'RETRIEVAL_QUERY' }],
        parameters: { outputDimensionality: 8, autoTruncate: false },
      },
      drops: [],
    });
    expect(encode(request(['a']), vertex('gemini-embedding-2'))).toEqual({
      path: '/models/gemini-embedding-2:embedContent',
      body: { content: content('a') },
      drops: [],
    });
  });

  test.each([
    [request([], { input: { kind: 'tokens', tokens: [[1]] } }), target],
    [request(['a', 'b']), vertex('gemini-embedding-2')],
  ])('%j moves on to a candidate that can', (asked, where) => {
    expect(() => encode(asked, where)).toThrow(expect.objectContaining({ code: 'upstream_incapable' }));
  });

  test.each([
    [{ embeddings: [{ values: [1, 2] }] }, undefined],
    [
      { embedding: { values: [1, 2] }, usageMetadata: { promptTokenCount: 4 } },
      { input: 4, output: 0 },
    ],
    [{ predictions: [{ embeddings: { values: [1, 2], statistics: { token_count: 5 } } }] }, { input: 5, output: 0 }],
  ])('reads %j', (body, usage) => {
    const decoded = decodeResponse(body, { target, request: request(['a']) });
    expect(decoded).toEqual({ model: 'gemini-embedding-001', vectors: [[1, 2]], ...(usage && { usage }) });
  });

  test.each([[{}], [{ embeddings: [{ values: [1] }, { values: [2] }] }], [{ embeddings: [{ values: ['1'] }] }]])(
    '%j is no answer to one text',
    (body) => {
      expect(() => decodeResponse(body, { target, request: request(['a']) })).toThrow(
        expect.objectContaining({ code: 'upstream_invalid' }),
      );
    },
  );
});
