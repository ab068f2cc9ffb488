import { labelOf } from './candidates.ts';
import { type Found, lookUp } from './look-up.ts';
import { firstChat, type Match, pinnedTo } from './match.ts';
import { nearNames } from './near.ts';
import type { DownServer, Rejection, ResolveRequest } from './resolution.ts';
import { findProvider, isUsable, type Provider, type Snapshot } from './snapshot.ts';
import { downServer, unusable } from './unusable.ts';

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
  const pinned: Match = { ...pinnedTo(snapshot, provider, model), rule: 'provider-lock' };
  if (!isUsable(provider)) {
    const rejected = [unusable({ word: provider.id, provider, model })];
    return { match: { ...pinned, candidates: [], rejected }, config: undefined };
  }
  const { match, config } = lookUp(snapshot, request);
  // A fallback is no answer to a request that says where to go.
  if (match === undefined || match.basis === 'fallback') {
    return { match: model.startsWith('@') ? undefined : forwarded(snapshot, provider, { pinned, model }), config };
  }
  const own = match.candidates.filter((candidate) => candidate.endpoint.providerId === provider.id);
  if (own.length === 0 && !match.isPinned && match.virtual === undefined) {
    const sent = forwarded(snapshot, provider, { pinned, model });
    if (sent === undefined) return { match: undefined, config };
    return { match: { ...match, rule: 'provider-lock', isPinned: true, candidates: sent.candidates }, config };
  }
  const others = match.candidates.filter((candidate) => !own.includes(candidate)).map(labelOf);
  // The name may say a server that is not even there.
  if (match.candidates.length === 0 && match.down !== undefined) others.push(match.down.provider);
  const rejected = [...match.rejected, ...others.map((label) => lockedOut(label, provider))];
  const { down } = pinned;
  return { match: { ...match, rule: 'provider-lock', isPinned: true, candidates: own, rejected, down }, config };
}

/** A name that the provider does not list goes to it as it is; without a name, what it would chat with, if known. */
function forwarded(
  snapshot: Snapshot,
  provider: Provider,
  { pinned, model }: { readonly pinned: Match; readonly model: string },
): Match | undefined {
  if (model !== '' && model !== 'auto') return pinned;
  const candidates = firstChat(snapshot, provider);
  return candidates.length === 0 ? undefined : { ...pinned, candidates };
}

function lockedOut(candidate: string, provider: Provider): Rejection {
  return { candidate, code: 'locked', reason: `the request is locked to ${provider.id}` };
}
