import type { ResponseStore, StoredResponse } from '../core/stored-responses.ts';
import { FinalResponse } from '../protocols/openai-responses/final-response.ts';
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
import type { Exchange, Reply } from './exchange.ts';

/** One request of the Responses protocol within its conversation. */
export interface Turn {
  /** With the earlier turns in its input. */
  readonly exchange: Exchange;
  /** Keeps the answer when it is complete and the client did not decline. */
  finish(): Promise<void>;
}

const nothingToKeep = async () => {};

/** Adds what a client left to us to remember, and listens for the answer that it may continue from. */
export async function openTurn(store: ResponseStore, exchange: Exchange): Promise<Turn> {
  const { inbound, json, key } = exchange;
  if (inbound.id.protocol !== 'responses' || inbound.id.operation !== 'chat')
    return { exchange, finish: nothingToKeep };
  const owner = key?.name ?? '';
  const whole = await recalled(store, owner, json);
  if (!isStored(json))
    return { exchange: whole === json ? exchange : withBody(exchange, whole), finish: nothingToKeep };
  const heard = new FinalResponse();
  const reply = overheard(exchange.reply, heard);
  const turn: Exchange = { ...(whole === json ? exchange : withBody(exchange, whole)), reply };
  return {
    exchange: turn,
    async finish() {
      const response = heard.response ?? reply.whole();
      const stored = response === undefined ? undefined : toStored(whole, response);
      if (stored !== undefined) await store.put(owner, stored);
    },
  };
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
  return { ...exchange, json, body: Buffer.from(JSON.stringify(withoutPrevious(json))) };
}

interface OverheardReply extends Reply {
  /** The answer, when it was sent whole and is one. */
  whole(): JsonObject | undefined;
}

function overheard(reply: Reply, heard: FinalResponse): OverheardReply {
  let sent: Buffer | string | undefined;
  return {
    get isStarted() {
      return reply.isStarted;
    },
    start: (status, headers) => reply.start(status, headers),
    write(chunk) {
      heard.push(chunk);
      return reply.write(chunk);
    },
    onDrain: (listener) => reply.onDrain(listener),
    end(chunk) {
      if (chunk !== undefined) heard.push(chunk);
      reply.end(chunk);
    },
    abort: () => reply.abort(),
    send(status, headers, body) {
      if (status === 200) sent = body;
      reply.send(status, headers, body);
    },
    whole: () => (sent === undefined ? undefined : (JSON.parse(sent.toString()) as JsonObject)),
  };
}
