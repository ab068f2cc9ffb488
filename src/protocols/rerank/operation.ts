import { GatewayError } from '../../core/errors.ts';
import type { Candidate } from '../../core/model.ts';
import { estimateTokens } from '../estimate.ts';
import { foreignFields, unknownFields } from '../extensions.ts';
import {
  asArray,
  asNumber,
  asObject,
  asString,
  asText,
  at,
  badField,
  isObject,
  optionalBoolean,
  optionalNumber,
  optionalString,
  present,
  requiredString,
} from '../fields.ts';
import { editQuery } from '../openai/edit-body.ts';
import { classifyError, isErrorBody, errorRenderer as openaiErrors } from '../openai/errors.ts';
import type { EncodedRequest, Inspector, JsonObject } from '../protocol.ts';
import type {
  DecodedRerankRequest,
  RerankAnswerContext,
  RerankDecodeContext,
  RerankInbound,
  RerankOutbound,
  RerankRequest,
  RerankResponse,
} from './canonical.ts';
import { decodeResults } from './results.ts';
import { rerankFormat, rerankPath, type WireAnswer, type WireResult } from './wire.ts';

const knownFields = new Set(['model', 'query', 'documents', 'top_n', 'return_documents', 'max_tokens_per_doc']);

function decode(body: JsonObject): DecodedRerankRequest {
  const topN = optionalNumber(body, 'top_n');
  const request: RerankRequest = {
    model: optionalString(body, 'model') ?? '',
    query: requiredString(body, 'query'),
    documents: decodeDocuments(body.documents),
    // 0 is how vLLM's clients say "all".
    topN: topN === undefined || topN <= 0 ? undefined : topN,
    returnDocuments: optionalBoolean(body, 'return_documents') ?? false,
    maxTokensPerDocument: optionalNumber(body, 'max_tokens_per_doc'),
    extensions: unknownFields(body, knownFields, rerankFormat.protocol),
  };
  return { request, drops: [] };
}

function decodeDocuments(documents: unknown): readonly string[] {
  if (!Array.isArray(documents) || documents.length === 0) throw badField('documents', 'a filled array');
  return documents.map((document: unknown, i) => {
    const text = isObject(document) ? document.text : document;
    if (typeof text !== 'string') throw badField(at('documents', i), 'a string or an object with a text');
    return text;
  });
}

function encodeResponse(response: RerankResponse, context: RerankAnswerContext): JsonObject {
  const { request } = context;
  const tokens = response.usage?.input;
  const body: WireAnswer = present({
    id: response.id === '' ? context.requestId : response.id,
    object: 'list' as const,
    model: response.model === '' ? context.requestedModel : response.model,
    results: response.results.map(({ index, score }): WireResult => {
      const result = { index, relevance_score: score };
      const text = request.returnDocuments ? request.documents[index] : undefined;
      return text === undefined ? result : { ...result, document: { text } };
    }),
    usage: tokens === undefined ? undefined : { prompt_tokens: tokens, total_tokens: tokens },
    meta: tokens === undefined ? undefined : { tokens: { input_tokens: tokens, output_tokens: 0 } },
  });
  return { ...body };
}

/** Documents are not asked back: the client's are at hand, and llama.cpp knows no such field. */
function encode(request: RerankRequest, target: Candidate): EncodedRequest {
  const { protocol } = rerankFormat;
  const body = present({
    ...request.extensions?.[protocol],
    model: target.model.upstreamId,
    query: request.query,
    documents: request.documents,
    top_n: request.topN,
  });
  const drops = new Set(foreignFields(request, protocol));
  if (request.maxTokensPerDocument !== undefined) drops.add('max_tokens_per_doc');
  return { path: rerankPath, body, drops: [...drops] };
}

function decodeResponse(body: JsonObject, { target, request }: RerankDecodeContext): RerankResponse {
  if (isErrorBody(body)) throw classifyError(200, {}, JSON.stringify(body), target);
  return {
    id: asString(body.id) ?? '',
    model: asString(body.model) ?? '',
    results: decodeResults(body.results, request),
    usage: decodeUsage(body.usage),
  };
}

/** vLLM and Jina tell the total alone, which is all prompt here. */
function decodeUsage(value: unknown) {
  const usage = asObject(value);
  const input = asNumber(usage?.prompt_tokens) ?? asNumber(usage?.total_tokens);
  return input === undefined ? undefined : { input, output: 0 };
}

function sizeOf(document: unknown): number {
  return (asString(document) ?? (isObject(document) ? asString(document.text) : undefined) ?? '').length;
}

/** Clients of `POST /v1/rerank`. */
export const rerankInbound: RerankInbound = {
  id: rerankFormat,
  facts(body) {
    const documents = asArray(body.documents);
    // The query is read once with each document.
    const characters = documents.reduce<number>((sum, document) => sum + sizeOf(document) + sizeOf(body.query), 0);
    return {
      model: asText(body.model),
      stream: false,
      includeUsage: false,
      needs: new Set(),
      promptTokens: estimateTokens(characters),
      maxTokens: undefined,
    };
  },
  decode,
  encodeResponse,
  errors: openaiErrors,
};

/** Jina, and the local servers: llama.cpp, vLLM. */
export const rerankOutbound: RerankOutbound = { id: rerankFormat, encode, decodeResponse, classifyError };

/** Reranking never streams: an event of one is an answer in the wrong form. */
export const rerankInspector: Inspector = {
  id: rerankFormat,
  path: () => rerankPath,
  meaning: () => ({
    kind: 'error',
    error: new GatewayError('upstream_invalid', 'The upstream streamed an answer that has no stream.'),
  }),
  answer(body, target) {
    if (isErrorBody(body)) throw classifyError(200, {}, JSON.stringify(body), target);
    if (!Array.isArray(body.results)) {
      throw new GatewayError('upstream_invalid', 'The upstream answered without results.');
    }
    return { usage: decodeUsage(body.usage) };
  },
  edit: editQuery,
  interesting: /./,
  classifyError,
};
