import { GatewayError } from './errors.ts';

/**
 * Up to here nothing is counted: a connection takes about as much by itself, and nearly every body is smaller, which
 * then costs no counting. Bytes.
 */
export const uncountedBytes = 64 * 1024;

/** How long a client that found no room is told to wait. Milliseconds. */
const retryAfterMs = 1_000;

/** Bytes that all requests together may make this process hold: bodies, images, answers that are held whole. */
export class MemoryBudget {
  readonly #limit: () => number;
  #held = 0;

  /** `limit` in bytes, asked every time, since a reload may change it. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Bytes. */
  get held(): number {
    return this.#held;
  }

  /** What one request holds of it. */
  share(): MemoryShare {
    return new MemoryShare(this);
  }

  /** For shares. Throws `overloaded`, or `too_large` for what `own` bytes of one request would never find room for. */
  take(bytes: number, own: number): void {
    const limit = this.#limit();
    if (own > limit) throw tooMuchForOne(limit);
    if (this.#held + bytes > limit) throw overloaded();
    this.#held += bytes;
  }

  /** For shares. */
  give(bytes: number): void {
    this.#held -= bytes;
  }
}

/** What one request holds. Given back when the request is over, whatever became of it. */
export class MemoryShare {
  readonly #budget: MemoryBudget;
  #bytes = 0;
  #isReleased = false;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** Bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Before so many bytes are held. Throws `overloaded` or `too_large`, and then counts nothing. */
  take(bytes: number): void {
    // What comes after the end of its request is dropped by the part that brings it.
    if (this.#isReleased) return;
    this.#budget.take(bytes, this.#bytes + bytes);
    this.#bytes += bytes;
  }

  /** So many are held no longer. */
  give(bytes: number): void {
    const given = Math.min(bytes, this.#bytes);
    this.#bytes -= given;
    this.#budget.give(given);
  }

  /** Gives all of it back, for good. Safe to repeat. */
  release(): void {
    this.give(this.#bytes);
    this.#isReleased = true;
  }
}

/** What one holder has of its request's share. Of little nothing is counted. */
export class HeldCount {
  readonly #share: MemoryShare;
  #counted = 0;

  constructor(share: MemoryShare) {
    this.#share = share;
  }

  /** So much is held now, or will be at once. Throws `overloaded` or `too_large`, and then counts what it did before. */
  set(bytes: number): void {
    const due = bytes > uncountedBytes ? bytes : 0;
    if (due > this.#counted) this.#share.take(due - this.#counted);
    else if (due < this.#counted) this.#share.give(this.#counted - due);
    this.#counted = due;
  }
}

function overloaded(): GatewayError {
  return new GatewayError('overloaded', 'The router holds as much for other requests as it may.', {
    hint: 'try again, or raise server.max_held_memory',
    retryAfterMs,
  });
}

function tooMuchForOne(limit: number): GatewayError {
  return new GatewayError('too_large', `This request alone takes more memory than the ${limit} bytes there are.`, {
    hint: 'raise server.max_held_memory',
  });
}
