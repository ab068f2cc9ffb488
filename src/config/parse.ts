import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Report } from './issues.ts';
import {
  type ConfigNode,
  type Entry,
  emptyMap,
  formatPath,
  type MapNode,
  type Mark,
  type Path,
  scalar,
} from './tree.ts';

/** More nodes than any hand-written file has; what a file of nested anchors explodes into stops here. */
const maxNodes = 100_000;

interface Reading {
  readonly file: string;
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<unknown, Node>;
  readonly lines: LineCounter;
  readonly report: Report;
  /** Anchors being resolved: one that contains itself must not be followed. */
  readonly open: Set<unknown>;
  nodes: number;
}

const tooDeep = 'this is nested too deep';
/** No setting stands deeper than a tenth of this. */
const maxDepth = 100;

const syntaxHints: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  MULTIPLE_DOCS: 'keep one document a file; several files can be given with -c',
  BLOCK_AS_IMPLICIT_KEY: 'put a text that contains ": " in quotes',
  TAG_RESOLVE_FAILED: 'remove the tag',
};

const syntaxMessages: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'a second document starts here',
  TAG_RESOLVE_FAILED: 'this tag is unknown',
  RESOURCE_EXHAUSTION: tooDeep,
};

/** YAML text as a tree with positions; undefined when it is not a map or its syntax is broken (reported). */
export function parseConfig(text: string, file: string, report: Report): MapNode | undefined {
  const lines = new LineCounter();
  // Whether keys repeat is seen when the maps are read: the parser compares each key with all before it.
  const options = { lineCounter: lines, prettyErrors: false, merge: true, uniqueKeys: false };
  const document = parseDocument(text, options);
  const targets = document.errors.length > 0 ? new Map() : targetsOf(document);
  const reading: Reading = { file, targets, lines, report, open: new Set(), nodes: 0 };
  for (const error of [...document.errors, ...document.warnings]) {
    const message = syntaxMessages[error.code] ?? `YAML: ${error.message}`;
    report(markOf(reading, error.pos[0]), [], { message, hint: syntaxHints[error.code] });
  }
  if (document.errors.length > 0) return undefined;
  const start = markOf(reading, 0);
  if (document.contents === null) return emptyMap(start);
  const root = convert(reading, document.contents, []);
  if (root?.kind === 'map') return root;
  if (root?.kind === 'scalar' && root.value === null) return emptyMap(start);
  report(start, [], {
    message: 'the file is not a map of settings',
    hint: 'start with a section such as `providers:`',
  });
  return undefined;
}

/** For each alias the latest node before it that has its name, found in one walk. */
function targetsOf(document: Document): ReadonlyMap<unknown, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<unknown, Node>();
  visit(document, {
    Alias: (_key, alias) => {
      const target = anchors.get(alias.source);
      if (target !== undefined) targets.set(alias, target);
    },
    Value: (_key, node, around) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
      // It is refused when the maps are read.
      return around.length > 2 * maxDepth + 2 ? visit.SKIP : undefined;
    },
  });
  return targets;
}

function markOf(reading: Reading, offset: number): Mark {
  const { line, col } = reading.lines.linePos(offset);
  return { file: reading.file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

function markOfNode(reading: Reading, node: unknown): Mark {
  const range = isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range : undefined;
  return markOf(reading, range?.[0] ?? 0);
}

function convert(reading: Reading, node: unknown, path: Path): ConfigNode | undefined {
  const mark = markOfNode(reading, node);
  reading.nodes += 1;
  if (reading.nodes > maxNodes) {
    reading.report({ ...mark, line: 1, column: 1 }, [], {
      message: 'the file is too large once its anchors are expanded',
    });
    return undefined;
  }
  if (path.length > maxDepth) {
    reading.report(mark, path.slice(0, 1), { message: tooDeep });
    return undefined;
  }
  if (isAlias(node)) return convertAlias(reading, node, path);
  if (isMap(node)) return convertMap(reading, node, path);
  if (isSeq(node)) {
    const items = node.items.map((item, index) => convert(reading, item, [...path, index]));
    return { kind: 'list', mark, items: items.filter((item) => item !== undefined) };
  }
  const value: unknown = isScalar(node) ? node.value : null;
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return scalar(value, mark);
  }
  reading.report(mark, path, { message: 'this kind of value is not supported', hint: 'write it as text, in quotes' });
  return undefined;
}

function convertAlias(reading: Reading, alias: unknown, path: Path): ConfigNode | undefined {
  const target = reading.targets.get(alias);
  if (target === undefined) {
    reading.report(markOfNode(reading, alias), path, { message: 'no anchor of this name stands before it' });
    return undefined;
  }
  if (reading.open.has(target)) {
    reading.report(markOfNode(reading, alias), path, { message: 'this anchor contains itself' });
    return undefined;
  }
  reading.open.add(target);
  const node = convert(reading, target, path);
  reading.open.delete(target);
  return node;
}

function convertMap(reading: Reading, map: YAMLMap, path: Path): MapNode {
  const entries = new Map<string, Entry>();
  const merged: Entry[] = [];
  for (const pair of map.items) {
    const key = keyOf(reading, pair, path);
    if (key === undefined) continue;
    const keyMark = markOfNode(reading, pair.key);
    const value = convert(reading, pair.value, typeof key === 'symbol' ? path : [...path, key]);
    if (value === undefined) continue;
    if (typeof key === 'symbol') merged.push({ keyMark, value });
    else if (!entries.has(key)) entries.set(key, { keyMark, value: markEmpty(value, keyMark) });
    // The rest stays readable, so that its other problems can be told too.
    else reading.report(keyMark, path, { message: 'this key was given before', hint: 'keep one of them' });
  }
  for (const entry of merged) addMerged(reading, entries, entry);
  return { kind: 'map', mark: markOfNode(reading, map), entries };
}

/** A value left out has no place of its own in the file; its key's is the useful one. */
function markEmpty(value: ConfigNode, keyMark: Mark): ConfigNode {
  return value.kind === 'scalar' && value.value === null ? { ...value, mark: keyMark } : value;
}

/** The key as text, the symbol of a merge key (`<<`), or undefined when it cannot be one (reported). */
function keyOf(reading: Reading, pair: Pair, path: Path): string | symbol | undefined {
  const value: unknown = isScalar(pair.key) ? pair.key.value : undefined;
  if (typeof value === 'symbol') return value;
  if (typeof value === 'string' && value !== '__proto__') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return sourceOf(pair.key) ?? String(value);
  reading.report(markOfNode(reading, pair.key), path, {
    message: 'this cannot be a key',
    hint: path.length === 0 ? undefined : `keys of ${formatPath(path)} are plain words`,
  });
  return undefined;
}

/** A bare `4.10` is a number to YAML; as a key it is the text that was typed. */
function sourceOf(key: unknown): string | undefined {
  return isScalar(key) ? key.source : undefined;
}

/** `<<: *a` or `<<: [*a, *b]`: fills what the map itself does not say; the first of several wins. */
function addMerged(reading: Reading, entries: Map<string, Entry>, { keyMark, value }: Entry): void {
  const maps = value.kind === 'list' ? value.items : [value];
  for (const map of maps) {
    if (map.kind !== 'map') {
      reading.report(keyMark, [], { message: '"<<" takes a map or a list of maps', hint: 'name an anchor of a map' });
      continue;
    }
    for (const [key, entry] of map.entries) if (!entries.has(key)) entries.set(key, entry);
  }
}
