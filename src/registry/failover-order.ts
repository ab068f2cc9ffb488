import type { Candidate, Operation } from '../core/model.ts';
import { operationTraits } from '../core/operations.ts';
import { firstChat } from './auto.ts';
import { offerOf } from './candidates.ts';
import type { Match } from './match.ts';
import { findProvider, isUsable, type Provider, type Snapshot } from './snapshot.ts';

export interface Continued {
  /** The name's own candidates. */
  readonly own: readonly Candidate[];
  /** What `failover.providers` adds: possibly other models. */
  readonly added: readonly Candidate[];
  readonly isAsWritten: boolean;
}

/**
 * `routing.failover.providers`: own candidates in the order of that list, then what the other listed providers have:
 * the same model, else their default, else their first chat model. Never for a name that says where it goes.
 */
export function continueOver(snapshot: Snapshot, match: Match, operation: Operation): Continued {
  const { failover } = snapshot.config.routing;
  const isWritten = match.virtual !== undefined;
  if (!failover.enabled || failover.providers === undefined || match.isPinned) {
    return { own: match.candidates, added: [], isAsWritten: isWritten };
  }
  const listed = failover.providers.flatMap((word) => findProvider(snapshot, word) ?? []);
  const own = isWritten ? match.candidates : inOrderOf(listed, match.candidates);
  const present = new Set(own.map((candidate) => candidate.endpoint.providerId));
  const added = listed
    .filter((provider) => isUsable(provider) && !present.has(provider.id))
    .flatMap((provider) => standIn(snapshot, provider, { own, operation }));
  return { own, added, isAsWritten: true };
}

/** Providers outside the list keep their place after it: they have the very model that was asked for. */
function inOrderOf(listed: readonly Provider[], candidates: readonly Candidate[]): readonly Candidate[] {
  const places = new Map(listed.map((provider, at) => [provider.id, at] as const).toReversed());
  const rank = ({ endpoint }: Candidate) => places.get(endpoint.providerId) ?? listed.length;
  return candidates.toSorted((one, other) => rank(one) - rank(other));
}

function standIn(
  snapshot: Snapshot,
  provider: Provider,
  wanted: { readonly own: readonly Candidate[]; readonly operation: Operation },
): readonly Candidate[] {
  for (const { model } of wanted.own) {
    const same = offerOf(snapshot, provider, model.id);
    if (same !== undefined) return [same];
  }
  return operationTraits[wanted.operation].standIn === 'any' ? firstChat(snapshot, provider) : [];
}
