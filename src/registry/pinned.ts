import { candidateAt, offerOf } from './candidates.ts';
import { type Match, nothing, onlyAt, virtualMatch } from './match.ts';
import { splitFirst } from './names.ts';
import { plainName, readingsOf } from './plain-name.ts';
import { isVariation, restrictedModel } from './restricted.ts';
import { findProvider, isUsable, type Provider, type Snapshot } from './snapshot.ts';
import { downProvider, downServer, unusable } from './unusable.ts';
import { findVariant } from './variant.ts';

/** `provider:model` and `provider/model`: that provider and no other. The upstream never sees the prefix. */
export function matchPinned(snapshot: Snapshot, name: string, separator: ':' | '/'): Match | undefined {
  const parts = splitFirst(name, separator);
  if (parts === undefined) return undefined;
  const [word, model] = parts;
  const rule = separator === ':' ? 'provider:model' : 'provider/model';
  const provider = findProvider(snapshot, word);
  if (provider === undefined) {
    const down = downServer(word);
    return down === undefined ? undefined : { ...nothing, rule, isPinned: true, down, names: [model], pin: word };
  }
  const pinned = pinnedTo(snapshot, provider, model);
  return pinned === undefined ? undefined : { ...pinned, rule };
}

/**
 * What one provider has for a name. A name that it does not list is forwarded, unless it is a restricted one: then it
 * keeps its restriction, or, when it is only close to one, means nothing here. Variants of ours never travel upstream.
 */
export function pinnedTo(snapshot: Snapshot, provider: Provider, model: string): Match | undefined {
  const pinned: Match = { ...nothing, rule: 'provider:model', isPinned: true, names: [model], pin: provider.id };
  if (!isUsable(provider)) return { ...pinned, rejected: [unusable({ word: provider.id, provider, model })] };
  const down = provider.state === 'down' ? downProvider(provider) : undefined;
  const offered = readingsOf(model).find((reading) => offerOf(snapshot, provider, reading) !== undefined);
  if (offered === undefined) {
    const variant = findVariant(snapshot, model);
    const base = variant === undefined ? undefined : pinnedTo(snapshot, provider, variant.base);
    if (variant !== undefined && base !== undefined)
      return { ...base, narrowings: [...base.narrowings, variant.narrowing] };
    const restricted = restrictedModel(snapshot, model);
    if (restricted !== undefined)
      return { ...onlyAt(provider, virtualMatch(snapshot, restricted, plainName(model))), down };
    if (isVariation(snapshot, model)) return undefined;
  }
  const sent = offered ?? plainName(model);
  const candidate = candidateAt(snapshot, provider, sent);
  // A server with one model answers with it whatever is asked.
  const isItself = offered !== undefined || candidate.model.id === sent;
  return { ...pinned, down, candidates: [candidate], isItself };
}
