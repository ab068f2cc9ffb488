import { listPrice } from '../catalogue/prices.ts';
import type { Candidate } from '../core/model.ts';
import { placeOf, protocolsFor } from './offers.ts';
import type { Offer, Provider, Snapshot } from './snapshot.ts';

/** What `provider` offers under a name: its id, a name its server takes for it, the same in another case. */
export function offerOf(snapshot: Snapshot, provider: Provider, name: string): Offer | undefined {
  const isOwn = (offer: Offer) => offer.endpoint.providerId === provider.id;
  return (
    snapshot.byId.get(name)?.find(isOwn) ??
    snapshot.byAlias.get(name)?.find(isOwn) ??
    snapshot.byFoldedName.get(name.toLowerCase())?.find(isOwn)
  );
}

/**
 * The candidate for a name that is addressed to one provider. A name that it does not list is forwarded as it is: the
 * list may be closed or old, and the upstream's own answer is the truth. A server with one model for all names is
 * reported by the model it has.
 */
export function candidateAt(snapshot: Snapshot, provider: Provider, name: string): Candidate {
  const offer = offerOf(snapshot, provider, name);
  if (offer !== undefined) return offer;
  const only = provider.offers.length === 1 ? provider.offers[0] : undefined;
  return provider.answersAnyModel && only !== undefined ? only : forwarded(provider, name);
}

function forwarded(provider: Provider, name: string): Candidate {
  const place = placeOf(name, { ...provider, isRemote: false });
  return {
    endpoint: provider.endpoint,
    model: {
      id: name,
      upstreamId: name,
      type: 'unknown',
      context: undefined,
      isLoaded: undefined,
      pricing: provider.pricing ?? (place.isLocal ? undefined : listPrice(provider.priceList, name)),
      capabilities: undefined,
      protocols: protocolsFor(name, provider.protocolRules, provider.protocols),
      ...place,
      created: 0,
    },
  };
}

/** `provider:model`, as logs and explanations name a candidate. */
export function labelOf(candidate: Candidate): string {
  return `${candidate.endpoint.providerId}:${candidate.model.id}`;
}
