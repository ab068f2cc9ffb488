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
import type { AnswerTap } from './answer-tap.ts';
import type { Exchange } from './exchange.ts';
import { HeardAnswer } from './heard-answer.ts';

/** One request of the Responses protocol within its conversation. */
export interface Turn {
  /** With the earlier turns in its input. */
  readonly exchange: Exchange;
  /** Hears the answer that the client may continue from; undefined when it is not to be kept. */
  readonly tap: AnswerTap | undefined;
  /** Keeps the answer when it is complete and the client did not decline. */
  finish(): Promise<void>;
}

/** Of a conversation that was added to a request: its strings, the body, and what is sent to an upstream in its place. */
const heldForEachByte = 3;

const nothingToKeep = async () => {};

/** Adds what a client left to us to remember, and listens for the answer that it may continue from. */
export async function openTurn(store: ResponseStore, asked: Exchange): Promise<Turn> {
  const { inbound, json, key } = asked;
  if (inbound.id.protocol !== 'responses' || inbound.id.operation !== 'chat') return untold(asked);
  const owner = key?.name ?? '';
  const whole = await recalled(store, owner, json);
  const exchange = whole === json ? asked : withBody(asked, whole);
  if (!isStored(json)) return untold(exchange);
  const heard = new HeardAnswer();
  return {
    exchange,
    tap: heard,
    async finish() {
      const stored = heard.json === undefined ? undefined : toStored(whole, heard.json);
      if (stored !== undefined) await store.put(owner, stored, previousResponseId(json));
    },
  };
}

function untold(exchange: Exchange): Turn {
  return { exchange, tap: undefined, finish: nothingToKeep };
}

/** The body with its history; the same object when it refers to nothing. Throws `bad_request` for an unknown id. */
async function recalled(store: ResponseStore, owner: string, json: JsonObject): Promise<JsonObject> {
  const previous = previousResponseId(json);
  const references = referencedItems(json);
  if (previous === undefined && references.length === 0) return json;
  let stored: StoredResponse | undefined;
  if (previous !== undefined) {
    stored = await store.get(owner, previous);
    if (stored === undefined) throw previousNotFound(previous);
  }
  const found = await Promise.all(references.map(async (id) => [id, await store.findItem(owner, id)] as const));
  return withHistory(json, stored, new Map(found.filter(([, item]) => item !== undefined)));
}

/** Upstreams do not know our answers' ids: the bytes that may be passed on go without. */
function withBody(exchange: Exchange, json: JsonObject): Exchange {
  const body = Buffer.from(JSON.stringify(withoutPrevious(json)));
  if (body.length > uncountedBytes) exchange.memory.take(body.length * heldForEachByte);
  return { ...exchange, json, body };
}
