import type { Report } from './issues.ts';
import type { Knowledge } from './knowledge.ts';
import type { Config } from './schema.ts';
import type { ConfigNode } from './tree.ts';

/** What every cross-check gets: the values that passed the schema, and the tree that knows where they stand. */
export interface CheckContext {
  readonly config: Config;
  /** The places of those values. */
  readonly tree: ConfigNode;
  /** The whole file, also what did not pass the schema: a setting with a mistake in it is there all the same. */
  readonly written: ConfigNode;
  readonly knowledge: Knowledge;
  readonly report: Report;
}

/** Indexes of the items whose value an earlier item has too. */
export function repeated(values: readonly string[]): readonly number[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    if (seen.has(value)) return [index];
    seen.add(value);
    return [];
  });
}
