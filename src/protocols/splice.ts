import { endOfNested, endOfString } from './json-text.ts';

/**
 * Changes top-level values of a JSON object without rewriting the rest, so that unknown fields, big integers, `1.0`,
 * repeated keys and key order reach the upstream as the client wrote them (JSON.parse + JSON.stringify loses all).
 * Offsets are into the bytes; the text must already be known to be a valid JSON object.
 */
interface TopLevelEntry {
  /** Of the key's opening quote. */
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** A key that is written with escapes, read when it is first asked for. */
  name: string | undefined;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const lastAscii = 0x7f;

/** Entries of the object in the order they stand, repeated keys included. */
function topLevelEntries(json: Buffer): readonly TopLevelEntry[] {
  const entries: TopLevelEntry[] = [];
  let at = json.indexOf(openBrace) + 1;
  for (;;) {
    at = skipWhite(json, at);
    if (json[at] === comma) at = skipWhite(json, at + 1);
    if (json[at] !== quote) return entries;
    const keyStart = at;
    const keyEnd = endOfString(json, at);
    const valueStart = skipWhite(json, skipWhite(json, keyEnd) + 1);
    const valueEnd = endOfValue(json, valueStart);
    entries.push({ keyStart, keyEnd, valueStart, valueEnd, name: undefined });
    at = valueEnd;
  }
}

/** Without making a text of every key: few of them are looked for. */
function isNamed(json: Buffer, entry: TopLevelEntry, name: string): boolean {
  if (entry.name !== undefined) return entry.name === name;
  const first = entry.keyStart + 1;
  const length = entry.keyEnd - 1 - first;
  for (let at = 0; at < length; at++) {
    const byte = json[first + at] as number;
    if (byte === backslash || (byte > lastAscii && name.charCodeAt(at) > lastAscii)) {
      entry.name = JSON.parse(json.toString('utf8', entry.keyStart, entry.keyEnd)) as string;
      return entry.name === name;
    }
    if (byte !== name.charCodeAt(at)) return false;
  }
  return length === name.length;
}

function isText(json: Buffer, start: number, end: number, text: string): boolean {
  for (let at = start; at < end; at++) {
    const byte = json[at] as number;
    if (byte > lastAscii) return json.toString('utf8', start, end) === text;
    if (byte !== text.charCodeAt(at - start)) return false;
  }
  return end - start === text.length;
}

function skipWhite(json: Buffer, from: number): number {
  let at = from;
  while (at < json.length && (json[at] as number) <= 0x20) at++;
  return at;
}

function endOfValue(json: Buffer, start: number): number {
  const first = json[start];
  if (first === quote) return endOfString(json, start);
  if (first === openBrace || first === openBracket) return endOfNested(json, start);
  let at = start;
  while (at < json.length) {
    const byte = json[at] as number;
    if (byte === comma || byte === closeBrace || byte <= 0x20) break;
    at++;
  }
  return at;
}

/** One change: the bytes from `start` to `end` become `text`. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Collects changes to one body and applies them at once. Values are given as JSON text. */
export class Splice {
  readonly #json: Buffer;
  readonly #entries: readonly TopLevelEntry[];
  readonly #edits: Edit[] = [];
  readonly #added: string[] = [];
  readonly #removed = new Set<number>();

  constructor(json: Buffer) {
    this.#json = json;
    this.#entries = topLevelEntries(json);
  }

  has(key: string): boolean {
    return this.#entries.some((entry) => isNamed(this.#json, entry, key));
  }

  /** The last value of `key`, parsed. */
  value(key: string): unknown {
    const entry = this.#entries.findLast((one) => isNamed(this.#json, one, key));
    return entry === undefined ? undefined : JSON.parse(this.#json.toString('utf8', entry.valueStart, entry.valueEnd));
  }

  /** Replaces every value of `key` (a repeated key must not smuggle another value past us), or adds it. */
  set(key: string, value: string): void {
    let found = false;
    for (const entry of this.#entries) {
      if (!isNamed(this.#json, entry, key)) continue;
      found = true;
      if (isText(this.#json, entry.valueStart, entry.valueEnd, value)) continue;
      this.#edits.push({ start: entry.valueStart, end: entry.valueEnd, text: value });
    }
    if (!found) this.#added.push(`${JSON.stringify(key)}:${value}`);
  }

  /** Adds `key` unless the body has it. */
  fill(key: string, value: string): void {
    if (!this.has(key)) this.#added.push(`${JSON.stringify(key)}:${value}`);
  }

  rename(from: string, to: string): void {
    for (const entry of this.#entries) {
      if (!isNamed(this.#json, entry, from)) continue;
      this.#edits.push({ start: entry.keyStart, end: entry.keyEnd, text: JSON.stringify(to) });
    }
  }

  remove(key: string): void {
    this.#entries.forEach((entry, index) => {
      if (isNamed(this.#json, entry, key)) this.#removed.add(index);
    });
  }

  /** Puts `item` (JSON text) in front of the array that `key` holds. */
  prepend(key: string, item: string): void {
    for (const entry of this.#entries) {
      if (!isNamed(this.#json, entry, key) || this.#json[entry.valueStart] !== openBracket) continue;
      const first = skipWhite(this.#json, entry.valueStart + 1);
      const isEmpty = this.#json[first] === closeBracket;
      this.#edits.push({
        start: entry.valueStart + 1,
        end: entry.valueStart + 1,
        text: isEmpty ? item : `${item},`,
      });
    }
  }

  /** The bytes with all changes; the same buffer when there are none. */
  apply(): Buffer {
    if (this.#edits.length === 0 && this.#added.length === 0 && this.#removed.size === 0) return this.#json;
    const edits = [...this.#removals(), ...this.#edits].sort((a, b) => a.start - b.start);
    const pieces: Buffer[] = [];
    let at = 0;
    for (const edit of edits) {
      if (edit.start < at) continue;
      pieces.push(this.#json.subarray(at, edit.start), Buffer.from(edit.text));
      at = edit.end;
    }
    if (this.#added.length > 0) {
      // Just after the brace: the end would need to know of trailing white space and of an object left empty.
      const body = Buffer.concat([...pieces, this.#json.subarray(at)]);
      const brace = body.indexOf(openBrace) + 1;
      const rest = body.subarray(brace);
      const separator = rest[skipWhite(rest, 0)] === closeBrace ? '' : ',';
      return Buffer.concat([body.subarray(0, brace), Buffer.from(this.#added.join(',') + separator), rest]);
    }
    pieces.push(this.#json.subarray(at));
    return Buffer.concat(pieces);
  }

  /** Each run of removed neighbours goes with exactly one comma. */
  #removals(): Edit[] {
    const edits: Edit[] = [];
    for (let first = 0; first < this.#entries.length; first++) {
      if (!this.#removed.has(first)) continue;
      let last = first;
      while (this.#removed.has(last + 1)) last++;
      const run = [
        this.#entries[first - 1],
        this.#entries[first],
        this.#entries[last],
        this.#entries[last + 1],
      ] as const;
      edits.push(removal(run));
      first = last;
    }
    return edits;
  }
}

type Run = readonly [
  before: TopLevelEntry | undefined,
  first: TopLevelEntry | undefined,
  last: TopLevelEntry | undefined,
  next: TopLevelEntry | undefined,
];

function removal([before, first, last, next]: Run): Edit {
  const start = first?.keyStart ?? 0;
  if (next !== undefined) return { start, end: next.keyStart, text: '' };
  return { start: before?.valueEnd ?? start, end: last?.valueEnd ?? start, text: '' };
}
