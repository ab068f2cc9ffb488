/** Names that a mistyped one may have meant, best first. */
export function nearNames(name: string, known: Iterable<string>, limit = 3): readonly string[] {
  const wanted = name.toLowerCase();
  const scored: { readonly name: string; readonly score: number }[] = [];
  for (const candidate of new Set(known)) {
    const score = distanceTo(wanted, candidate.toLowerCase());
    if (score <= tolerance(wanted)) scored.push({ name: candidate, score });
  }
  return scored
    .sort((one, other) => one.score - other.score || one.name.localeCompare(other.name))
    .slice(0, limit)
    .map((entry) => entry.name);
}

/** A third of the name may be wrong, at least two characters. */
function tolerance(name: string): number {
  return Math.max(2, Math.floor(name.length / 3));
}

/** A name that the other begins with or ends in (`llama3` and `llama3.1:8b`) is one step away. */
function distanceTo(wanted: string, candidate: string): number {
  const [short, long] = wanted.length < candidate.length ? [wanted, candidate] : [candidate, wanted];
  if (short.length >= 3 && (long.startsWith(short) || long.endsWith(short))) return long === short ? 0 : 1;
  return editDistance(wanted, candidate, tolerance(wanted));
}

/** Insertions, deletions and replacements from one text to the other; `limit + 1` as soon as it is more. */
export function editDistance(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) > limit) return limit + 1;
  let previous = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    if (Math.min(...current) > limit) return limit + 1;
    previous = current;
  }
  return previous[other.length] ?? 0;
}
