import type { Limit, StoredResponse } from '../core/stored-responses.ts';

/** What V8 takes for an entry beside its text: the object, its key, its place in the store's map. Bytes, measured. */
const entryBytes = 500;
/** For an item that can be found by its id, beside the id itself, which is held twice. Bytes, measured. */
const itemBytes = 120;

/** What one answer adds to its conversation. */
interface Addition {
  readonly response: StoredResponse['response'];
  /** Its own input items, without those of earlier turns. */
  readonly input: readonly unknown[];
}

export interface KeptResponseInput {
  readonly owner: string;
  readonly stored: StoredResponse;
  /** The turn before it, with whose items the stored input begins. */
  readonly parent: KeptResponse | undefined;
  readonly expiresAtMs: number;
}

/**
 * One answer as it is kept: as text, a byte a character, so that what it costs is known, it cannot be changed from
 * outside, and the garbage collector has one thing to look at. Turns of one conversation hang together: each has what it
 * added, since a copy of all that came before would make a conversation cost the square of its length.
 */
export class KeptResponse {
  readonly owner: string;
  readonly id: string;
  readonly parent: KeptResponse | undefined;
  readonly expiresAtMs: number;
  readonly localOnly: Limit;
  /** Of its own items, those that have one. */
  readonly itemIds: readonly string[];
  /** Of the whole conversation, its answer included. */
  readonly itemCount: number;
  /** What it takes, its parents not counted. Bytes. */
  readonly cost: number;
  /** Turns that go on from it, and one more while it can be asked for itself. For the store. */
  uses = 1;
  readonly #text: string;
  /** The text's characters are the bytes of its UTF-8. */
  readonly #isUtf8: boolean;

  constructor({ owner, stored, parent, expiresAtMs }: KeptResponseInput) {
    const own: Addition = { response: stored.response, input: stored.input.slice(parent?.itemCount ?? 0) };
    const items = itemsOf(own);
    const json = JSON.stringify(own);
    this.owner = owner;
    this.id = stored.id;
    this.parent = parent;
    this.expiresAtMs = expiresAtMs;
    this.localOnly = stored.localOnly;
    this.itemIds = items.flatMap((item) => idOf(item) ?? []);
    this.itemCount = (parent?.itemCount ?? 0) + items.length;
    this.#isUtf8 = Buffer.byteLength(json) !== json.length;
    this.#text = this.#isUtf8 ? Buffer.from(json).toString('latin1') : json;
    this.cost = this.itemIds.reduce(
      (sum, id) => sum + itemBytes + 2 * id.length,
      entryBytes + 2 * stored.id.length + this.#text.length,
    );
  }

  /** A copy, with all that came before it. */
  read(): StoredResponse {
    const turns: Addition[] = [];
    for (let turn = this.parent; turn !== undefined; turn = turn.parent) turns.push(turn.#own());
    const { response, input } = this.#own();
    return { id: this.id, localOnly: this.localOnly, response, input: [...turns.reverse().flatMap(itemsOf), ...input] };
  }

  /** A copy of one of its own items. */
  item(id: string): unknown {
    return itemsOf(this.#own()).find((item) => idOf(item) === id);
  }

  #own(): Addition {
    return JSON.parse(this.#isUtf8 ? Buffer.from(this.#text, 'latin1').toString() : this.#text) as Addition;
  }
}

function itemsOf({ input, response: { output } }: Addition): readonly unknown[] {
  return Array.isArray(output) ? [...input, ...output] : input;
}

function idOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null || !('id' in item)) return undefined;
  return typeof item.id === 'string' ? item.id : undefined;
}
