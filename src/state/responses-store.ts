import type { Clock, Timer } from '../core/clock.ts';
import type { FoundItem, ResponseStore, StoredResponse } from '../core/stored-responses.ts';
import { KeptResponse } from './kept-response.ts';

export interface ResponseStoreOptions {
  readonly clock: Clock;
  readonly lifetimeMs?: number | undefined;
  /** What all entries of all owners may take. Bytes; asked at every put, since a reload may change it. */
  readonly maxBytes: () => number;
}

const defaultLifetimeMs = 60 * 60 * 1000;

/** The store of one process. Entries leave after their lifetime, the oldest earlier when memory runs out. */
export class MemoryResponseStore implements ResponseStore {
  readonly #clock: Clock;
  readonly #lifetimeMs: number;
  readonly #maxBytes: () => number;
  /** Those that can be asked for. Oldest first, hence also in the order they expire. */
  readonly #entries = new Map<string, KeptResponse>();
  /** Item to the turn that came last with it; also of turns that are held by later ones alone. */
  readonly #items = new Map<string, KeptResponse>();
  #bytes = 0;
  #timer: Timer | undefined;

  constructor({ clock, lifetimeMs = defaultLifetimeMs, maxBytes }: ResponseStoreOptions) {
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
    this.#maxBytes = maxBytes;
  }

  /** What all entries take. */
  get bytes(): number {
    return this.#bytes;
  }

  async put(owner: string, stored: StoredResponse, previous?: string): Promise<void> {
    this.#dropExpired();
    const key = keyOf(owner, stored.id);
    this.#forget(key);
    const parent = this.#parentOf(owner, stored, previous);
    const entry = new KeptResponse({ owner, stored, parent, expiresAtMs: this.#clock.now() + this.#lifetimeMs });
    if (entry.cost > this.#maxBytes()) return;
    if (parent !== undefined) parent.uses++;
    this.#entries.set(key, entry);
    this.#bytes += entry.cost;
    for (const itemId of entry.itemIds) this.#items.set(keyOf(owner, itemId), entry);
    this.#evict();
    this.#schedule();
  }

  async get(owner: string, id: string): Promise<StoredResponse | undefined> {
    this.#dropExpired();
    return this.#entries.get(keyOf(owner, id))?.read();
  }

  async findItem(owner: string, itemId: string): Promise<FoundItem | undefined> {
    this.#dropExpired();
    const entry = this.#items.get(keyOf(owner, itemId));
    return entry === undefined ? undefined : { item: entry.item(itemId), localOnly: entry.localOnly };
  }

  async delete(owner: string, id: string): Promise<boolean> {
    this.#dropExpired();
    return this.#forget(keyOf(owner, id));
  }

  /** Forgets everything and stops the clock's timer. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#entries.clear();
    this.#items.clear();
    this.#bytes = 0;
  }

  /** Undefined where it has gone since the turn began: then all of the conversation is this entry's. */
  #parentOf(owner: string, { input }: StoredResponse, previous: string | undefined): KeptResponse | undefined {
    const parent = previous === undefined ? undefined : this.#entries.get(keyOf(owner, previous));
    return parent !== undefined && parent.itemCount <= input.length ? parent : undefined;
  }

  #evict(): void {
    for (const key of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes()) return;
      this.#forget(key);
    }
  }

  #dropExpired(): void {
    const now = this.#clock.now();
    for (const [key, entry] of this.#entries) {
      if (entry.expiresAtMs > now) return;
      this.#forget(key);
    }
  }

  /** It can no longer be asked for. Later turns of its conversation keep what they need of it. */
  #forget(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    this.#release(entry);
    return true;
  }

  #release(entry: KeptResponse): void {
    for (let turn: KeptResponse | undefined = entry; turn !== undefined && --turn.uses === 0; turn = turn.parent) {
      this.#bytes -= turn.cost;
      for (const itemId of turn.itemIds) {
        const itemKey = keyOf(turn.owner, itemId);
        if (this.#items.get(itemKey) === turn) this.#items.delete(itemKey);
      }
    }
  }

  /** An idle process gives the memory back, too: one timer, for the entry that expires first. */
  #schedule(): void {
    if (this.#timer !== undefined) return;
    const oldest = this.#entries.values().next().value;
    if (oldest === undefined) return;
    this.#timer = this.#clock.setTimer(Math.max(0, oldest.expiresAtMs - this.#clock.now()), () => {
      this.#timer = undefined;
      this.#dropExpired();
      this.#schedule();
    });
  }
}

/** Neither a key's name nor an id can hold a line break. */
function keyOf(owner: string, id: string): string {
  return `${owner}\n${id}`;
}
