import { baseOf } from './names.ts';
import { isUsable, type Offer, type Provider, type Snapshot } from './snapshot.ts';

type ModelIndex = Pick<Snapshot, 'byId' | 'byAlias' | 'byFoldedName' | 'bases'>;

/**
 * Names to offers, for every provider that may get requests. An Ollama tag is part of a model's identity, so that
 * `llama3.1` cascades over a declared `llama3.1` and a server's `llama3.1:latest` alike.
 */
export function indexModels(providers: Iterable<Provider>, virtualNames: readonly string[]): ModelIndex {
  const byId = new Map<string, Offer[]>();
  const byAlias = new Map<string, Offer[]>();
  const byFoldedName = new Map<string, Offer[]>();
  for (const provider of providers) {
    if (!isUsable(provider)) continue;
    for (const offer of provider.offers) {
      add(byId, offer.model.id, offer);
      for (const alias of offer.aliases) add(byAlias, alias, offer);
      for (const name of [offer.model.id, ...offer.aliases]) add(byFoldedName, name.toLowerCase(), offer);
    }
  }
  return { byId, byAlias, byFoldedName, bases: new Set([...virtualNames, ...byId.keys()].map(baseOf)) };
}

function add(index: Map<string, Offer[]>, name: string, offer: Offer): void {
  const offers = index.get(name);
  if (offers === undefined) index.set(name, [offer]);
  // An offer's names are added one after the other, so that it could only be the last.
  else if (offers.at(-1) !== offer) offers.push(offer);
}
