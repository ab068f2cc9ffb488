import type { JsonObject } from '../../protocol.ts';

export interface ListedModel {
  readonly id: string;
  /** Unix seconds; 0 when unknown, which this protocol also writes as the epoch. */
  readonly created: number;
  readonly displayName?: string | undefined;
}

/** One entry of `/v1/models`, and the answer of `/v1/models/{id}`, in Anthropic's shape. */
export function encodeModel(model: ListedModel): JsonObject {
  return {
    type: 'model',
    id: model.id,
    display_name: model.displayName ?? model.id,
    created_at: new Date(model.created * 1000).toISOString(),
  };
}

/** `/v1/models` in Anthropic's shape: all models in one page, in the order given. */
export function encodeModels(models: readonly ListedModel[]): JsonObject {
  return {
    data: models.map(encodeModel),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  };
}
