/** Where something stands in a file, for people: 1-based. Line 0 means the source has no lines (a variable, a flag). */
export interface Mark {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type Path = readonly (string | number)[];

/** What a scalar was before its variables were replaced. */
export interface Reference {
  /** The text as written; shown in messages in place of the value, which may be a secret. */
  readonly source: string;
  readonly variables: readonly string[];
  /** The variable that has no value, where that is not an error by itself. */
  readonly unset?: string | undefined;
  /** Variables that have a value for the user, which a file that is not trusted does not get. */
  readonly withheld?: readonly string[] | undefined;
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly mark: Mark;
  readonly value: string | number | boolean | null;
  readonly reference?: Reference | undefined;
}

export interface ListNode {
  readonly kind: 'list';
  readonly mark: Mark;
  readonly items: readonly ConfigNode[];
}

export interface Entry {
  readonly keyMark: Mark;
  readonly value: ConfigNode;
}

export interface MapNode {
  readonly kind: 'map';
  readonly mark: Mark;
  readonly entries: ReadonlyMap<string, Entry>;
  /** Stands for what was a list or a scalar in the file: merging replaces it whole. */
  readonly isAtomic?: boolean | undefined;
}

/** A parsed file between YAML and the schema: plain values that still know where they came from. Never changed in place. */
export type ConfigNode = ScalarNode | ListNode | MapNode;

export function emptyMap(mark: Mark): MapNode {
  return { kind: 'map', mark, entries: new Map() };
}

export function scalar(value: ScalarNode['value'], mark: Mark): ScalarNode {
  return { kind: 'scalar', mark, value };
}

/** A value left empty in the file. */
export function isNull(node: ConfigNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/** A scalar as messages may show it: what a variable brought may be a secret and is shown as its reference. */
export function shown(node: ConfigNode | undefined): string {
  return node?.kind === 'scalar' ? (node.reference?.source ?? String(node.value)) : '';
}

/** `map` with one more or one replaced entry; `undefined` removes it. Keeps the order of keys. */
export function withEntry(map: MapNode, key: string, entry: Entry | undefined): MapNode {
  const entries = new Map(map.entries);
  if (entry === undefined) entries.delete(key);
  else entries.set(key, entry);
  return { ...map, entries };
}

export function child(node: ConfigNode | undefined, key: string | number): ConfigNode | undefined {
  if (node?.kind === 'map') return node.entries.get(String(key))?.value;
  if (node?.kind === 'list') return node.items[Number(key)];
  return undefined;
}

export function nodeAt(root: ConfigNode, path: Path): ConfigNode | undefined {
  let node: ConfigNode | undefined = root;
  for (const key of path) node = child(node, key);
  return node;
}

/** The value's place, or that of the closest thing around it that exists. */
export function markAt(root: ConfigNode, path: Path): Mark {
  for (let length = path.length; length > 0; length -= 1) {
    const node = nodeAt(root, path.slice(0, length));
    if (node !== undefined) return node.mark;
  }
  return root.mark;
}

/** The place of the key itself, for problems that are about the name and not the value. */
export function keyMarkAt(root: ConfigNode, path: Path): Mark {
  const parent = nodeAt(root, path.slice(0, -1));
  const entry = parent?.kind === 'map' ? parent.entries.get(String(path.at(-1))) : undefined;
  return entry?.keyMark ?? markAt(root, path);
}

/** Replaces the node at `path`; `undefined` removes it. A path that leads nowhere changes nothing. */
export function replaceAt(node: ConfigNode, path: Path, value: ConfigNode | undefined): ConfigNode {
  const [key, ...rest] = path;
  if (key === undefined) return value ?? node;
  if (node.kind === 'list') {
    const items = node.items.flatMap((item, index) => {
      if (index !== Number(key)) return [item];
      if (rest.length > 0) return [replaceAt(item, rest, value)];
      return value === undefined ? [] : [value];
    });
    return { ...node, items };
  }
  const entry = node.kind === 'map' ? node.entries.get(String(key)) : undefined;
  if (node.kind !== 'map' || entry === undefined) return node;
  const next = rest.length > 0 ? replaceAt(entry.value, rest, value) : value;
  return withEntry(node, String(key), next === undefined ? undefined : { ...entry, value: next });
}

/** A change of the node at `path`; `undefined` removes it. */
export interface Replacement {
  readonly path: Path;
  readonly value: ConfigNode | undefined;
}

/** Applies all of them, whose paths are those of `root` as it is, in one walk. A path that leads nowhere changes nothing. */
export function replaceEach(root: ConfigNode, replacements: readonly Replacement[]): ConfigNode {
  const changes: Changes = { below: new Map() };
  for (const replacement of replacements) {
    let at = changes;
    for (const key of replacement.path) at = changesBelow(at, String(key));
    at.own = replacement;
  }
  return changed(root, changes) ?? root;
}

/** Changes by their paths' keys, step by step. */
interface Changes {
  readonly below: Map<string, Changes>;
  own?: Replacement;
}

function changesBelow({ below }: Changes, key: string): Changes {
  const known = below.get(key);
  if (known !== undefined) return known;
  const changes: Changes = { below: new Map() };
  below.set(key, changes);
  return changes;
}

/** `node` with its changes, or undefined where it goes; the same node where nothing below it is changed. */
function changed(node: ConfigNode, { below, own }: Changes): ConfigNode | undefined {
  if (own !== undefined) return own.value;
  if (node.kind === 'scalar' || below.size === 0) return node;
  if (node.kind === 'list') {
    const items = node.items.flatMap((item, index) => {
      const changes = below.get(String(index));
      return (changes === undefined ? item : changed(item, changes)) ?? [];
    });
    return isSame(items, node.items) ? node : { ...node, items };
  }
  const entries = new Map(node.entries);
  let isChanged = false;
  for (const [key, changes] of below) {
    const entry = node.entries.get(key);
    const value = entry === undefined ? undefined : changed(entry.value, changes);
    if (entry === undefined || value === entry.value) continue;
    if (value === undefined) entries.delete(key);
    else entries.set(key, { ...entry, value });
    isChanged = true;
  }
  return isChanged ? { ...node, entries } : node;
}

function isSame(some: readonly ConfigNode[], others: readonly ConfigNode[]): boolean {
  return some.length === others.length && some.every((item, index) => item === others[index]);
}

/** Calls `visit` for every scalar, with its path. */
export function eachScalar(node: ConfigNode, visit: (scalar: ScalarNode, path: Path) => void, path: Path = []): void {
  if (node.kind === 'scalar') visit(node, path);
  else if (node.kind === 'list') for (const [i, item] of node.items.entries()) eachScalar(item, visit, [...path, i]);
  else for (const [key, { value }] of node.entries) eachScalar(value, visit, [...path, key]);
}

/** A tree with every scalar passed through `change`. */
export function mapScalars(
  node: ConfigNode,
  change: (scalar: ScalarNode, path: Path) => ScalarNode,
  path: Path = [],
): ConfigNode {
  if (node.kind === 'scalar') return change(node, path);
  if (node.kind === 'list') {
    return { ...node, items: node.items.map((item, index) => mapScalars(item, change, [...path, index])) };
  }
  const entries = new Map<string, Entry>();
  for (const [key, entry] of node.entries) {
    entries.set(key, { ...entry, value: mapScalars(entry.value, change, [...path, key]) });
  }
  return { ...node, entries };
}

/** The bare values, as the schema takes them. */
export function toPlain(node: ConfigNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toPlain);
  return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, toPlain(value)]));
}

/** `providers.ollama.models[0].id`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}
