import type { Report } from './issues.ts';
import { type ConfigNode, mapScalars, type Path, type ScalarNode } from './tree.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface InterpolateOptions {
  readonly environment: Environment;
  readonly report: Report;
  /** `warn`: a variable without a value is only a warning, for checks on machines that have no secrets. */
  readonly missing: 'error' | 'warn';
  /** What the user's environment has besides, and this file may not see: noted at the reference, told by the caller. */
  readonly withheld?: Environment | undefined;
}

/** Stands for a value that only another machine has; must pass as a URL, a name and a key. */
export const missingValue = 'https://unset.invalid';

/** A default ends before the next reference: one that is never closed must not be looked for to the end each time. */
const pattern = /\$\$|\$\{([A-Za-z_]\w*)(?::-((?:[^}$]|\$(?!\{))*))?\}|\$\{/g;

/**
 * Replaces `${VAR}` and `${VAR:-default}` (also for an empty variable, as in a shell) and `$$` in text values, never
 * in keys: a variable's content cannot change the structure of the file. A provider's `api_key` may stay without a
 * value: it is marked `unset`, and the loader switches the provider off.
 */
export function interpolate(tree: ConfigNode, options: InterpolateOptions): ConfigNode {
  return mapScalars(tree, (node, path) => {
    if (typeof node.value !== 'string' || !node.value.includes('$')) return node;
    return replace(node, node.value, path, options);
  });
}

interface Scan {
  readonly value: string;
  readonly variables: readonly string[];
  /** The last variable without a value. */
  readonly unset: string | undefined;
  readonly withheld: readonly string[];
  readonly isMalformed: boolean;
}

function scan(source: string, { environment, withheld = {} }: InterpolateOptions): Scan {
  const variables: string[] = [];
  const missed: string[] = [];
  let unset: string | undefined;
  let isMalformed = false;
  const value = source.replaceAll(pattern, (match, name: string | undefined, fallback: string | undefined) => {
    if (match === '$$') return '$';
    if (name === undefined) {
      isMalformed = true;
      return '';
    }
    variables.push(name);
    const set = environment[name];
    if (set !== undefined && (set !== '' || fallback === undefined)) return set;
    if ((withheld[name] ?? '') !== '') missed.push(name);
    if (fallback === undefined) unset = name;
    return fallback ?? '';
  });
  return { value, variables, unset, withheld: missed, isMalformed };
}

function replace(node: ScalarNode, source: string, path: Path, options: InterpolateOptions): ScalarNode {
  const { value, variables, unset, withheld, isMalformed } = scan(source, options);
  if (isMalformed) {
    options.report(node.mark, path, {
      message: 'this is not a reference to a variable',
      hint: `write \${NAME} or \${NAME:-default}, and $$ for a dollar sign`,
    });
    // Without a value, so that it is not told again for what the text would be.
    return { ...node, value: missingValue, reference: { source, variables, unset: source } };
  }
  if (variables.length === 0) return { ...node, value };
  const reference = { source, variables, unset, ...(withheld.length > 0 && { withheld }) };
  // An empty key is as useless as none, and would be sent as an empty credential.
  if (isProviderKey(path)) {
    return { ...node, value, reference: { ...reference, unset: unset ?? (value === '' ? variables[0] : undefined) } };
  }
  if (unset === undefined) return { ...node, value, reference };
  if (withheld.includes(unset)) return { ...node, value: missingValue, reference };
  options.report(node.mark, path, {
    message: `environment variable ${unset} is not set`,
    hint: `set it, put it in a .env file beside this one, or write \${${unset}:-default}`,
    severity: options.missing === 'warn' ? 'warning' : 'error',
  });
  return { ...node, value: missingValue, reference };
}

function isProviderKey(path: Path): boolean {
  return path.length === 3 && path[0] === 'providers' && path[2] === 'api_key';
}
