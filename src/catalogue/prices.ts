import { z } from 'zod';
import type { Pricing } from '../core/model.ts';
import { providerType } from './catalogue.ts';
import file from './prices.json' with { type: 'json' };

const price = z.strictObject({
  input: z.number().nonnegative(),
  output: z.number().nonnegative(),
  cached_input: z.number().nonnegative().optional(),
  cache_write: z.number().nonnegative().optional(),
}) satisfies z.ZodType<Pricing>;

const schema = z.strictObject({
  /** The day that the prices are of. */
  asOf: z.iso.date(),
  compiledFrom: z.string(),
  unit: z.string(),
  /** By a word of the catalogue. */
  providers: z.record(
    z.string(),
    z.strictObject({
      source: z.url({ protocol: /^https$/ }),
      /** Further types with the same models at the same prices. */
      alsoOf: z.array(z.string()).default([]),
      /** By the vendor's id; `*` at the end stands for anything. */
      models: z.record(z.string(), price),
    }),
  ),
});

interface PriceList {
  readonly exact: ReadonlyMap<string, Pricing>;
  /** Longest first. */
  readonly prefixes: readonly (readonly [string, Pricing])[];
}

/** Parsed on first use. */
const lists = (() => {
  let built: ReadonlyMap<string, PriceList> | undefined;
  return () => {
    built ??= build();
    return built;
  };
})();

function build(): ReadonlyMap<string, PriceList> {
  const byType = new Map<string, PriceList>();
  for (const [type, { models, alsoOf }] of Object.entries(schema.parse(file).providers)) {
    const entries = Object.entries(models);
    const list = {
      exact: new Map(entries.filter(([id]) => !id.endsWith('*'))),
      prefixes: entries
        .filter(([id]) => id.endsWith('*'))
        .map(([id, pricing]) => [id.slice(0, -1), pricing] as const)
        .toSorted(([one], [other]) => other.length - one.length),
    };
    for (const name of [type, ...alsoOf]) byType.set(name, list);
  }
  return byType;
}

/** Types that have a price list, for a test that they are words of the catalogue. */
export function pricedTypes(): readonly string[] {
  return [...lists().keys()];
}

/** A version of a model that a vendor names by its date. */
const dated = /(?:-\d{4}-\d{2}-\d{2}|[-@]\d{8}|-latest)$/;

/**
 * The vendor's list price of a model for a provider of this type: of that very id, else of the id without its date,
 * else of the longest prefix. Undefined for a type without a list or a model that is not in it.
 */
export function listPrice(type: string, model: string): Pricing | undefined {
  const list = lists().get(providerType(type)?.id ?? type);
  if (list === undefined) return undefined;
  const id = model.replace(/^models\//, '').toLowerCase();
  return (
    list.exact.get(model) ??
    list.exact.get(id) ??
    list.exact.get(id.replace(dated, '')) ??
    list.prefixes.find(([prefix]) => id.startsWith(prefix))?.[1]
  );
}
