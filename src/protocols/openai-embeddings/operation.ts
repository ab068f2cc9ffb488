import { GatewayError } from '../../core/errors.ts';
import type { Candidate } from '../../core/model.ts';
import {
  type DecodedEmbeddingRequest,
  type EmbeddingAnswerContext,
  type EmbeddingDecodeContext,
  type EmbeddingInbound,
  type EmbeddingInput,
  type EmbeddingOutbound,
  type EmbeddingRequest,
  type EmbeddingResponse,
  fromBase64,
  inputCount,
  toBase64,
} from '../embedding.ts';
import { estimateTokens } from '../estimate.ts';
import { foreignFields, unknownFields } from '../extensions.ts';
import {
  asArray,
  asNumber,
  asString,
  asText,
  badField,
  isObject,
  optionalNumber,
  optionalString,
  present,
} from '../fields.ts';
import { editQuery } from '../openai/edit-body.ts';
import { classifyError, isErrorBody, errorRenderer as openaiErrors } from '../openai/errors.ts';
import { operationPath } from '../openai/path.ts';
import { decodeUsage } from '../openai/usage.ts';
import type { EncodedRequest, Inspector, JsonObject } from '../protocol.ts';
import { embeddingsFormat, embeddingsPath, type WireEmbeddings } from './wire.ts';

const knownFields = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user']);

function decode(body: JsonObject): DecodedEmbeddingRequest {
  const encoding = optionalString(body, 'encoding_format') ?? 'float';
  if (encoding !== 'float' && encoding !== 'base64') throw badField('encoding_format', 'float or base64');
  const request: EmbeddingRequest = {
    model: optionalString(body, 'model') ?? '',
    input: decodeInput(body.input),
    dimensions: optionalNumber(body, 'dimensions'),
    encoding,
    user: optionalString(body, 'user'),
    extensions: unknownFields(body, knownFields, embeddingsFormat.protocol),
  };
  return { request, drops: [] };
}

/** A text, texts, the tokens of one text, or those of several. */
function decodeInput(input: unknown): EmbeddingInput {
  if (typeof input === 'string') return { kind: 'texts', texts: [input] };
  if (!Array.isArray(input) || input.length === 0) throw badField('input', 'a string or a filled array');
  if (isEvery(input, isString)) return { kind: 'texts', texts: input };
  if (isEvery(input, isNumber)) return { kind: 'tokens', tokens: [input] };
  if (isEvery(input, isTokens)) return { kind: 'tokens', tokens: input };
  throw badField('input', 'all strings, all numbers or all arrays of numbers');
}

const isString = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isTokens = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(isNumber);

function isEvery<T>(list: readonly unknown[], is: (value: unknown) => value is T): list is readonly T[] {
  return list.every(is);
}

function encodeResponse(response: EmbeddingResponse, context: EmbeddingAnswerContext): JsonObject {
  const tokens = response.usage?.input ?? 0;
  const body: WireEmbeddings = {
    object: 'list',
    data: response.vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: context.request.encoding === 'base64' ? toBase64(vector) : vector,
    })),
    model: response.model === '' ? context.requestedModel : response.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
  return { ...body };
}

/** Numbers are asked for: not every compatible server knows base64. */
function encode(request: EmbeddingRequest, target: Candidate): EncodedRequest {
  const { input } = request;
  const { protocol } = embeddingsFormat;
  const body: Record<string, unknown> = present({
    ...request.extensions?.[protocol],
    model: target.model.upstreamId,
    input: input.kind === 'texts' ? input.texts : input.tokens,
    dimensions: request.dimensions,
    user: request.user,
  });
  const drops = new Set(foreignFields(request, protocol));
  if (request.task !== undefined) drops.add('task');
  if (request.title !== undefined) drops.add('title');
  if (request.truncate !== undefined) drops.add('truncate');
  for (const field of target.endpoint.quirks.rejectedFields ?? []) {
    if (!(field in body)) continue;
    delete body[field];
    drops.add(field);
  }
  return { path: operationPath(embeddingsPath, target), body, drops: [...drops] };
}

function decodeResponse(body: JsonObject, { target, request }: EmbeddingDecodeContext): EmbeddingResponse {
  const data = checkedData(body, target);
  if (data.length !== inputCount(request)) {
    throw invalid(`The upstream answered ${data.length} vectors for ${inputCount(request)} inputs.`);
  }
  // `index` and not the order decides which input a vector belongs to.
  const ordered = data.map((item, i) => ({ index: asNumber(item.index) ?? i, vector: decodeVector(item.embedding) }));
  ordered.sort((a, b) => a.index - b.index);
  return {
    model: asString(body.model) ?? '',
    vectors: ordered.map(({ vector }) => vector),
    usage: decodeUsage(body.usage),
  };
}

function checkedData(body: JsonObject, target: Candidate): readonly JsonObject[] {
  if (isErrorBody(body)) throw classifyError(200, {}, JSON.stringify(body), target);
  const data = asArray(body.data).filter(isObject);
  if (data.length === 0) throw invalid('The upstream answered without a vector.');
  return data;
}

function decodeVector(value: unknown): readonly number[] {
  const vector = typeof value === 'string' ? fromBase64(value) : value;
  if (!isTokens(vector) || vector.length === 0) throw invalid('The upstream answered with an unreadable vector.');
  return vector;
}

function wantsBase64({ encoding_format: format }: JsonObject): boolean {
  return format === 'base64';
}

/** Many servers know one form of vectors only, and a client that asked for the other reads noise without an error. */
function fitted(body: JsonObject, request: JsonObject): JsonObject | undefined {
  const isBase64 = wantsBase64(request);
  const data = asArray(body.data).filter(isObject);
  if (data.every(({ embedding }) => (typeof embedding === 'string') === isBase64)) return undefined;
  const vectorOf = (embedding: unknown) => (isBase64 ? toBase64(decodeVector(embedding)) : decodeVector(embedding));
  return { ...body, data: data.map((item) => ({ ...item, embedding: vectorOf(item.embedding) })) };
}

function invalid(message: string): GatewayError {
  return new GatewayError('upstream_invalid', message);
}

function inputSize(input: unknown): number {
  if (typeof input === 'string') return estimateTokens(input.length);
  if (typeof input === 'number') return 1;
  return asArray(input).reduce<number>((sum, item) => sum + inputSize(item), 0);
}

export const embeddingsInbound: EmbeddingInbound = {
  id: embeddingsFormat,
  facts: (body) => ({
    model: asText(body.model),
    stream: false,
    includeUsage: false,
    needs: new Set(),
    promptTokens: inputSize(body.input),
    maxTokens: undefined,
  }),
  decode,
  encodeResponse,
  errors: openaiErrors,
};

export const embeddingsOutbound: EmbeddingOutbound = { id: embeddingsFormat, encode, decodeResponse, classifyError };

/** Embeddings never stream: an event of one is an answer in the wrong form. */
export const embeddingsInspector: Inspector = {
  id: embeddingsFormat,
  path: (target) => operationPath(embeddingsPath, target),
  meaning: () => ({ kind: 'error', error: invalid('The upstream streamed an answer that has no stream.') }),
  answer(body, target) {
    for (const item of checkedData(body, target)) {
      const { embedding } = item;
      const isVector = typeof embedding === 'string' ? embedding !== '' : asArray(embedding).length > 0;
      if (!isVector) throw invalid('The upstream answered with an unreadable vector.');
    }
    return { usage: decodeUsage(body.usage) };
  },
  edit: editQuery,
  fitted,
  mayHandOn: (beginning, request) => /"embedding"\s*:\s*"/.test(beginning.toString('latin1')) === wantsBase64(request),
  interesting: /./,
  classifyError,
};
