import { describe, expect, test } from 'vitest';
import type { EmbeddingResponse } from '../../../../src/protocols/embedding.ts';
import { ollamaEmbedInbound } from '../../../../src/protocols/ollama/embeddings.ts';
import { embeddingsOutbound } from '../../../../src/protocols/openai-embeddings/operation.ts';
import { candidate } from '../openai-chat/samples.ts';
import { answerContext, route, steps } from './samples.ts';

const decode = (body: object) => ollamaEmbedInbound.decode({ ...body }, route);
const response: EmbeddingResponse = {
  model: 'e',
  vectors: [
    [0.5, 1],
    [2, 3],
  ],
  usage: { input: 8, output: 0 },
};

describe('/api/embed', () => {
  test('takes a text or several, and what Ollama alone knows', () => {
    expect(decode({ model: 'e', input: 'a', truncate: false, dimensions: 64, keep_alive: 0 }).request).toMatchObject({
      input: { kind: 'texts', texts: ['a'] },
      truncate: false,
      dimensions: 64,
      extensions: { ollama: { keep_alive: 0 } },
    });
    expect(decode({ model: 'e', input: ['a', 'b'] }).request.input).toEqual({ kind: 'texts', texts: ['a', 'b'] });
    expect(ollamaEmbedInbound.facts({ model: 'e', input: ['abcd', 'efgh'] }, route).promptTokens).toBe(2);
  });

  test.each([
    [{ model: 'e' }, 'input'],
    [{ model: 'e', input: [] }, 'input'],
    [{ model: 'e', input: ['a', 1] }, 'input[1]'],
  ])('refuses %j', (body, param) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code: 'bad_request', param }));
  });

  test('answers all vectors with the counts', () => {
    const { request } = decode({ model: 'e', input: ['a', 'b'] });
    expect(ollamaEmbedInbound.encodeResponse(response, { ...answerContext(steps(2)), request })).toEqual({
      model: 'e',
      embeddings: [
        [0.5, 1],
        [2, 3],
      ],
      total_duration: 2_000_000,
      load_duration: 0,
      prompt_eval_count: 8,
    });
  });
});

describe('/api/embeddings', () => {
  test('takes one prompt, answers one vector, and sends nothing of its form upstream', () => {
    const { request } = decode({ model: 'e', prompt: 'a' });
    expect(request.input).toEqual({ kind: 'texts', texts: ['a'] });
    expect(ollamaEmbedInbound.encodeResponse(response, { ...answerContext(), request })).toEqual({
      embedding: [0.5, 1],
    });
    const sent = embeddingsOutbound.encode(request, candidate());
    expect(sent.body).toEqual({ model: 'sample', input: ['a'] });
    expect(sent.drops).toEqual([]);
  });
});
