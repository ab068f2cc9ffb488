import type { Clock } from '../core/clock.ts';

export interface CacheLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

interface Entry<Value> {
  readonly value: Value;
  readonly bytes: number;
  readonly storedAt: number;
  readonly endsAt: number;
}

export interface Cached<Value> {
  readonly value: Value;
  readonly ageMs: number;
}

/** Values by key for a time, the least recently used one dropped first where room runs out. In memory. */
export class ExactCache<Value> {
  readonly #clock: Clock;
  /** In the order of use. */
  readonly #entries = new Map<string, Entry<Value>>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Cached<Value> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    const now = this.#clock.monotonic();
    if (entry.endsAt <= now) {
      this.#bytes -= entry.bytes;
      return undefined;
    }
    this.#entries.set(key, entry);
    return { value: entry.value, ageMs: now - entry.storedAt };
  }

  /** What is larger than all the room there is is not kept. */
  put(
    key: string,
    entry: { readonly value: Value; readonly bytes: number; readonly ttlMs: number },
    limits: CacheLimits,
  ) {
    this.#delete(key);
    const { value, bytes, ttlMs } = entry;
    if (bytes > limits.maxBytes || ttlMs <= 0) return;
    const storedAt = this.#clock.monotonic();
    this.#entries.set(key, { value, bytes, storedAt, endsAt: storedAt + ttlMs });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= limits.maxEntries && this.#bytes <= limits.maxBytes) return;
      this.#delete(oldest);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}
