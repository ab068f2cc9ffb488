import { GatewayError } from '../../../core/errors.ts';
import type { ModelType, ServedModel } from '../../../core/model.ts';
import { present } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';
import type { WireModel } from '../wire.ts';

type Listed = Pick<ServedModel, 'id' | 'type' | 'context'>;

const generating = ['generateContent', 'streamGenerateContent', 'countTokens'] as const;
const embedding = ['embedContent', 'batchEmbedContents', 'countTokens'] as const;

/** One model as `/v1beta/models/{id}` shows it. */
export function modelToWire(model: Listed): WireModel {
  return present({
    name: `models/${model.id}`,
    displayName: model.id,
    version: '001',
    inputTokenLimit: model.context,
    supportedGenerationMethods: methodsOf(model.type),
  });
}

function methodsOf(type: ModelType): readonly string[] {
  if (type === 'embedding') return embedding;
  return type === 'chat' || type === 'unknown' ? generating : [];
}

/**
 * The list in pages, as the query asks for it. A token is the position to go on from; without `pageSize` there is one
 * page. Throws `bad_request` for a token that is not ours.
 */
export function modelListToWire(models: readonly Listed[], query: URLSearchParams): JsonObject {
  const from = Number(query.get('pageToken') || 0);
  const size = Number(query.get('pageSize') || models.length);
  if (!Number.isInteger(from) || from < 0) throw badQuery('pageToken');
  if (!Number.isInteger(size) || size < 0) throw badQuery('pageSize');
  const end = from + (size === 0 ? models.length : size);
  return {
    models: models.slice(from, end).map(modelToWire),
    ...(end < models.length ? { nextPageToken: String(end) } : {}),
  };
}

function badQuery(name: string): GatewayError {
  return new GatewayError('bad_request', `'${name}' is not valid.`, { param: name });
}
