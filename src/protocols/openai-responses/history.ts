import { GatewayError } from '../../core/errors.ts';
import type { StoredResponse } from '../../core/stored-responses.ts';
import { asArray, asString, asText, isObject } from '../fields.ts';
import type { AnswerHistory, JsonObject } from '../protocol.ts';

/*
 * What a server that keeps answers adds to the protocol, as functions of bodies. Who calls them holds the store.
 */

/** The answer this request continues from. */
export function previousResponseId(body: JsonObject): string | undefined {
  return asText(body.previous_response_id);
}

/** Answers are kept unless the client says otherwise. */
export function isStored(body: JsonObject): boolean {
  return body.store !== false;
}

/** Ids of items that the client names instead of sending them. */
export function referencedItems(body: JsonObject): readonly string[] {
  return asArray(body.input).flatMap((item) => referenceOf(item) ?? []);
}

/**
 * The body with the whole conversation as its input: the earlier turns, the earlier answer, then what is new, with
 * references replaced where `items` has them (by id). `instructions` are not inherited, as in the API.
 * `previous_response_id` stays, since the answer repeats it: when the body goes to an upstream as it is, it must be
 * taken out (`withoutPrevious`).
 */
export function withHistory(
  body: JsonObject,
  stored: Pick<StoredResponse, 'input' | 'response'> | undefined,
  items: ReadonlyMap<string, unknown> = new Map(),
): JsonObject {
  const earlier = stored === undefined ? [] : [...stored.input, ...asArray(stored.response.output)];
  const known = new Set(earlier.flatMap((item) => (isObject(item) ? (asString(item.id) ?? []) : [])));
  const added = inputItems(body.input).flatMap((item) => {
    const reference = referenceOf(item);
    if (reference === undefined) return [item];
    // The history already holds it; a second copy would make the model say it twice.
    if (known.has(reference)) return [];
    return [items.get(reference) ?? item];
  });
  return { ...body, input: [...earlier, ...added] };
}

export function withoutPrevious(body: JsonObject): JsonObject {
  const { previous_response_id: _, ...rest } = body;
  return rest;
}

/** What to keep of an answer. `body` is the request after `withHistory`; undefined for an answer without an id. */
export function toStored(body: JsonObject, response: JsonObject): Omit<StoredResponse, 'localOnly'> | undefined {
  const id = asText(response.id);
  return id === undefined ? undefined : { id, response, input: inputItems(body.input) };
}

export function previousNotFound(id: string): GatewayError {
  return new GatewayError('bad_request', `Previous response with id '${id}' not found.`, {
    param: 'previous_response_id',
    hint: 'Answers are kept for an hour; send the whole conversation as input.',
  });
}

export function holdsItem({ input, response }: Pick<StoredResponse, 'input' | 'response'>, id: string): boolean {
  return [...input, ...asArray(response.output)].some((item) => isObject(item) && item.id === id);
}

export function itemNotFound(id: string): GatewayError {
  return new GatewayError('bad_request', `Item with id '${id}' not found.`, {
    param: 'input',
    hint: 'Items of answers are kept for an hour; send the items themselves.',
  });
}

/** The answer to a DELETE that found something. */
export function deletedBody(id: string): JsonObject {
  return { id, object: 'response', deleted: true };
}

function inputItems(input: unknown): readonly unknown[] {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }];
  return asArray(input);
}

/** The type may be left out when there is nothing but an id. */
function referenceOf(item: unknown): string | undefined {
  if (!isObject(item)) return undefined;
  const isReference = item.type === 'item_reference' || (item.type === undefined && item.role === undefined);
  return isReference ? asText(item.id) : undefined;
}

/** The protocol's own answers, and how requests continue from them. */
export const history: AnswerHistory = {
  previousResponseId,
  isStored,
  referencedItems,
  withHistory,
  withoutPrevious,
  toStored,
  previousNotFound,
  holdsItem,
  itemNotFound,
};
