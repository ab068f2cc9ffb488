import { GatewayError } from '../core/errors.ts';

/** Longest string that is kept. Bytes. */
const maxString = 1024;
/** What may be left of a text without its long strings. Bytes. */
const maxSkimmed = 8 * 1024 * 1024;

const quote = 0x22;
const backslash = 0x5c;
const stub = Buffer.from('x');

/**
 * JSON that is too large to be held, without what makes it large: of a string over a kilobyte an `x` is kept. Everything
 * else stays as it is, also text that is not JSON. Pieces may be cut anywhere.
 */
export class SkimmedJson {
  #kept = Buffer.allocUnsafe(16 * 1024);
  #used = 0;
  /** Where the string began whose end has not come, in what is kept; -1 outside of strings. */
  #stringAt = -1;
  /** The string is one of the long ones. */
  #isLong = false;
  /** An odd number of backslashes ends what came of a string: the next character is escaped. */
  #isEscaped = false;

  /** Bytes. */
  get size(): number {
    return this.#used;
  }

  /** Throws `upstream_invalid` when so much is left that it is not the strings that are long. */
  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; )
      at = this.#stringAt === -1 ? this.#outside(bytes, at) : this.#inside(bytes, at);
  }

  bytes(): Buffer {
    return this.#kept.subarray(0, this.#used);
  }

  #outside(bytes: Buffer, at: number): number {
    const found = bytes.indexOf(quote, at);
    const end = found === -1 ? bytes.length : found + 1;
    this.#keep(bytes, at, end);
    if (found !== -1) this.#stringAt = this.#used;
    return end;
  }

  #inside(bytes: Buffer, at: number): number {
    const found = this.#closing(bytes, at);
    const end = found === -1 ? bytes.length : found;
    if (!this.#isLong) this.#keepString(bytes, at, end);
    if (found === -1) return end;
    this.#keep(bytes, found, found + 1);
    this.#stringAt = -1;
    this.#isLong = false;
    return found + 1;
  }

  #keepString(bytes: Buffer, at: number, end: number): void {
    if (this.#used - this.#stringAt + end - at <= maxString) return this.#keep(bytes, at, end);
    this.#used = this.#stringAt;
    this.#keep(stub, 0, stub.length);
    this.#isLong = true;
  }

  /** Of the quote that ends the string, or -1. */
  #closing(bytes: Buffer, from: number): number {
    // A backslash at the end of the last piece escapes the first character of this one.
    let start = from;
    if (this.#isEscaped) start++;
    this.#isEscaped = false;
    for (let found = bytes.indexOf(quote, start); found !== -1; found = bytes.indexOf(quote, found + 1)) {
      if (backslashesBefore(bytes, found, start) % 2 === 0) return found;
    }
    this.#isEscaped = backslashesBefore(bytes, bytes.length, start) % 2 === 1;
    return -1;
  }

  #keep(bytes: Buffer, from: number, end: number): void {
    const needed = this.#used + end - from;
    if (needed > maxSkimmed)
      throw new GatewayError('upstream_invalid', 'The upstream sent an event that is too large.');
    if (needed > this.#kept.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#kept.length));
      this.#kept.copy(grown, 0, 0, this.#used);
      this.#kept = grown;
    }
    bytes.copy(this.#kept, this.#used, from, end);
    this.#used = needed;
  }
}

function backslashesBefore(bytes: Buffer, end: number, start: number): number {
  let at = end;
  while (at > start && bytes[at - 1] === backslash) at--;
  return end - at;
}
