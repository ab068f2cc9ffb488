import { GatewayError } from '../../../core/errors.ts';
import type { Candidate, Usage } from '../../../core/model.ts';
import {
  type EmbeddingDecodeContext,
  type EmbeddingOutbound,
  type EmbeddingRequest,
  type EmbeddingResponse,
  inputCount,
} from '../../embedding.ts';
import { foreignFields } from '../../extensions.ts';
import { asArray, asNumber, asObject, present } from '../../fields.ts';
import { invalidAnswer } from '../../invalid-answer.ts';
import type { EncodedRequest, JsonObject } from '../../protocol.ts';
import { taskWords } from '../client/embeddings.ts';
import { classifyError, classifyErrorObject } from '../errors.ts';
import { isVertex, modelResource, modelResourcePath } from '../model-traits.ts';
import { objectsIn } from '../proto-json.ts';
import { sealProtocol } from '../seal.ts';
import { usageFromWire } from '../usage.ts';
import { embedFormatId } from '../wire.ts';

/** Throws `upstream_incapable` for tokens, and for more than one text where Vertex takes only one. */
function encode(request: EmbeddingRequest, target: Candidate): EncodedRequest {
  if (request.input.kind === 'tokens') {
    throw new GatewayError('upstream_incapable', 'Gemini embeds texts only, not tokens of another tokenizer.');
  }
  const { texts } = request.input;
  const drops = new Set(foreignFields(request, sealProtocol));
  if (request.user !== undefined) drops.add('user');
  const path = modelResourcePath(target);
  if (!isVertex(target)) {
    if (request.truncate !== undefined) drops.add('truncate');
    const model = modelResource(target);
    const requests = texts.map((text) => ({ model, ...single(text, request) }));
    return { path: `${path}:batchEmbedContents`, body: { requests }, drops: [...drops] };
  }
  const body = isEmbedContentModel(target) ? vertexContent(texts, request) : vertexInstances(texts, request);
  return { path: `${path}:${isEmbedContentModel(target) ? 'embedContent' : 'predict'}`, body, drops: [...drops] };
}

function taskWord({ task }: EmbeddingRequest): string | undefined {
  return task === undefined ? undefined : taskWords[task];
}

function single(text: string, request: EmbeddingRequest): JsonObject {
  return present({
    content: { parts: [{ text }] },
    taskType: taskWord(request),
    title: request.title,
    outputDimensionality: request.dimensions,
  });
}

/** Vertex serves its older embedding models by `predict`, those after gemini-embedding-001 by `embedContent`. */
function isEmbedContentModel(target: Candidate): boolean {
  const id = target.model.upstreamId;
  return (id.includes('gemini') && !id.endsWith('gemini-embedding-001')) || id.includes('maas');
}

function vertexContent(texts: readonly string[], request: EmbeddingRequest): JsonObject {
  const [text] = texts;
  if (text === undefined || texts.length > 1) {
    throw new GatewayError('upstream_incapable', 'This model embeds one text a request.');
  }
  return present({ ...single(text, request), autoTruncate: request.truncate });
}

function vertexInstances(texts: readonly string[], request: EmbeddingRequest): JsonObject {
  const parameters = present({ outputDimensionality: request.dimensions, autoTruncate: request.truncate });
  const instances = texts.map((content) => present({ content, task_type: taskWord(request), title: request.title }));
  return Object.keys(parameters).length === 0 ? { instances } : { instances, parameters };
}

/** Throws `upstream_invalid` unless there is one vector for each text. */
function decodeResponse(body: JsonObject, { target, request }: EmbeddingDecodeContext): EmbeddingResponse {
  const error = asObject(body.error);
  if (error !== undefined) throw classifyErrorObject(error, target);
  const predictions = objectsIn(body.predictions).map((prediction) => asObject(prediction.embeddings) ?? {});
  const listed = predictions.length > 0 ? predictions : objectsIn(body.embeddings);
  const embedding = asObject(body.embedding);
  const found = listed.length > 0 || embedding === undefined ? listed : [embedding];
  const vectors = found.map((one) => vectorOf(one, target));
  if (vectors.length !== inputCount(request)) {
    throw invalidAnswer(target, `${vectors.length} vectors for ${inputCount(request)} inputs`);
  }
  const usage = usageFromWire(body.usageMetadata) ?? predictedUsage(predictions);
  return present({ model: target.model.upstreamId, vectors, usage });
}

function vectorOf(embedding: JsonObject, target: Candidate): readonly number[] {
  const values = asArray(embedding.values);
  if (values.length === 0 || !values.every((value) => typeof value === 'number')) {
    throw invalidAnswer(target, 'an unreadable vector');
  }
  return values;
}

/** `predict` counts by text. */
function predictedUsage(predictions: readonly JsonObject[]): Usage | undefined {
  const counts = predictions.map(({ statistics }) => asNumber(asObject(statistics)?.token_count));
  if (counts.length === 0 || counts.includes(undefined)) return undefined;
  return { input: counts.reduce<number>((sum, count) => sum + (count ?? 0), 0), output: 0 };
}

export const geminiEmbeddingOutbound: EmbeddingOutbound = {
  id: embedFormatId,
  encode,
  decodeResponse,
  classifyError,
};
