import type { z } from 'zod';
import type { IssueText, Report } from './issues.ts';
import { didYouMean } from './near.ts';
import { configSchema } from './schema.ts';
import { knownKeys } from './schema-keys.ts';
import { type ConfigNode, formatPath, keyMarkAt, markAt, nodeAt, type Path, shown } from './tree.ts';
import { unsupportedHint } from './unsupported.ts';

/** More names than this do not help to find the right one. */
const maxListed = 12;

type SchemaIssue = z.core.$ZodIssue;

/** Says in the user's words, at the user's line, what the schema found. */
export function reportSchemaIssue(tree: ConfigNode, issue: SchemaIssue, report: Report): void {
  const path = pathOf(issue);
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) reportUnknown(tree, [...path, key], report);
    return;
  }
  const node = nodeAt(tree, path);
  if (node === undefined) {
    const parent = path.slice(0, -1);
    const where = parent.length === 0 ? 'the file' : formatPath(parent);
    report(markAt(tree, parent), path, { message: `"${String(path.at(-1))}" is missing in ${where}` });
    return;
  }
  // That its variable has no value has been told.
  if (node.kind === 'scalar' && node.reference?.unset !== undefined) return;
  const mark = issue.code === 'invalid_key' ? keyMarkAt(tree, path) : node.mark;
  report(mark, path, describe(issue, node));
}

/** A schema path holds no symbols: the tree has none. */
export function pathOf(issue: SchemaIssue): Path {
  return issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
}

function reportUnknown(tree: ConfigNode, path: Path, report: Report): void {
  const key = String(path.at(-1));
  const hint = unsupportedHint(path);
  if (hint !== undefined) {
    report(keyMarkAt(tree, path), path, { message: `"${key}" has no meaning here`, hint });
    return;
  }
  const parent = path.slice(0, -1);
  const known = knownKeys(configSchema, parent);
  report(keyMarkAt(tree, path), path, {
    message: parent.length === 0 ? `unknown section "${key}"` : `unknown setting "${key}" in ${formatPath(parent)}`,
    hint: didYouMean(key, known) ?? (known.length > maxListed ? undefined : `known here: ${known.join(', ')}`),
  });
}

function describe(issue: SchemaIssue, node: ConfigNode): IssueText {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(expectedWord(issue.expected), node);
    case 'invalid_union':
      return wrongType([...new Set(issue.errors.flat().flatMap(expectations))].join(' or '), node);
    case 'invalid_value':
      return notOneOf(issue.values.map(String), node);
    case 'invalid_format':
      return issue.format === 'url'
        ? { message: 'this is not an http:// or https:// URL', hint: 'write it as http://localhost:11434/v1' }
        : { message: issue.message };
    case 'too_small':
    case 'too_big':
      return wrongSize(issue);
    case 'invalid_key':
      return { message: 'a name must not be empty' };
    case 'custom':
      return custom(issue, node);
    default:
      return { message: issue.message };
  }
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map of settings',
  record: 'a map of names',
  array: 'a list',
};

function expectedWord(type: string): string {
  return typeWords[type] ?? type;
}

function expectations(issue: SchemaIssue): readonly string[] {
  if (issue.code === 'invalid_type') return [expectedWord(issue.expected)];
  return issue.code === 'invalid_value' ? issue.values.map(String) : [issue.message];
}

function wrongType(expected: string, node: ConfigNode): IssueText {
  return { message: `expected ${expected}, found ${found(node)}`, hint: typeHint(expected, node) };
}

function found(node: ConfigNode): string {
  if (node.kind !== 'scalar') return node.kind === 'map' ? 'a map' : 'a list';
  if (node.value === null) return 'nothing';
  if (typeof node.value === 'boolean') return String(node.value);
  return typeof node.value === 'number' ? 'a number' : 'text';
}

function typeHint(expected: string, node: ConfigNode): string | undefined {
  const isText = node.kind === 'scalar' && typeof node.value === 'string';
  if (expected === 'text' && node.kind === 'scalar') return 'put it in quotes';
  if (expected === 'a list' && node.kind !== 'list') return 'write "- " in front of each item';
  if (expected === 'true or false' && isText) return 'write true or false, without quotes';
  if (expected.endsWith('number') && isText) return 'write digits, without quotes';
  return undefined;
}

function notOneOf(values: readonly string[], node: ConfigNode): IssueText {
  const all = `one of ${values.join(', ')}`;
  if (node.kind !== 'scalar') return { message: `expected ${all}, found ${found(node)}` };
  const hint = didYouMean(String(node.value), values);
  return { message: `"${shown(node)}" is not known here`, hint: hint ?? all };
}

function wrongSize(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): IssueText {
  if (issue.code === 'too_big') return { message: `must be at most ${issue.maximum}` };
  if (issue.origin === 'string') return { message: 'this must not be empty' };
  if (issue.origin === 'array')
    return { message: 'the list must not be empty', hint: 'list at least one, or leave it out' };
  return { message: `must be ${issue.inclusive === true ? 'at least' : 'more than'} ${issue.minimum}` };
}

/** The schema's own words. They may quote the value, which a variable may have brought. */
function custom(issue: z.core.$ZodIssueCustom, node: ConfigNode): IssueText {
  const hint: unknown = issue.params?.hint;
  const isReference = node.kind === 'scalar' && node.reference !== undefined && String(node.value) !== '';
  const message = isReference ? issue.message.replaceAll(String(node.value), () => shown(node)) : issue.message;
  return { message, hint: typeof hint === 'string' ? hint : undefined };
}
