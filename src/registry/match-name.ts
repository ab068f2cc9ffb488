import { offerOf } from './candidates.ts';
import { type Match, nothing, virtualMatch } from './match.ts';
import { splitFirst } from './names.ts';
import { matchPinned } from './pinned.ts';
import { plainName, readingsOf } from './plain-name.ts';
import { isVariation, restrictedModel } from './restricted.ts';
import { findProvider, isUsable, type Offer, type Snapshot } from './snapshot.ts';
import { findVariant } from './variant.ts';
import { findVirtualModel } from './virtual-model.ts';

/**
 * Rules 3 to 7: what the name says by itself, else what it plainly means. Undefined when nothing has it. A restricted
 * virtual model takes all the ways to write its name, so that no pattern, alias or other spelling gets past it.
 */
export function matchName(snapshot: Snapshot, name: string): Match | undefined {
  const isVirtual = Object.hasOwn(snapshot.config.models, name);
  const restricted = isVirtual ? undefined : restrictedModel(snapshot, name);
  if (restricted !== undefined) return virtualMatch(snapshot, restricted, plainName(name));
  const readings = readingsOf(name);
  return (
    // Ids of models may have any form.
    (readings[0] === name ? undefined : (matchModel(snapshot, name) ?? matchAlias(snapshot, name))) ??
    firstOf(readings, (reading) => matchWritten(snapshot, reading)) ??
    firstOf(readings, (reading) => matchFolded(snapshot, reading))
  );
}

function firstOf(readings: readonly string[], match: (reading: string) => Match | undefined): Match | undefined {
  for (const reading of readings) {
    const found = match(reading);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Letter by letter. */
function matchWritten(snapshot: Snapshot, name: string): Match | undefined {
  return (
    matchVirtual(snapshot, name) ??
    matchModel(snapshot, name) ??
    matchPinned(snapshot, name, ':') ??
    matchPinned(snapshot, name, '/') ??
    matchVariant(snapshot, name) ??
    matchAlias(snapshot, name)
  );
}

function matchVirtual(snapshot: Snapshot, name: string): Match | undefined {
  const virtual = findVirtualModel(snapshot, name);
  if (virtual === undefined) return undefined;
  // A pattern says nothing of the tags and variants of names that are restricted.
  if (virtual.isPattern && isVariation(snapshot, name)) return undefined;
  return virtualMatch(snapshot, virtual, name);
}

/** A bare id cascades over everybody who has it, under whichever of its names. */
function matchModel(snapshot: Snapshot, name: string): Match | undefined {
  const exact = snapshot.byId.get(name);
  if (exact === undefined || givesWay(snapshot, name, exact)) return undefined;
  return { ...nothing, rule: 'model', candidates: union(exact, snapshot.byAlias.get(name)) };
}

/** `openai/gpt-4o` in an aggregator's list means the provider `openai` when that one is there and has the rest. */
function givesWay(snapshot: Snapshot, name: string, offers: readonly Offer[]): boolean {
  const parts = splitFirst(name, '/');
  if (parts === undefined || !offers.every((offer) => isAggregated(snapshot, offer))) return false;
  const provider = findProvider(snapshot, parts[0]);
  return provider !== undefined && isUsable(provider) && offerOf(snapshot, provider, parts[1]) !== undefined;
}

function isAggregated(snapshot: Snapshot, offer: Offer): boolean {
  return snapshot.providers.get(offer.endpoint.providerId)?.isAggregator === true;
}

/** `name:variant`. What `name` means is found by the rules before. */
function matchVariant(snapshot: Snapshot, name: string): Match | undefined {
  const variant = findVariant(snapshot, name);
  const base = variant === undefined ? undefined : matchName(snapshot, variant.base);
  if (variant === undefined || base === undefined) return undefined;
  return { ...base, rule: 'variant', narrowings: [...base.narrowings, variant.narrowing] };
}

/** Names that only the servers know: tags, aliases, paths. */
function matchAlias(snapshot: Snapshot, name: string): Match | undefined {
  const aliased = snapshot.byAlias.get(name);
  return aliased === undefined ? undefined : { ...nothing, rule: 'alias', candidates: aliased };
}

/** The same in another case. */
function matchFolded(snapshot: Snapshot, name: string): Match | undefined {
  const folded = name.toLowerCase();
  const offers = snapshot.byFoldedName.get(folded);
  if (offers !== undefined) return { ...nothing, rule: 'case-folded', candidates: offers };
  const virtual = Object.keys(snapshot.config.models).find((one) => one.toLowerCase() === folded);
  const found = virtual === undefined ? undefined : matchVirtual(snapshot, virtual);
  return found === undefined ? undefined : { ...found, rule: 'case-folded' };
}

/** Two lists without doubles, the first one's order first. */
function union(offers: readonly Offer[], more: readonly Offer[] | undefined): readonly Offer[] {
  if (more === undefined) return offers;
  return [...new Set([...offers, ...more])];
}
