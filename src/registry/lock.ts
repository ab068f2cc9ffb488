import { firstChat } from './auto.ts';
import { asksForAny, type Found, lookUp } from './look-up.ts';
import { type Match, onlyAt } from './match.ts';
import { nearNames } from './near.ts';
import { pinnedTo } from './pinned.ts';
import { plainName } from './plain-name.ts';
import type { DownServer, ResolveRequest } from './resolution.ts';
import { findProvider, isUsable, type Provider, type Snapshot } from './snapshot.ts';
import { downProvider, downServer } from './unusable.ts';

export type Locked =
  | { readonly kind: 'found'; readonly found: Found }
  | { readonly kind: 'down-type'; readonly down: DownServer }
  | { readonly kind: 'unknown-provider'; readonly near: readonly string[] };

/** Rule 1: what the name means, as far as the locked provider has it. */
export function lookUpLocked(snapshot: Snapshot, request: ResolveRequest, lock: string): Locked {
  const provider = findProvider(snapshot, lock);
  if (provider !== undefined) return { kind: 'found', found: lockedTo(snapshot, request, provider) };
  const down = downServer(lock);
  if (down !== undefined) return { kind: 'down-type', down };
  return { kind: 'unknown-provider', near: nearNames(lock, snapshot.providers.keys()) };
}

function lockedTo(snapshot: Snapshot, request: ResolveRequest, provider: Provider): Found {
  const { model } = request;
  if (!isUsable(provider)) return { match: forwarded(snapshot, provider, model), config: undefined };
  const { match, config } = lookUp(snapshot, request);
  // A fallback does not answer a request that says where to go.
  if (match === undefined || match.basis === 'fallback') return { match: forwarded(snapshot, provider, model), config };
  const down = provider.state === 'down' ? downProvider(provider) : undefined;
  const locked: Match = { ...onlyAt(provider, match), rule: 'provider-lock', down };
  if (locked.candidates.length > 0 || match.isPinned || match.virtual !== undefined) return { match: locked, config };
  const sent = forwarded(snapshot, provider, model);
  if (sent === undefined) return { match: undefined, config };
  const { candidates, names, pin, isItself } = sent;
  return { match: { ...match, rule: 'provider-lock', isPinned: true, candidates, names, pin, isItself }, config };
}

/**
 * A name that the provider does not list goes to it as it is, but for presets, which no provider knows; without a name,
 * what it would chat with, if known.
 */
function forwarded(snapshot: Snapshot, provider: Provider, model: string): Match | undefined {
  const pinned = pinnedTo(snapshot, provider, model);
  if (pinned === undefined) return undefined;
  const locked: Match = { ...pinned, rule: 'provider-lock' };
  if (!isUsable(provider)) return locked;
  if (plainName(model).startsWith('@')) return undefined;
  if (!asksForAny(model)) return locked;
  const candidates = firstChat(snapshot, provider);
  return candidates.length === 0 ? undefined : { ...locked, candidates, basis: 'any', isItself: true };
}
