import { append } from '../core/append.ts';
import type { Candidate, ServedModel } from '../core/model.ts';
import { candidateAt, offerOf } from './candidates.ts';
import { splitFirst } from './names.ts';
import type { DownServer, Rejection, Rule } from './resolution.ts';
import { findProvider, isUsable, type Offer, type Provider, type Snapshot } from './snapshot.ts';
import { downProvider, downServer, unusable } from './unusable.ts';
import { findVariant, type Narrowing } from './variant.ts';
import { findVirtualModel, type VirtualModel, virtualCandidates } from './virtual-model.ts';

/** What a name means, before anything about the request is held against it. */
export interface Match {
  readonly rule: Rule;
  /** name: the name itself is served. any: no name was asked for. fallback: something else stands in for it. */
  readonly basis: 'name' | 'any' | 'fallback';
  readonly candidates: readonly Candidate[];
  readonly rejected: readonly Rejection[];
  readonly isPinned: boolean;
  readonly virtual: VirtualModel | undefined;
  /** From variants and presets, all of them hold. */
  readonly narrowings: readonly Narrowing[];
  readonly down: DownServer | undefined;
}

const nothing = {
  basis: 'name',
  candidates: [],
  rejected: [],
  isPinned: false,
  virtual: undefined,
  narrowings: [],
  down: undefined,
} as const satisfies Omit<Match, 'rule'>;

/** Rules 3 to 7: what the name says by itself. Undefined when nothing has it. */
export function matchName(snapshot: Snapshot, name: string): Match | undefined {
  return (
    matchVirtual(snapshot, name) ??
    matchModel(snapshot, name) ??
    matchPinned(snapshot, name, ':') ??
    matchPinned(snapshot, name, '/') ??
    matchVariant(snapshot, name) ??
    matchOtherName(snapshot, name)
  );
}

/** The candidates of a virtual model, whatever its name was found by. */
export function virtualMatch(snapshot: Snapshot, virtual: VirtualModel, name: string): Match {
  const rule = virtual.isPattern ? 'virtual-pattern' : 'virtual-model';
  return { ...nothing, rule, virtual, ...virtualCandidates(snapshot, virtual, name) };
}

function matchVirtual(snapshot: Snapshot, name: string): Match | undefined {
  const virtual = findVirtualModel(snapshot, name);
  return virtual === undefined ? undefined : virtualMatch(snapshot, virtual, name);
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

/** `provider:model` and `provider/model`: that provider and no other. The upstream never sees the prefix. */
function matchPinned(snapshot: Snapshot, name: string, separator: ':' | '/'): Match | undefined {
  const parts = splitFirst(name, separator);
  if (parts === undefined) return undefined;
  const [word, model] = parts;
  const rule = separator === ':' ? 'provider:model' : 'provider/model';
  const provider = findProvider(snapshot, word);
  if (provider === undefined) {
    const down = downServer(word);
    return down === undefined ? undefined : { ...nothing, rule, isPinned: true, down };
  }
  if (!isUsable(provider)) {
    return { ...nothing, rule, isPinned: true, rejected: [unusable({ word, provider, model })] };
  }
  return { ...pinnedTo(snapshot, provider, model), rule };
}

/** One provider's candidate for a name that may end in a variant of ours, which must not travel upstream. */
export function pinnedTo(snapshot: Snapshot, provider: Provider, model: string): Omit<Match, 'rule'> {
  const down = provider.state === 'down' ? downProvider(provider) : undefined;
  const variant = offerOf(snapshot, provider, model) === undefined ? findVariant(snapshot, model) : undefined;
  const name = variant?.base ?? model;
  return {
    ...nothing,
    isPinned: true,
    down,
    candidates: [candidateAt(snapshot, provider, name)],
    narrowings: variant === undefined ? [] : [variant.narrowing],
  };
}

/** `name:variant`. What `name` means is found by the rules before. */
function matchVariant(snapshot: Snapshot, name: string): Match | undefined {
  const variant = findVariant(snapshot, name);
  const base = variant === undefined ? undefined : matchName(snapshot, variant.base);
  if (variant === undefined || base === undefined) return undefined;
  return { ...base, rule: 'variant', narrowings: [...base.narrowings, variant.narrowing] };
}

/** Names that only the servers know (tags, aliases, paths), then the same in another case. */
function matchOtherName(snapshot: Snapshot, name: string): Match | undefined {
  const aliased = snapshot.byAlias.get(name);
  if (aliased !== undefined) return { ...nothing, rule: 'alias', candidates: aliased };
  const folded = snapshot.byFoldedName.get(name.toLowerCase());
  if (folded !== undefined) return { ...nothing, rule: 'case-folded', candidates: folded };
  const virtual = Object.keys(snapshot.config.models).find((one) => one.toLowerCase() === name.toLowerCase());
  const found = virtual === undefined ? undefined : matchVirtual(snapshot, virtual);
  return found === undefined ? undefined : { ...found, rule: 'case-folded' };
}

/**
 * `auto`, or no model at all: whoever can chat. Local servers bring all their chat models, loaded ones first; a hosted
 * provider brings the one it was told to use, else its first.
 */
export function matchAuto(snapshot: Snapshot): Match | undefined {
  const candidates: Candidate[] = [];
  for (const provider of snapshot.providers.values()) {
    if (!isUsable(provider)) continue;
    const local = provider.offers.filter(({ model }) => model.isLocal && isChat(model));
    const preferred = local.length > 0 && provider.defaultModel === undefined ? local : firstChat(snapshot, provider);
    append(candidates, preferred);
  }
  if (candidates.length === 0) return undefined;
  const byLoad = candidates.toSorted((one, other) => Number(isCold(one)) - Number(isCold(other)));
  return { ...nothing, rule: 'auto', basis: 'any', candidates: byLoad };
}

/** The one chat model that stands for a provider: its `default_model`, else the first that is known to chat. */
export function firstChat(snapshot: Snapshot, provider: Provider): readonly Candidate[] {
  if (provider.defaultModel !== undefined) return [candidateAt(snapshot, provider, provider.defaultModel)];
  const chats = provider.offers.filter(({ model }) => isChat(model));
  const first = chats.find(({ model }) => model.type === 'chat') ?? chats[0];
  return first === undefined ? [] : [first];
}

function isChat(model: ServedModel): boolean {
  return model.type === 'chat' || model.type === 'unknown';
}

function isCold(candidate: Candidate): boolean {
  return candidate.model.isLoaded === false;
}

/** Two lists without doubles, the first one's order first. */
function union(offers: readonly Offer[], more: readonly Offer[] | undefined): readonly Offer[] {
  if (more === undefined) return offers;
  return [...new Set([...offers, ...more])];
}
