import type { z } from 'zod';
import type { Report } from './issues.ts';
import { type Config, configSchema } from './schema.ts';
import { pathOf, reportSchemaIssue } from './schema-issues.ts';
import {
  type ConfigNode,
  emptyMap,
  isNull,
  nodeAt,
  type Path,
  type Replacement,
  replaceEach,
  type ScalarNode,
  toPlain,
} from './tree.ts';
import { matchesPattern } from './tree-pattern.ts';

type Issue = z.core.$ZodIssue;

export interface Validated {
  readonly config: Config;
  /** The tree those values came from: paths into `config` are paths into it. */
  readonly tree: ConfigNode;
}

/**
 * Applies the schema. Every problem is reported; what is wrong is then left out, so that the rest can still be
 * cross-checked and all problems come at once. Undefined when nothing usable is left.
 */
export function validate(tree: ConfigNode, report: Report): Validated | undefined {
  let current = tree;
  let isReported = false;
  for (;;) {
    const result = configSchema.safeParse(toPlain(current));
    if (result.success) return { config: result.data, tree: current };
    const { issues } = result.error;
    let next = adaptAll(current, issues);
    if (next === current) {
      // Later rounds only see what leaving out has torn open.
      if (!isReported) for (const issue of issues) reportSchemaIssue(current, issue, report);
      isReported = true;
      next = prune(current, issues);
    }
    // Each round has changed or removed a node, of which there are finitely many.
    if (next === current) return undefined;
    current = next;
  }
}

/** Values whose form the schema asks for: text from variables as numbers and booleans, empty sections as absent. */
function adaptAll(tree: ConfigNode, issues: readonly Issue[]): ConfigNode {
  return replaceEach(
    tree,
    issues.flatMap((issue) => adapt(tree, issue)),
  );
}

function adapt(tree: ConfigNode, issue: Issue): readonly Replacement[] {
  const path = pathOf(issue);
  const node = nodeAt(tree, path);
  if (node?.kind !== 'scalar' || issue.code === 'unrecognized_keys') return [];
  if (isNull(node)) return adaptEmpty(path, node);
  const value = node.reference === undefined ? undefined : coerce(node, issue);
  return value === undefined ? [] : [{ path, value: { ...node, value } }];
}

const namedMaps = ['providers.*', 'models.*', 'presets.*', 'variants.*'];

/** `openai:` alone declares it; any other key with nothing behind it is as good as left out. */
function adaptEmpty(path: Path, node: ScalarNode): readonly Replacement[] {
  if (namedMaps.some((pattern) => matchesPattern(pattern, path))) return [{ path, value: emptyMap(node.mark) }];
  return typeof path.at(-1) === 'number' ? [] : [{ path, value: undefined }];
}

/** A variable's text as what the schema wants at this place; undefined when it is not that. */
function coerce(node: ScalarNode, issue: Issue): number | boolean | undefined {
  if (typeof node.value !== 'string') return undefined;
  const isMissing = node.reference?.unset !== undefined;
  const text = node.value.trim().toLowerCase();
  const expected = issue.code === 'invalid_type' ? issue.expected : undefined;
  if (expected === 'number' || expected === 'int') {
    // Where the value is only known elsewhere, any number will do for the check.
    if (isMissing) return 1;
    return text !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
  }
  if (expected !== 'boolean' && issue.code !== 'invalid_union') return undefined;
  if (text === 'true') return true;
  return text === 'false' || isMissing ? false : undefined;
}

function prune(tree: ConfigNode, issues: readonly Issue[]): ConfigNode {
  const removed = issues.flatMap((issue) => {
    const path = pathOf(issue);
    return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [closest(tree, path)];
  });
  return replaceEach(
    tree,
    removed.map((path) => ({ path, value: undefined })),
  );
}

/** The path, or where something is missing the thing it is missing in. */
function closest(tree: ConfigNode, path: Path): Path {
  return path.length === 0 || nodeAt(tree, path) !== undefined ? path : closest(tree, path.slice(0, -1));
}
