import type { ClientKey } from '../access/keys.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { findListed, type ListedModel, listModels } from '../registry/list.ts';
import { nearNames } from '../registry/near.ts';
import type { Snapshot } from '../registry/snapshot.ts';
import { jsonPage, type PageHandler } from './pages.ts';

/** OpenAI's shape, with what else is known about the model. */
function entry(model: ListedModel): JsonObject {
  return {
    id: model.id,
    object: 'model',
    created: model.created,
    owned_by: model.ownedBy,
    providers: model.providers,
    type: model.type,
    local: model.isLocal,
    ...(model.context === undefined ? {} : { context_length: model.context }),
    ...(model.isLoaded === undefined ? {} : { loaded: model.isLoaded }),
    ...(model.isVirtual ? { virtual: true } : {}),
  };
}

/** How one protocol's clients want the list. */
export interface ModelListShape {
  readonly isFor: (headers: Readonly<Record<string, string | string[] | undefined>>) => boolean;
  readonly list: (models: readonly ListedModel[], query: URLSearchParams) => unknown;
  readonly one: (model: ListedModel) => unknown;
}

const openaiShape: ModelListShape = {
  isFor: () => true,
  list: (models) => ({ object: 'list', data: models.map(entry) }),
  one: entry,
};

export interface ModelsPageDeps {
  readonly snapshot: () => Snapshot;
  /** Resolves once there is something to list. */
  readonly ready: () => Promise<void> | undefined;
  /** Shapes of other protocols that share the path, asked in order. */
  readonly shapes: readonly ModelListShape[];
}

/** `GET /v1/models` and `/v1/models/{id}`. `fixed` is the shape of a path that belongs to one protocol. */
export function modelsPage(deps: ModelsPageDeps, fixed?: ModelListShape): PageHandler {
  return async ({ rest, headers, key, query }) => {
    await deps.ready();
    const shape = fixed ?? deps.shapes.find((one) => one.isFor(headers)) ?? openaiShape;
    const models = visible(deps.snapshot(), key);
    if (rest === undefined) return jsonPage(shape.list(models, query));
    const found = findListed(models, rest);
    if (found === undefined) throw unknown(rest, models);
    return jsonPage(shape.one(found));
  };
}

export function visible(snapshot: Snapshot, key: ClientKey | undefined): readonly ListedModel[] {
  return listModels(snapshot, key?.models);
}

function unknown(id: string, models: readonly ListedModel[]): GatewayError {
  const near = nearNames(
    id,
    models.map((model) => model.id),
  );
  return new GatewayError('model_not_found', `The model "${id}" is not served by any provider.`, {
    hint:
      near.length === 0
        ? 'GET /v1/models lists what is'
        : `did you mean ${near.map((name) => `"${name}"`).join(', ')}?`,
    param: 'model',
  });
}
