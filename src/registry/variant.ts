import type { LocalOnly } from '../config/schema.ts';
import { splitLast } from './names.ts';
import type { Snapshot } from './snapshot.ts';

/** Which providers are left, and how far a request may travel. */
export interface Narrowing {
  readonly only?: readonly string[] | undefined;
  readonly ignore?: readonly string[] | undefined;
  readonly local_only?: LocalOnly | undefined;
}

export interface Variant {
  /** The name without the variant. */
  readonly base: string;
  readonly narrowing: Narrowing;
}

/** `local` means the same everywhere, unless the file defines it. */
const builtIn: ReadonlyMap<string, Narrowing> = new Map([['local', { local_only: true }]]);

/** The variant that a name ends in: what follows its last colon, when that is the name of one. */
export function findVariant(snapshot: Snapshot, name: string): Variant | undefined {
  const parts = splitLast(name, ':');
  if (parts === undefined) return undefined;
  const [base, word] = parts;
  const { variants } = snapshot.config;
  const narrowing = Object.hasOwn(variants, word) ? variants[word]?.routing : builtIn.get(word);
  return narrowing === undefined ? undefined : { base, narrowing };
}
