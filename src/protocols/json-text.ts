/* JSON as it stands in bytes, for what has to be known before it is parsed, or without parsing it. */

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const minus = 0x2d;
const digitZero = 0x30;
const digitNine = 0x39;

/** Kinds of bytes outside strings; all others are of no matter. */
const opens = 1;
const closes = 2;
const quotes = 3;
const separates = 4;
const kindOf = new Uint8Array(256);
for (const bracket of '{[') kindOf[bracket.charCodeAt(0)] = opens;
for (const bracket of '}]') kindOf[bracket.charCodeAt(0)] = closes;
kindOf[quote] = quotes;
kindOf[comma] = separates;

/** Strings are read byte by byte up to here, which takes less than to begin a search. Bytes. */
const shortBytes = 64;

/** `at` is the opening quote; the result is just past the closing one, or the end of a text that lacks it. */
export function endOfString(json: Buffer, at: number): number {
  const { length } = json;
  let end = at + 1;
  for (;;) {
    for (const far = Math.min(end + shortBytes, length); end < far; end++) {
      const byte = json[end];
      if (byte === quote) return end + 1;
      if (byte === backslash) end++;
    }
    if (end >= length) return length;
    const next = json.indexOf(quote, end);
    if (next === -1) return length;
    let slashes = 0;
    while (next - 1 - slashes >= end && json[next - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return next + 1;
    end = next + 1;
  }
}

/** `start` is an opening bracket; the result is just past the one that closes it. */
export function endOfNested(json: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const kind = kindOf[json[at] as number];
    if (kind === opens) depth++;
    else if (kind === closes) {
      depth--;
      if (depth === 0) return at + 1;
    } else if (kind === quotes) at = endOfString(json, at) - 1;
  }
  return json.length;
}

/** How much there may be of what makes a text of little size long to work on. */
export interface JsonLimits {
  /** Lists and objects, one in the other. */
  readonly depth: number;
  /** Lists and objects in all. */
  readonly nodes: number;
  /** Items of all long lists together; numbers do not count. */
  readonly items: number;
  /** Fields of all wide objects together. */
  readonly fields: number;
}

/** A list or an object of less is not held to be long. */
const fewItems = 1_000;

/**
 * What of `limits` a text of JSON exceeds, found in one look at its bytes; undefined for none. Parsing first would
 * take a second for ten megabytes of brackets, and what recurses over the value would overflow the stack.
 */
export function exceeded(json: Buffer, limits: JsonLimits): keyof JsonLimits | undefined {
  // Each level opens and closes: most bodies are too short to be too deep, and all limits are above that of the depth.
  if (json.length < 2 * limits.depth) return undefined;
  const counts = new Uint32Array(limits.depth + 1);
  const isObject = new Uint8Array(limits.depth + 1);
  let [depth, nodes, items, fields] = [0, 0, 0, 0];
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] as number;
    const kind = kindOf[byte];
    if (kind === quotes) at = endOfString(json, at) - 1;
    else if (kind === opens) {
      if (++depth > limits.depth) return 'depth';
      if (++nodes > limits.nodes) return 'nodes';
      counts[depth] = 0;
      isObject[depth] = byte === openBrace ? 1 : 0;
    } else if (kind === closes) {
      if (depth > 0) depth--;
    } else if (kind === separates) {
      const count = (counts[depth] as number) + 1;
      counts[depth] = count;
      if (count < fewItems) continue;
      if (isObject[depth] === 1) {
        if (++fields > limits.fields) return 'fields';
      } else if (!beginsNumber(json[at + 1]) && ++items > limits.items) return 'items';
    }
  }
  return undefined;
}

function beginsNumber(byte: number | undefined): boolean {
  return byte !== undefined && (byte === minus || (byte >= digitZero && byte <= digitNine));
}
