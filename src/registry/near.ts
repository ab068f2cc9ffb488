import { editDistance } from '../config/near.ts';

/** Names that a mistyped one may have meant, best first. */
export function nearNames(name: string, known: Iterable<string>, limit = 3): readonly string[] {
  const wanted = name.toLowerCase();
  const best: Scored[] = [];
  for (const candidate of new Set(known)) {
    const entry = { name: candidate, score: distanceTo(wanted, candidate.toLowerCase()) };
    if (entry.score > tolerance(wanted)) continue;
    const worst = best[limit - 1];
    if (worst !== undefined && compare(worst, entry) <= 0) continue;
    best.push(entry);
    best.sort(compare).splice(limit);
  }
  return best.map((entry) => entry.name);
}

interface Scored {
  readonly name: string;
  readonly score: number;
}

function compare(one: Scored, other: Scored): number {
  return one.score - other.score || one.name.localeCompare(other.name);
}

/** A third of the name may be wrong, at least two characters. */
function tolerance(name: string): number {
  return Math.max(2, Math.floor(name.length / 3));
}

/** A name that the other begins with or ends in (`llama3` and `llama3.1:8b`) is one step away. */
function distanceTo(wanted: string, candidate: string): number {
  const [short, long] = wanted.length < candidate.length ? [wanted, candidate] : [candidate, wanted];
  if (short.length >= 3 && (long.startsWith(short) || long.endsWith(short))) return long === short ? 0 : 1;
  const base = candidate.split(':')[0] ?? candidate;
  // A tag is what people leave out (`lama3.1` for `llama3.1:8b`).
  if (!wanted.includes(':') && base !== candidate) return distanceTo(wanted, base) + 0.5;
  // Lengths alone may tell; a list of models can be long.
  return long.length - short.length > tolerance(wanted) ? Number.POSITIVE_INFINITY : editDistance(wanted, candidate);
}
