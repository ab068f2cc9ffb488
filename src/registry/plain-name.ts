/** Longer names belong to no model: they are neither read in other ways nor answered by a default. Characters. */
export const maxNameLength = 256;

/** Characters that cannot be seen, and so are not meant: control, zero-width, direction and filler characters. */
const unseen = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** Nothing below changes such a name, and nearly every one is like this. */
const isPlain = /^[\w.-]+$/;

const emptySuffixes = /[:/@\s]+$/;

/** Collections that clients write in front of a name: Gemini's, and those of Ollama's registry. */
const collections = /^(?:(?:models|library|registry\.ollama\.ai|ollama\.com)\/)+/i;

const defaultTag = /:latest$/i;

/** The name without surrounding white space, characters that cannot be seen, and separators with nothing behind them. */
export function plainName(name: string): string {
  if (isPlain.test(name)) return name;
  const trimmed = name.trim();
  if (trimmed.length > maxNameLength) return trimmed;
  const seen = trimmed.replace(unseen, '').trim();
  return seen.replace(emptySuffixes, '') || seen;
}

/**
 * What a name as a client wrote it plainly means, best first: without what is not seen, without the collection in front
 * of it, and without the tag that Ollama's clients add. Case is not touched.
 */
export function readingsOf(name: string): readonly string[] {
  const plain = plainName(name);
  if (plain.length > maxNameLength || isPlain.test(plain)) return plain === '' ? [] : [plain];
  const bare = plain.replace(collections, '');
  return [...new Set([plain, bare, bare.replace(defaultTag, '')])].filter((reading) => reading !== '');
}

/** The key of a table that `name` plainly means: by a reading of it, case folded as a last resort. */
export function keyByReading(table: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const readings = readingsOf(name);
  const exact = readings.find((reading) => Object.hasOwn(table, reading));
  if (exact !== undefined) return exact;
  const folded = new Set(readings.map((reading) => reading.toLowerCase()));
  return Object.keys(table).find((key) => folded.has(key.toLowerCase()));
}
