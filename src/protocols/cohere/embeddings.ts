import type { Candidate } from '../../core/model.ts';
import {
  type EmbeddingDecodeContext,
  type EmbeddingOutbound,
  type EmbeddingRequest,
  type EmbeddingResponse,
  type EmbeddingTask,
  inputCount,
} from '../embedding.ts';
import { asArray, asObject, present } from '../fields.ts';
import type { EncodedRequest, JsonObject } from '../protocol.ts';
import { classifyError, invalidAnswer } from './errors.ts';
import { incapable } from './upstream/encoding.ts';
import { decodeUsage } from './usage.ts';
import { type EmbedBody, embedFormatId, type InputType, protocol } from './wire.ts';

/** Most texts that one request may hold. */
const maxTexts = 96;

const inputTypes: Readonly<Record<EmbeddingTask, InputType>> = {
  query: 'search_query',
  document: 'search_document',
  similarity: 'clustering',
  classification: 'classification',
  clustering: 'clustering',
  'question-answering': 'search_query',
  'fact-verification': 'search_query',
  'code-query': 'search_query',
};

const knownTypes = new Set<unknown>(Object.values(inputTypes));

/**
 * The API demands to know what vectors are for. Clients of protocols that cannot say so in a field of their own send
 * Cohere's `input_type` as an extra one; else they are taken for documents, which most embedded texts are.
 */
function inputTypeOf({ task, extensions }: EmbeddingRequest): InputType {
  if (task !== undefined) return inputTypes[task];
  const given = Object.values(extensions ?? {}).map((fields) => fields.input_type);
  return given.find(isInputType) ?? 'search_document';
}

function isInputType(value: unknown): value is InputType {
  return knownTypes.has(value);
}

function encode(request: EmbeddingRequest, target: Candidate): EncodedRequest {
  const { input, truncate } = request;
  if (input.kind === 'tokens') throw incapable('tokens to embed, only texts');
  if (input.texts.length > maxTexts) throw incapable(`more than ${maxTexts} texts to embed at once`);
  const body: EmbedBody = present({
    model: target.model.upstreamId,
    texts: input.texts,
    input_type: inputTypeOf(request),
    embedding_types: ['float' as const],
    output_dimension: request.dimensions,
    truncate: truncate === undefined ? undefined : truncate ? ('END' as const) : ('NONE' as const),
  });
  return { path: '/embed', headers: { accept: 'application/json' }, body: { ...body }, drops: dropsOf(request) };
}

function dropsOf({ extensions, title, user }: EmbeddingRequest): readonly string[] {
  const foreign = Object.entries(extensions ?? {}).flatMap(([owner, fields]) =>
    owner === protocol ? [] : Object.keys(fields).filter((name) => name !== 'input_type' || !isInputType(fields[name])),
  );
  const drops = new Set(foreign);
  if (title !== undefined) drops.add('title');
  if (user !== undefined) drops.add('user');
  return [...drops];
}

function decodeResponse(body: JsonObject, { target, request }: EmbeddingDecodeContext): EmbeddingResponse {
  const embeddings = asObject(body.embeddings);
  if (embeddings === undefined && typeof body.message === 'string') {
    throw classifyError(200, {}, JSON.stringify(body), target);
  }
  const vectors = asArray(embeddings?.float).map(checkedVector);
  if (vectors.length !== inputCount(request)) {
    throw invalidAnswer(`answered ${vectors.length} vectors for ${inputCount(request)} inputs`);
  }
  return { model: target.model.upstreamId, vectors, usage: decodeUsage(body.meta) };
}

function checkedVector(vector: unknown): readonly number[] {
  const isVector = Array.isArray(vector) && vector.length > 0 && vector.every((value) => typeof value === 'number');
  if (!isVector) throw invalidAnswer('answered with an unreadable vector');
  return vector;
}

export const cohereEmbedOutbound: EmbeddingOutbound = { id: embedFormatId, encode, decodeResponse, classifyError };
