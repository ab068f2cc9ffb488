import type { LocalOnly } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import { uncountedBytes } from '../core/memory-budget.ts';
import type { ResponseStore, StoredResponse } from '../core/stored-responses.ts';
import type { AnswerHistory, JsonObject } from '../protocols/protocol.ts';
import { strictest } from '../registry/narrow.ts';
import type { AnswerTap } from './answer-tap.ts';
import type { Exchange } from './exchange.ts';
import { HeardAnswer } from './heard-answer.ts';

/** One request of a protocol whose answers are kept, within its conversation. */
export interface Turn {
  /** With the earlier turns in its input. */
  readonly exchange: Exchange;
  /** The strictest of the earlier turns. */
  readonly localOnly: LocalOnly;
  /** Hears the answer that the client may continue from; undefined when it is not to be kept. */
  readonly tap: AnswerTap | undefined;
  /** Keeps the answer when it is complete and the client did not decline, with the limit of this turn. */
  finish(localOnly: LocalOnly): Promise<void>;
  /** The same error, with what the earlier turns have to do with it. */
  explain(error: GatewayError): GatewayError;
}

/** Of a conversation that was added to a request: its strings, the body, and what is sent to an upstream in its place. */
const heldForEachByte = 3;

const nothingToKeep = async () => {};

/** Adds what a client left to us to remember, and listens for the answer that it may continue from. */
export async function openTurn(store: ResponseStore, asked: Exchange): Promise<Turn> {
  const { inbound, json, key } = asked;
  const { history } = inbound;
  if (history === undefined) return unkept(asked, false);
  const owner = key?.name ?? '';
  const { whole, localOnly } = await recalled(json, history, { store, owner });
  const exchange = whole === json ? asked : withBody(asked, whole, history.withoutPrevious(whole));
  if (!history.isStored(json)) return unkept(exchange, localOnly);
  const heard = new HeardAnswer();
  return {
    exchange,
    localOnly,
    tap: heard,
    explain: (error) => explained(error, localOnly),
    async finish(limit) {
      const stored = heard.json === undefined ? undefined : history.toStored(whole, heard.json);
      if (stored !== undefined)
        await store.put(owner, { ...stored, localOnly: limit }, history.previousResponseId(json));
    },
  };
}

function unkept(exchange: Exchange, localOnly: LocalOnly): Turn {
  const explain = (error: GatewayError) => explained(error, localOnly);
  return { exchange, localOnly, tap: undefined, finish: nothingToKeep, explain };
}

function explained(error: GatewayError, localOnly: LocalOnly): GatewayError {
  if (localOnly === false || error.code !== 'no_candidate') return error;
  return new GatewayError(error.code, error.message, {
    detail: error.detail,
    cause: error,
    hint: 'an earlier turn of this conversation may not leave; without its ids this one can go elsewhere',
  });
}

interface Recalled {
  /** The body with its history; the same object when it refers to nothing. */
  readonly whole: JsonObject;
  readonly localOnly: LocalOnly;
}

/** Throws `bad_request` for an unknown id. */
async function recalled(
  json: JsonObject,
  history: AnswerHistory,
  { store, owner }: { readonly store: ResponseStore; readonly owner: string },
): Promise<Recalled> {
  const previous = history.previousResponseId(json);
  const references = history.referencedItems(json);
  if (previous === undefined && references.length === 0) return { whole: json, localOnly: false };
  let stored: StoredResponse | undefined;
  if (previous !== undefined) {
    stored = await store.get(owner, previous);
    if (stored === undefined) throw history.previousNotFound(previous);
  }
  const items = new Map<string, unknown>();
  const limits = [stored?.localOnly];
  for (const id of references) {
    const found = await store.findItem(owner, id);
    // It may stand in the turns that were recalled, as an input of which no item is kept by itself.
    if (found === undefined && stored !== undefined && history.holdsItem(stored, id)) continue;
    if (found === undefined) throw history.itemNotFound(id);
    items.set(id, found.item);
    limits.push(found.localOnly);
  }
  return { whole: history.withHistory(json, stored, items), localOnly: strictest(limits) };
}

/** Upstreams do not know our answers' ids: the bytes that may be passed on go without. */
function withBody(exchange: Exchange, json: JsonObject, sent: JsonObject): Exchange {
  const body = Buffer.from(JSON.stringify(sent));
  if (body.length > uncountedBytes) exchange.memory.take(body.length * heldForEachByte);
  return { ...exchange, json, body };
}
