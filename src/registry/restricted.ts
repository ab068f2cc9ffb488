import { editDistance } from '../config/near.ts';
import type { Config } from '../config/schema.ts';
import { formOf, type NameForm } from './name-form.ts';
import { literalLength, matchesPattern } from './names.ts';
import { maxNameLength, plainName, readingsOf } from './plain-name.ts';
import type { Snapshot } from './snapshot.ts';
import { builtInVariants, type Narrowing } from './variant.ts';
import { findVirtualModel, type VirtualModel } from './virtual-model.ts';

/** What a configuration keeps at home, or to some providers, in the form that names are compared in. */
interface Restrictions {
  /** Virtual models by name in lower case. */
  readonly virtual: ReadonlyMap<string, VirtualModel>;
  /** In lower case, of all virtual models: the pattern that says most counts, be it a restricted one or not. */
  readonly patterns: readonly { readonly folded: string; readonly virtual: VirtualModel }[];
  readonly models: readonly NameForm[];
  readonly presets: readonly NameForm[];
  /** Words behind a colon, letters and digits only. */
  readonly variants: ReadonlySet<string>;
}

/** The restricted virtual model that a name plainly means, however it is written; it comes before everything alike. */
export function restrictedModel(snapshot: Snapshot, name: string): VirtualModel | undefined {
  return modelIn(snapshot, restrictionsOf(snapshot.config), name);
}

/** Whether a name differs from a restricted one by a tag, a prefix, case, white space or look-alikes alone. */
export function isVariation({ config }: Snapshot, name: string): boolean {
  return name.length > maxNameLength || isVariationOf(restrictionsOf(config), formOf(name), name);
}

/**
 * Whether a name that nothing serves may be a restricted one: a variation of it, mistyped, or with something added. Such
 * a name may not be answered by what stands in for unknown ones.
 */
export function isNearRestricted(snapshot: Snapshot, name: string): boolean {
  if (isVariation(snapshot, name)) return true;
  const { models, presets, patterns, variants } = restrictionsOf(snapshot.config);
  const form = formOf(name);
  return (
    models.some((one) => hasWords(form, one) || isMistyped(form, one.squeezed)) ||
    presets.some((one) => isSameButFor(form, one)) ||
    [...variants].some((word) => form.tails.some((part) => isTypo(part, word))) ||
    fits(patterns, name)
  );
}

function isVariationOf(restrictions: Restrictions, form: NameForm, name: string): boolean {
  const { models, presets, patterns, variants } = restrictions;
  // What looks like something else cannot be told from a restricted name.
  if (models.length + patterns.length > 0 && !form.isOrdinary) return true;
  return (
    models.some((one) => isSameButFor(form, one)) ||
    (name.includes('@') && presets.some((one) => isSameButFor(form, one))) ||
    form.tails.some((part) => variants.has(part)) ||
    (patterns.length > 0 && hasFittingTail(patterns, name))
  );
}

/** One per configuration: requests ask all the time. */
const known = new WeakMap<Config, Restrictions>();

function restrictionsOf(config: Config): Restrictions {
  let restrictions = known.get(config);
  if (restrictions === undefined) {
    restrictions = collect(config);
    known.set(config, restrictions);
  }
  return restrictions;
}

function collect(config: Config): Restrictions {
  const all = Object.entries(config.models)
    .filter(([name]) => name !== '*')
    .map(([name, model]): VirtualModel => ({ name, config: model, isPattern: name.includes('*') }));
  const restricted = all.filter(isRestricted);
  const patterns = restricted.some(({ isPattern }) => isPattern) ? all.filter(({ isPattern }) => isPattern) : [];
  const models = restricted.map(({ name }) => formOf(name.replaceAll('*', ' '))).filter(({ words }) => words !== '--');
  const squeezed = new Set(models.map((one) => one.squeezed));
  const presets = Object.entries(config.presets).filter(([, { model, routing }]) => {
    const base = formOf(model ?? '');
    return narrows(routing) || [base.squeezed, base.head, ...base.tails].some((part) => squeezed.has(part));
  });
  const variants = Object.entries({ ...builtInVariants, ...config.variants });
  return {
    virtual: new Map(restricted.filter(({ isPattern }) => !isPattern).map((one) => [one.name.toLowerCase(), one])),
    patterns: patterns
      .map((virtual) => ({ folded: virtual.name.toLowerCase(), virtual }))
      .toSorted((one, other) => literalLength(other.folded) - literalLength(one.folded)),
    models,
    presets: presets.map(([name]) => formOf(name)),
    variants: new Set(variants.filter(([, { routing }]) => narrows(routing)).map(([name]) => formOf(name).squeezed)),
  };
}

function isRestricted({ config }: VirtualModel): boolean {
  return (config.local_only ?? false) !== false;
}

function narrows(routing: Narrowing | undefined): boolean {
  if (routing === undefined) return false;
  const { only, ignore, local_only: localOnly } = routing;
  return only !== undefined || ignore !== undefined || (localOnly ?? false) !== false;
}

function modelIn(snapshot: Snapshot, { virtual, patterns }: Restrictions, name: string): VirtualModel | undefined {
  if (virtual.size + patterns.length === 0) return undefined;
  const readings = readingsOf(name);
  for (const reading of readings) {
    const found = findVirtualModel(snapshot, reading);
    if (found !== undefined && isRestricted(found)) return found;
  }
  for (const reading of readings) {
    const folded = reading.toLowerCase();
    const found = virtual.get(folded) ?? patterns.find((one) => matchesPattern(one.folded, folded))?.virtual;
    if (found !== undefined && isRestricted(found)) return found;
  }
  return undefined;
}

/** The same letters and digits, or these as one part among others: `private:x`, `acme/private`, `p-r-i-v-a-t-e`. */
function isSameButFor(form: NameForm, restricted: NameForm): boolean {
  return form.squeezed === restricted.squeezed || form.path.includes(restricted.path);
}

/** Names of models have fewer parts than this. */
const maxTails = 8;

/** Something is in front of a name that fits: a provider, a collection or the like. */
function hasFittingTail(patterns: Restrictions['patterns'], name: string): boolean {
  const marks = [...name.matchAll(/[:/@]/g)];
  return marks.length > maxTails || marks.some(({ index }) => fits(patterns, plainName(name.slice(index + 1))));
}

/** The pattern that says most of those that fit is a restricted one. */
function fits(patterns: Restrictions['patterns'], name: string): boolean {
  const folded = name.normalize('NFKC').toLowerCase();
  const found = patterns.find((one) => matchesPattern(one.folded, folded));
  return found !== undefined && isRestricted(found.virtual);
}

/** Shorter words turn up in names that mean something else. Letters and digits. */
const minWord = 4;
const minGlued = 6;

/** Something was put in front of it or behind it: `my-private-model`, `private-v2`, `private2`. */
function hasWords(form: NameForm, restricted: NameForm): boolean {
  const { squeezed, words } = restricted;
  if (form.words.startsWith(words) || (squeezed.length >= minWord && form.words.includes(words))) return true;
  return squeezed.length >= minGlued && (form.squeezed.startsWith(squeezed) || form.squeezed.endsWith(squeezed));
}

function isMistyped({ squeezed, head, tails, words }: NameForm, restricted: string): boolean {
  return [squeezed, head, ...tails, ...words.split('-')].some((text) => isTypo(text, restricted));
}

/** One letter in four may be wrong. */
function isTypo(text: string, word: string): boolean {
  const limit = Math.floor(word.length / 4);
  return limit > 0 && Math.abs(text.length - word.length) <= limit && editDistance(text, word) <= limit;
}
