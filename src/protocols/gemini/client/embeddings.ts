import {
  type DecodedEmbeddingRequest,
  type EmbeddingAnswerContext,
  type EmbeddingInbound,
  type EmbeddingResponse,
  type EmbeddingTask,
  inputCount,
} from '../../embedding.ts';
import { estimateTokens } from '../../estimate.ts';
import { asText, badField, present } from '../../fields.ts';
import type { InboundRoute, JsonObject } from '../../protocol.ts';
import { errorRenderer } from '../errors.ts';
import { booleanAt, camelCased, listAt, numberAt, objectAt, optionalObjectAt, stringAt } from '../proto-json.ts';
import { usageToWire } from '../usage.ts';
import { embedFormatId } from '../wire.ts';
import { type Drops, partsOfContent } from './decode-contents.ts';
import { routeModel } from './decode-request.ts';

export const taskWords: Readonly<Record<EmbeddingTask, string>> = {
  query: 'RETRIEVAL_QUERY',
  document: 'RETRIEVAL_DOCUMENT',
  similarity: 'SEMANTIC_SIMILARITY',
  classification: 'CLASSIFICATION',
  clustering: 'CLUSTERING',
  'question-answering': 'QUESTION_ANSWERING',
  'fact-verification': 'FACT_VERIFICATION',
  'code-query': 'CODE_RETRIEVAL_QUERY',
};

function taskFromWord(word: string): EmbeddingTask | undefined {
  const tasks = Object.keys(taskWords) as EmbeddingTask[];
  return tasks.find((task) => taskWords[task] === word.toUpperCase());
}

const known = new Set([
  'model',
  'content',
  'taskType',
  'title',
  'outputDimensionality',
  'autoTruncate',
  'embedContentConfig',
]);

/** `embedContent` is one request, `batchEmbedContents` a list of them, whose settings are those of its first. */
function decode(value: JsonObject, route: InboundRoute): DecodedEmbeddingRequest {
  const body = camelCased(value);
  const isBatch = route.action === 'batchEmbedContents';
  const requests = isBatch
    ? listAt(body.requests, 'requests').map((request, i) => objectAt(request, `requests[${i}]`))
    : [body];
  const [first] = requests;
  if (first === undefined) throw badField('requests', 'a filled array');
  const drops: Drops = new Set();
  const texts = requests.map((request, i) => textOf(request, isBatch ? `requests[${i}].content` : 'content', drops));
  for (const name of requests.flatMap((request) => Object.keys(request))) if (!known.has(name)) drops.add(name);
  const request = {
    model: routeModel(route) ?? asText(first.model)?.replace(/^models\//, '') ?? '',
    input: { kind: 'texts', texts },
    encoding: 'float',
    ...settingsOf(first, drops),
  } as const;
  return { request, drops: [...drops] };
}

function textOf(request: JsonObject, path: string, drops: Drops): string {
  const content = request.content;
  const parts = typeof content === 'string' ? content : partsOfContent(content, path, drops);
  if (typeof parts === 'string') return parts;
  const texts = parts.flatMap((part) => {
    if (part.kind === 'text') return [part.text];
    drops.add(`content.${part.kind}`);
    return [];
  });
  if (texts.length === 0) throw badField(path, 'a content with text');
  return texts.join('\n');
}

/** They stand beside the content, or, in newer clients, in a config of their own. */
function settingsOf(request: JsonObject, drops: Drops) {
  const settings = { ...request, ...optionalObjectAt(request.embedContentConfig, 'embedContentConfig') };
  const word = stringAt(settings.taskType, 'taskType');
  const task = word === undefined ? undefined : taskFromWord(word);
  if (word !== undefined && task === undefined && word !== 'TASK_TYPE_UNSPECIFIED') drops.add('taskType');
  return present({
    task,
    title: stringAt(settings.title, 'title'),
    dimensions: numberAt(settings.outputDimensionality, 'outputDimensionality'),
    truncate: booleanAt(settings.autoTruncate, 'autoTruncate'),
  });
}

/**
 * A batch of one and a single request want their vector in different fields, and an answer does not see which of them
 * was asked: one vector stands in both.
 */
function encodeResponse(response: EmbeddingResponse, context: EmbeddingAnswerContext): JsonObject {
  const embeddings = response.vectors.map((values) => ({ values }));
  const { usage } = response;
  return present({
    embedding: inputCount(context.request) === 1 ? embeddings[0] : undefined,
    embeddings,
    usageMetadata: usage === undefined ? undefined : usageToWire(usage),
  });
}

export const geminiEmbeddingInbound: EmbeddingInbound = {
  id: embedFormatId,
  facts: (body, route) => ({
    model: routeModel(route) ?? asText(body.model)?.replace(/^models\//, ''),
    stream: false,
    includeUsage: false,
    needs: new Set(),
    promptTokens: estimateTokens(JSON.stringify(body.requests ?? body.content ?? '').length),
    maxTokens: undefined,
  }),
  decode,
  encodeResponse,
  errors: errorRenderer,
};
