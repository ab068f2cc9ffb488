import type { LocalOnly } from '../config/schema.ts';
import { splitLast } from './names.ts';
import { maxNameLength, plainName } from './plain-name.ts';
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
export const builtInVariants: Readonly<Record<string, { readonly routing: Narrowing }>> = {
  local: { routing: { local_only: true } },
};

/**
 * The variant that a name ends in: what follows its last colon, when that is the name of one, case folded as a last
 * resort. Ollama's clients write their own tag behind it, which says nothing.
 */
export function findVariant(snapshot: Snapshot, name: string): Variant | undefined {
  const parts = name.length > maxNameLength ? undefined : splitLast(plainName(name), ':');
  if (parts === undefined) return undefined;
  const [base, word] = parts;
  const narrowing = narrowingOf(snapshot, word);
  if (narrowing !== undefined) return { base, narrowing };
  return word.toLowerCase() === 'latest' ? findVariant(snapshot, base) : undefined;
}

function narrowingOf({ config }: Snapshot, word: string): Narrowing | undefined {
  const tables = [config.variants, builtInVariants];
  const exact = tables.find((table) => Object.hasOwn(table, word))?.[word];
  if (exact !== undefined) return exact.routing;
  const folded = word.toLowerCase();
  for (const table of tables) {
    const key = Object.keys(table).find((one) => one.toLowerCase() === folded);
    if (key !== undefined) return table[key]?.routing;
  }
  return undefined;
}
