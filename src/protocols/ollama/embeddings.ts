import type { EmbedResponse, EmbeddingsResponse as OldAnswer } from 'ollama';
import type {
  DecodedEmbeddingRequest,
  EmbeddingAnswerContext,
  EmbeddingInbound,
  EmbeddingRequest,
  EmbeddingResponse,
} from '../embedding.ts';
import { estimateTokens } from '../estimate.ts';
import { unknownFields } from '../extensions.ts';
import { asText, at, badField, optionalBoolean, optionalNumber, optionalString, present } from '../fields.ts';
import type { JsonObject } from '../protocol.ts';
import { encodeMetrics } from './client/encode-metrics.ts';
import { errorRenderer } from './errors.ts';
import { embedFormatId, protocol } from './wire.ts';

const knownFields = new Set(['model', 'input', 'prompt', 'truncate', 'dimensions']);

/** The older path takes one `prompt` and answers one `embedding`; which path it was shows in the body alone. */
function isOldForm(body: JsonObject): boolean {
  return body.input === undefined && body.prompt !== undefined;
}

function decode(body: JsonObject): DecodedEmbeddingRequest {
  const isOld = isOldForm(body);
  const request: EmbeddingRequest = {
    model: optionalString(body, 'model') ?? '',
    input: { kind: 'texts', texts: isOld ? [optionalString(body, 'prompt') ?? ''] : decodeInput(body.input) },
    dimensions: optionalNumber(body, 'dimensions'),
    encoding: 'float',
    truncate: optionalBoolean(body, 'truncate'),
    extensions: unknownFields(body, knownFields, protocol),
    echo: isOld ? { prompt: body.prompt } : undefined,
  };
  return { request, drops: [] };
}

function decodeInput(input: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (list.length === 0) throw badField('input', 'a string or a filled array of strings');
  return list.map((text, i) => {
    if (typeof text === 'string') return text;
    throw Array.isArray(input)
      ? badField(at('input', i), 'a string')
      : badField('input', 'a string or an array of strings');
  });
}

function encodeResponse(response: EmbeddingResponse, context: EmbeddingAnswerContext): JsonObject {
  const vectors = response.vectors.map((vector) => [...vector]);
  if (context.request.echo?.prompt !== undefined) {
    const answer: OldAnswer = { embedding: vectors[0] ?? [] };
    return { ...answer };
  }
  const answer: Pick<EmbedResponse, 'model' | 'embeddings'> = {
    model: response.model === '' ? context.requestedModel : response.model,
    embeddings: vectors,
  };
  const measured = { usage: response.usage, totalMs: context.elapsedMs?.(), firstPieceMs: undefined };
  const { total_duration, load_duration, prompt_eval_count } = encodeMetrics(measured);
  return { ...answer, ...present({ total_duration, load_duration, prompt_eval_count }) };
}

function inputSize(input: unknown): number {
  const texts: readonly unknown[] = Array.isArray(input) ? input : [input];
  return texts.reduce<number>((sum, text) => sum + (typeof text === 'string' ? estimateTokens(text.length) : 0), 0);
}

/** Clients of `POST /api/embed` and of the older `POST /api/embeddings`. */
export const ollamaEmbedInbound: EmbeddingInbound = {
  id: embedFormatId,
  facts: (body) => ({
    model: asText(body.model),
    stream: false,
    includeUsage: true,
    needs: new Set(),
    promptTokens: inputSize(isOldForm(body) ? body.prompt : body.input),
    maxTokens: undefined,
  }),
  decode,
  encodeResponse,
  errors: errorRenderer,
};
