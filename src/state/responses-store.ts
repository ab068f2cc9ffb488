import type { Clock, Timer } from '../core/clock.ts';
import type { ResponseStore, StoredResponse } from '../core/stored-responses.ts';

export interface ResponseStoreLimits {
  readonly lifetimeMs: number;
  /** Of all entries of all owners together. */
  readonly maxBytes: number;
}

const defaultLimits: ResponseStoreLimits = { lifetimeMs: 60 * 60 * 1000, maxBytes: 64 * 1024 * 1024 };

interface Entry {
  readonly owner: string;
  readonly id: string;
  /** UTF-8 JSON: its length is its cost, and nobody can change it from outside. */
  readonly json: Buffer;
  readonly itemIds: readonly string[];
  readonly expiresAtMs: number;
}

/** The store of one process. Entries leave after their lifetime, the oldest earlier when memory runs out. */
export class MemoryResponseStore implements ResponseStore {
  readonly #clock: Clock;
  readonly #limits: ResponseStoreLimits;
  /** Oldest first, hence also in the order they expire. */
  readonly #entries = new Map<string, Entry>();
  /** Item to the entry that came last with it; conversations repeat their earlier items. */
  readonly #items = new Map<string, string>();
  #bytes = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, limits: ResponseStoreLimits = defaultLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Bytes held, for diagnostics. */
  get bytes(): number {
    return this.#bytes;
  }

  async put(owner: string, stored: StoredResponse): Promise<void> {
    const key = keyOf(owner, stored.id);
    this.#remove(key);
    const json = Buffer.from(JSON.stringify(stored));
    if (json.length > this.#limits.maxBytes) return;
    const expiresAtMs = this.#clock.now() + this.#limits.lifetimeMs;
    const entry = { owner, id: stored.id, json, itemIds: itemIds(stored), expiresAtMs };
    this.#entries.set(key, entry);
    this.#bytes += json.length;
    for (const itemId of entry.itemIds) this.#items.set(keyOf(owner, itemId), key);
    this.#evict();
    this.#schedule();
  }

  async get(owner: string, id: string): Promise<StoredResponse | undefined> {
    return this.#read(keyOf(owner, id));
  }

  async findItem(owner: string, itemId: string): Promise<unknown> {
    const key = this.#items.get(keyOf(owner, itemId));
    const stored = key === undefined ? undefined : this.#read(key);
    return stored === undefined ? undefined : allItems(stored).find((item) => idOf(item) === itemId);
  }

  async delete(owner: string, id: string): Promise<boolean> {
    this.#dropExpired();
    return this.#remove(keyOf(owner, id));
  }

  /** Forgets everything and stops the clock's timer. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#entries.clear();
    this.#items.clear();
    this.#bytes = 0;
  }

  #read(key: string): StoredResponse | undefined {
    this.#dropExpired();
    const entry = this.#entries.get(key);
    return entry === undefined ? undefined : (JSON.parse(entry.json.toString('utf8')) as StoredResponse);
  }

  #evict(): void {
    this.#dropExpired();
    for (const key of this.#entries.keys()) {
      if (this.#bytes <= this.#limits.maxBytes) return;
      this.#remove(key);
    }
  }

  #dropExpired(): void {
    const now = this.#clock.now();
    for (const [key, entry] of this.#entries) {
      if (entry.expiresAtMs > now) return;
      this.#remove(key);
    }
  }

  #remove(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    this.#bytes -= entry.json.length;
    for (const itemId of entry.itemIds) {
      const itemKey = keyOf(entry.owner, itemId);
      if (this.#items.get(itemKey) === key) this.#items.delete(itemKey);
    }
    return true;
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

function idOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null || !('id' in item)) return undefined;
  return typeof item.id === 'string' ? item.id : undefined;
}

function allItems(stored: StoredResponse): readonly unknown[] {
  const { output } = stored.response;
  return Array.isArray(output) ? [...stored.input, ...output] : stored.input;
}

function itemIds(stored: StoredResponse): readonly string[] {
  return allItems(stored).flatMap((item) => idOf(item) ?? []);
}
