import type { LocalOnly } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import { uncountedBytes } from '../core/memory-budget.ts';
import type { ResponseStore, StoredResponse } from '../core/stored-responses.ts';
import {
  isStored,
  previousNotFound,
  previousResponseId,
  referencedItems,
  toStored,
  withHistory,
  withoutPrevious,
} from '../protocols/openai-responses/history.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { strictest } from '../registry/narrow.ts';
import type { AnswerTap } from './answer-tap.ts';
import type { Exchange } from './exchange.ts';
import { HeardAnswer } from './heard-answer.ts';

/** One request of the Responses protocol within its conversation. */
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
  if (inbound.id.protocol !== 'responses' || inbound.id.operation !== 'chat') return untold(asked, false);
  const owner = key?.name ?? '';
  const { whole, localOnly } = await recalled(store, owner, json);
  const exchange = whole === json ? asked : withBody(asked, whole);
  if (!isStored(json)) return untold(exchange, localOnly);
  const heard = new HeardAnswer();
  return {
    exchange,
    localOnly,
    tap: heard,
    explain: (error) => explained(error, localOnly),
    async finish(limit) {
      const stored = heard.json === undefined ? undefined : toStored(whole, heard.json);
      if (stored !== undefined) await store.put(owner, { ...stored, localOnly: limit }, previousResponseId(json));
    },
  };
}

function untold(exchange: Exchange, localOnly: LocalOnly): Turn {
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
async function recalled(store: ResponseStore, owner: string, json: JsonObject): Promise<Recalled> {
  const previous = previousResponseId(json);
  const references = referencedItems(json);
  if (previous === undefined && references.length === 0) return { whole: json, localOnly: false };
  let stored: StoredResponse | undefined;
  if (previous !== undefined) {
    stored = await store.get(owner, previous);
    if (stored === undefined) throw previousNotFound(previous);
  }
  const items = new Map<string, unknown>();
  const limits = [stored?.localOnly];
  for (const id of references) {
    const found = await store.findItem(owner, id);
    if (found === undefined) continue;
    items.set(id, found.item);
    limits.push(found.localOnly);
  }
  return { whole: withHistory(json, stored, items), localOnly: strictest(limits) };
}

/** Upstreams do not know our answers' ids: the bytes that may be passed on go without. */
function withBody(exchange: Exchange, json: JsonObject): Exchange {
  const body = Buffer.from(JSON.stringify(withoutPrevious(json)));
  if (body.length > uncountedBytes) exchange.memory.take(body.length * heldForEachByte);
  return { ...exchange, json, body };
}
