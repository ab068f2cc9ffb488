import type { Report } from './issues.ts';
import { type ConfigNode, mapScalars, type Path, type Reference, type ScalarNode } from './tree.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface InterpolateOptions {
  readonly environment: Environment;
  readonly report: Report;
  /** `warn`: a variable without a value is only a warning, for checks on machines that have no secrets. */
  readonly missing: 'error' | 'warn';
}

/** Stands for a value that only another machine has; must pass as a URL, a name and a key. */
export const missingValue = 'https://unset.invalid';

const pattern = /\$\$|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}|\$\{/g;

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

function replace(node: ScalarNode, source: string, path: Path, options: InterpolateOptions): ScalarNode {
  const variables: string[] = [];
  let unset: string | undefined;
  const value = source.replaceAll(pattern, (match, name: string | undefined, fallback: string | undefined) => {
    if (match === '$$') return '$';
    if (name === undefined || fallback?.includes('${') === true) {
      options.report(node.mark, path, {
        message: 'this is no reference to a variable',
        hint: 'write ${NAME} or ${NAME:-default}, and $$ for a dollar sign',
      });
      return match;
    }
    variables.push(name);
    const set = options.environment[name];
    if (set !== undefined && (set !== '' || fallback === undefined)) return set;
    if (fallback !== undefined) return fallback;
    unset = name;
    return '';
  });
  if (variables.length === 0) return { ...node, value };
  return settle(node, path, { value, reference: { source, variables, unset } }, options);
}

interface Replaced {
  readonly value: string;
  readonly reference: Reference;
}

/** Says what a variable without a value means at this place. */
function settle(node: ScalarNode, path: Path, replaced: Replaced, options: InterpolateOptions): ScalarNode {
  const { unset, variables } = replaced.reference;
  if (isProviderKey(path)) {
    // An empty key is as useless as none, and would be sent as an empty credential.
    const missing = unset ?? (replaced.value === '' ? variables[0] : undefined);
    return { ...node, ...replaced, reference: { ...replaced.reference, unset: missing } };
  }
  if (unset === undefined) return { ...node, ...replaced };
  options.report(node.mark, path, {
    message: `environment variable ${unset} is not set`,
    hint: `set it, put it in a .env file beside this one, or write \${${unset}:-default}`,
    severity: options.missing === 'warn' ? 'warning' : 'error',
  });
  return { ...node, value: missingValue, reference: replaced.reference };
}

function isProviderKey(path: Path): boolean {
  return path.length === 3 && path[0] === 'providers' && path[2] === 'api_key';
}
