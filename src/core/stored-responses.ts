/** How far what was said may travel: not beyond the local network, not beyond this machine. */
export type Limit = boolean | 'machine';

/** One answer that a client may continue from (`previous_response_id`), read back or delete. */
export interface StoredResponse {
  /** `resp_…`, unique over all owners. */
  readonly id: string;
  /** The Response object as the client got it. */
  readonly response: Readonly<Record<string, unknown>>;
  /** Every input item the model was shown, earlier turns included, so that one entry is a whole conversation. */
  readonly input: readonly unknown[];
  /** The strictest of all turns: what a client said under it goes no further in a later one. */
  readonly localOnly: Limit;
}

/** One item of a conversation, with the limit of the turn that it was found in. */
export interface FoundItem {
  readonly item: unknown;
  readonly localOnly: Limit;
}

/**
 * Keeps answers for a while. An owner (the name of a key, '' without auth) sees its own answers only. Entries are
 * copies: what is changed after `put` or in what `get` returned does not reach the store. An answer that is too large
 * to be kept is not kept; that is not an error. `previous` is the kept answer that this one goes on from, if any: its
 * items and those before it are the beginning of `stored.input`, and need not be held twice.
 */
export interface ResponseStore {
  put(owner: string, stored: StoredResponse, previous?: string): Promise<void>;
  get(owner: string, id: string): Promise<StoredResponse | undefined>;
  /** One item of any kept conversation of the owner by the item's id, for `item_reference`. */
  findItem(owner: string, itemId: string): Promise<FoundItem | undefined>;
  /** False when there was nothing to delete. */
  delete(owner: string, id: string): Promise<boolean>;
}
