import type { Report } from './issues.ts';
import type { Knowledge } from './knowledge.ts';
import type { ConfigNode, Path } from './tree.ts';

export interface SpellingContext {
  readonly path: Path;
  readonly report: Report;
  readonly knowledge: Knowledge;
}

/** A foreign value in our form; undefined when it is unusable, which the conversion has reported. */
export type Convert = (node: ConfigNode, context: SpellingContext) => ConfigNode | undefined;

/** Shape of a foreign value for the JSON Schema; that of the setting it stands for when left out. */
export type SpellingSchema = Readonly<Record<string, unknown>>;

/** One foreign way to write a setting. Names are dotted paths relative to the map at `at`. */
export interface Spelling {
  /** The map it stands in: `*` is any key, `[]` any item of a list; empty is the whole file. */
  readonly at: string;
  readonly from: string;
  /** Our name; the same as `from` where only the value differs. */
  readonly to: string;
  readonly convert?: Convert;
  /** Applies to these values only. */
  readonly only?: readonly unknown[];
  /** `move` by default. `copy` leaves the original and never overwrites; `drop` says what is the case anyway. */
  readonly action?: 'move' | 'copy' | 'drop';
  readonly schema?: SpellingSchema;
  /** Shape of the foreign items of a list that takes both. */
  readonly itemSchema?: SpellingSchema;
}
