/** `left` and `right` of the first `separator`; undefined when there is none or a side is empty. */
export function splitFirst(name: string, separator: string): readonly [string, string] | undefined {
  return splitAt(name, name.indexOf(separator));
}

/** The same at the last one. */
export function splitLast(name: string, separator: string): readonly [string, string] | undefined {
  return splitAt(name, name.lastIndexOf(separator));
}

function splitAt(name: string, index: number): readonly [string, string] | undefined {
  if (index <= 0 || index === name.length - 1) return undefined;
  return [name.slice(0, index), name.slice(index + 1)];
}

/** In lower case and without its tag: what follows the first colon of its last part. */
export function baseOf(name: string): string {
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return (colon === -1 ? name : name.slice(0, colon)).toLowerCase();
}

/** `*` stands for any text, the empty one included; everything else for itself. */
export function matchesPattern(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  const first = parts.shift() ?? '';
  const last = parts.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let rest = name.slice(first.length, name.length - last.length);
  for (const part of parts) {
    const at = rest.indexOf(part);
    if (at < 0) return false;
    rest = rest.slice(at + part.length);
  }
  return true;
}

/** Characters of a pattern that are not `*`: how much it says. */
export function literalLength(pattern: string): number {
  return pattern.replaceAll('*', '').length;
}
