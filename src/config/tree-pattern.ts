import type { ConfigNode, Entry, MapNode, Path } from './tree.ts';

/** A pattern such as `providers.*.models[]` as the steps of a walk. */
export function patternSteps(pattern: string): readonly string[] {
  return pattern === '' ? [] : pattern.replaceAll('[]', '.[]').split('.');
}

/** Changes every map that `steps` lead to. */
export function changeMaps(
  node: ConfigNode,
  steps: readonly string[],
  change: (map: MapNode, path: Path) => MapNode,
  path: Path = [],
): ConfigNode {
  const [step, ...rest] = steps;
  if (step === undefined) return node.kind === 'map' ? change(node, path) : node;
  if (step === '[]') {
    if (node.kind !== 'list') return node;
    return { ...node, items: node.items.map((item, index) => changeMaps(item, rest, change, [...path, index])) };
  }
  if (node.kind !== 'map') return node;
  const keys = step === '*' ? [...node.entries.keys()] : node.entries.has(step) ? [step] : [];
  const entries = new Map(node.entries);
  let isChanged = false;
  for (const key of keys) {
    const entry = node.entries.get(key) as Entry;
    const value = changeMaps(entry.value, rest, change, [...path, key]);
    if (value === entry.value) continue;
    entries.set(key, { ...entry, value });
    isChanged = true;
  }
  return isChanged ? { ...node, entries } : node;
}

/** Whether a path is one that the pattern means. */
export function matchesPattern(pattern: string, path: Path): boolean {
  const steps = patternSteps(pattern);
  if (steps.length !== path.length) return false;
  return steps.every((step, index) => {
    const key = path[index];
    return step === '[]' ? typeof key === 'number' : step === '*' || step === key;
  });
}
