import type { Report } from './issues.ts';
import type { Knowledge } from './knowledge.ts';
import type { Spelling, SpellingContext } from './spelling.ts';
import { spellings } from './spellings.ts';
import { type ConfigNode, type Entry, emptyMap, isNull, type MapNode, nodeAt, withEntry } from './tree.ts';
import { changeMaps, patternSteps } from './tree-pattern.ts';

/** One file's tree in our spelling. Two spellings of one setting side by side are reported. */
export function applySpellings(tree: MapNode, report: Report, knowledge: Knowledge): MapNode {
  let result: ConfigNode = tree;
  for (const spelling of spellings) {
    result = changeMaps(result, patternSteps(spelling.at), (map, path) =>
      applyOne(map, spelling, { path, report, knowledge }),
    );
  }
  return result.kind === 'map' ? result : tree;
}

function applyOne(map: MapNode, spelling: Spelling, context: SpellingContext): MapNode {
  const from = spelling.from.split('.');
  const to = spelling.to.split('.');
  const entry = entryAt(map, from);
  if (entry === undefined || !isMeant(entry.value, spelling.only)) return map;
  if (spelling.action === 'drop') return setEntry(map, from, undefined);
  if (spelling.action === 'copy') return entryAt(map, to) === undefined ? setEntry(map, to, entry) : map;
  const isRename = spelling.from !== spelling.to;
  if (isRename && entryAt(map, to) !== undefined) {
    context.report(entry.keyMark, [...context.path, ...from], {
      message: `"${spelling.from}" and "${spelling.to}" say the same thing`,
      hint: 'keep one',
    });
    return setEntry(map, from, undefined);
  }
  const convert = isNull(entry.value) ? undefined : spelling.convert;
  const value =
    convert === undefined ? entry.value : convert(entry.value, { ...context, path: [...context.path, ...from] });
  const rest = isRename || value === undefined ? setEntry(map, from, undefined) : map;
  return value === undefined ? rest : setEntry(rest, to, { ...entry, value });
}

function isMeant(node: ConfigNode, only: Spelling['only']): boolean {
  return only === undefined || (node.kind === 'scalar' && only.includes(node.value));
}

function entryAt(map: MapNode, keys: readonly string[]): Entry | undefined {
  const parent = nodeAt(map, keys.slice(0, -1));
  return parent?.kind === 'map' ? parent.entries.get(keys.at(-1) ?? '') : undefined;
}

/** Sets or removes an entry, making the maps on the way to a new one. */
function setEntry(map: MapNode, keys: readonly string[], entry: Entry | undefined): MapNode {
  const [key = '', ...rest] = keys;
  if (rest.length === 0) return withEntry(map, key, entry);
  const existing = map.entries.get(key);
  if (existing?.value.kind === 'map') {
    return withEntry(map, key, { ...existing, value: setEntry(existing.value, rest, entry) });
  }
  if (entry === undefined || existing !== undefined) return map;
  const keyMark = entry.keyMark;
  return withEntry(map, key, { keyMark, value: setEntry(emptyMap(keyMark), rest, entry) });
}
