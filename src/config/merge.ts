import { exclusive } from './spellings.ts';
import { type ConfigNode, type Entry, isNull, type MapNode, type Path } from './tree.ts';
import { matchesPattern } from './tree-pattern.ts';

/** Two files as one: maps key by key, everything else from the later one. Keys keep the place they had first. */
export function mergeTrees(earlier: MapNode, later: MapNode, path: Path = []): MapNode {
  const entries = new Map<string, Entry>(earlier.entries);
  for (const key of overruled(later, path)) entries.delete(key);
  for (const [key, entry] of later.entries) {
    const known = entries.get(key);
    entries.set(
      key,
      known === undefined ? entry : { ...entry, value: mergeValues(known.value, entry.value, [...path, key]) },
    );
  }
  return { ...later, entries };
}

function mergeValues(earlier: ConfigNode, later: ConfigNode, path: Path): ConfigNode {
  // `openai:` with nothing behind it says that the section exists, not that what was said before is void.
  if (isNull(later)) return earlier;
  if (earlier.kind !== 'map' || later.kind !== 'map' || later.isAtomic === true) return later;
  return mergeTrees(earlier, later, path);
}

/** Settings of the earlier file that the later one speaks about under another name. */
function overruled(later: MapNode, path: Path): readonly string[] {
  return exclusive
    .filter((group) => matchesPattern(group.at, path) && group.keys.some((key) => later.entries.has(key)))
    .flatMap((group) => group.keys.filter((key) => !later.entries.has(key)));
}
