import { describe, expect, test } from 'vitest';
import type { RerankRequest } from '../../../../src/protocols/rerank/canonical.ts';
import { rerankInbound, rerankInspector, rerankOutbound } from '../../../../src/protocols/rerank/operation.ts';
import { readFixture } from '../../../support/read-fixture.ts';
import { answerContext, candidate, route } from '../openai-chat/samples.ts';

const target = candidate({ type: 'llamacpp' });
const decode = (body: object) => rerankInbound.decode({ ...body }, route);
const request: RerankRequest = { model: 'r', query: 'q', documents: ['a', 'b', 'c'], returnDocuments: false };
const context = (fields: Partial<RerankRequest> = {}) => ({ target, request: { ...request, ...fields } });

describe('a request to /v1/rerank', () => {
  test('takes documents as texts and as objects with one', () => {
    const body = { model: 'r', query: 'q', documents: ['a', { text: 'b', id: 1 }], top_n: 1, return_documents: true };
    expect(decode(body)).toEqual({
      request: { model: 'r', query: 'q', documents: ['a', 'b'], topN: 1, returnDocuments: true },
      drops: [],
    });
    expect(decode({ ...body, top_n: 0 }).request.topN).toBeUndefined();
  });

  test.each([
    [{ documents: ['a'] }, 'query'],
    [{ query: 'q' }, 'documents'],
    [{ query: 'q', documents: [] }, 'documents'],
    [{ query: 'q', documents: ['a', { image: 'x' }] }, 'documents[1]'],
  ])('is refused by the name of its wrong field: %j', (body, param) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code: 'bad_request', param }));
  });

  test('is measured by what the model reads: the query with each document', () => {
    const facts = rerankInbound.facts({ model: 'r', query: 'xxxx', documents: ['xxxx', { text: 'xxxx' }, 3] }, route);
    expect(facts).toMatchObject({ model: 'r', stream: false, promptTokens: 5 });
  });
});

describe('an upstream', () => {
  test('is asked for a ranking alone', () => {
    const extensions = { chat_completions: { truncate_prompt_tokens: 9 }, cohere: { priority: 1 } };
    const sent = rerankOutbound.encode(
      { ...request, topN: 2, returnDocuments: true, maxTokensPerDocument: 5, extensions },
      target,
    );
    expect(sent).toEqual({
      path: '/rerank',
      body: { model: 'sample', query: 'q', documents: ['a', 'b', 'c'], top_n: 2, truncate_prompt_tokens: 9 },
      drops: ['priority', 'max_tokens_per_doc'],
    });
  });

  test('may answer in any order and with more than was asked for', () => {
    const results = [0.2, 0.9, 0.5].map((relevance_score, index) => ({ index, relevance_score }));
    const body = { model: 'bge', object: 'list', results, usage: { prompt_tokens: 7, total_tokens: 7 } };
    expect(rerankOutbound.decodeResponse(body, context({ topN: 2 }))).toEqual({
      id: '',
      model: 'bge',
      results: [
        { index: 1, score: 0.9 },
        { index: 2, score: 0.5 },
      ],
      usage: { input: 7, output: 0 },
    });
    const total = { ...body, usage: { total_tokens: 9 } };
    expect(rerankOutbound.decodeResponse(total, context()).usage).toEqual({ input: 9, output: 0 });
  });

  const result = (index: unknown, relevance_score: unknown = 0.5) => ({ index, relevance_score });
  test.each([
    ['without results', undefined],
    ['with too few', [result(0), result(1)]],
    ['with a document twice', [result(0), result(1), result(1)]],
    ['with an unknown document', [result(0), result(1), result(3)]],
    ['without a score', [result(0), result(1), result(2, null)]],
    ['with no numbers', [result(0), result(1), 'x']],
  ])('that answers %s is no use', (_, results) => {
    const answer = () => rerankOutbound.decodeResponse({ results }, context());
    expect(answer).toThrow(expect.objectContaining({ code: 'upstream_invalid' }));
  });

  test('that does not rank says so, and another may', () => {
    const raw = readFixture('llama.cpp/rerank-not-enabled.http').toString('utf8');
    const body = raw.slice(raw.indexOf('\r\n\r\n') + 4);
    const error = rerankOutbound.classifyError(501, {}, body, target);
    expect(error).toMatchObject({ code: 'upstream_incapable', status: 501, retry: 'next' });
  });

  test('of the same form is passed through once it has results', () => {
    expect(rerankInspector.path(target, false)).toBe('/rerank');
    expect(rerankInspector.answer({ results: [], usage: { total_tokens: 3 } }, target)).toEqual({
      usage: { input: 3, output: 0 },
    });
    expect(() => rerankInspector.answer({}, target)).toThrow(expect.objectContaining({ code: 'upstream_invalid' }));
    expect(() => rerankInspector.answer({ error: { message: 'boom' } }, target)).toThrow('boom');
    expect(rerankInspector.meaning('', '{}', target)).toMatchObject({ kind: 'error' });
  });
});

describe('an answer of /v1/rerank', () => {
  const response = { id: '', model: '', results: [{ index: 2, score: 0.9 }], usage: { input: 7, output: 0 } };

  test('has scores and counts where the clients of both forms look', () => {
    expect(rerankInbound.encodeResponse(response, { ...answerContext(), request })).toEqual({
      id: answerContext().requestId,
      object: 'list',
      model: answerContext().requestedModel,
      results: [{ index: 2, relevance_score: 0.9 }],
      usage: { prompt_tokens: 7, total_tokens: 7 },
      meta: { tokens: { input_tokens: 7, output_tokens: 0 } },
    });
  });

  test('repeats the documents when asked to', () => {
    const asked = { ...request, returnDocuments: true };
    expect(rerankInbound.encodeResponse(response, { ...answerContext(), request: asked }).results).toEqual([
      { index: 2, relevance_score: 0.9, document: { text: 'c' } },
    ]);
  });
});
