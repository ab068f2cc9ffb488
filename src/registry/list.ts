import type { Candidate, ModelType } from '../core/model.ts';
import { type AllowedModels, isModelAllowed, isNameAllowed } from './permission.ts';
import { keyByReading, plainName } from './plain-name.ts';
import { isUsable, type Offer, type Snapshot } from './snapshot.ts';
import { type VirtualModel, virtualCandidates } from './virtual-model.ts';

/** One name that can be asked for, for `/v1/models` and its siblings. */
export interface ListedModel {
  readonly id: string;
  /** Unix seconds; 0 when unknown. */
  readonly created: number;
  /** The first provider, or `router` for a virtual model. */
  readonly ownedBy: string;
  readonly providers: readonly string[];
  /** Tokens one request may use, at the first provider that tells. */
  readonly context: number | undefined;
  readonly type: ModelType;
  /** True when it is loaded somewhere; undefined where no server tells. */
  readonly isLoaded: boolean | undefined;
  /** Something that serves it stays in the local network. */
  readonly isLocal: boolean;
  readonly isVirtual: boolean;
}

/**
 * One entry a bare name: virtual models as written in the file, then real ones in the order of providers and of each
 * provider's own list. Patterns are not names; models of which every server is down are not there.
 */
export function listModels(snapshot: Snapshot, allowed?: AllowedModels): readonly ListedModel[] {
  const entries = new Map<string, ListedModel>();
  for (const [id, config] of Object.entries(snapshot.config.models)) {
    if (id.includes('*') || !isNameAllowed(id, allowed)) continue;
    entries.set(id, virtualEntry(snapshot, { name: id, config, isPattern: false }));
  }
  for (const provider of snapshot.providers.values()) {
    if (!isUsable(provider) || provider.state === 'down') continue;
    for (const { model } of provider.offers) {
      // A virtual model stands before a real one of its name, also where the key may not use it.
      if (entries.has(model.id) || Object.hasOwn(snapshot.config.models, model.id)) continue;
      const offers = offersUp(snapshot, model.id).filter((offer) => isModelAllowed(offer, allowed));
      if (offers.length > 0) entries.set(model.id, realEntry(model.id, offers));
    }
  }
  return [...entries.values()];
}

/** The listed model that a name plainly means; Ollama's default tag may be there or not. */
export function findListed<T extends { readonly id: string }>(models: readonly T[], name: string): T | undefined {
  const byId = Object.fromEntries(models.toReversed().map((model) => [model.id, model]));
  const key = keyByReading(byId, name) ?? keyByReading(byId, `${plainName(name)}:latest`);
  return key === undefined ? undefined : byId[key];
}

function offersUp(snapshot: Snapshot, id: string): readonly Offer[] {
  const isUp = (offer: Offer) => snapshot.providers.get(offer.endpoint.providerId)?.state !== 'down';
  return (snapshot.byId.get(id) ?? []).filter(isUp);
}

/** A virtual model is what its candidates are; who serves it is named as the file names them. */
function virtualEntry(snapshot: Snapshot, virtual: VirtualModel): ListedModel {
  const { candidates } = virtualCandidates(snapshot, virtual, virtual.name);
  const providers = [...new Set(virtual.config.endpoints.map((endpoint) => endpoint.provider))];
  return { ...realEntry(virtual.name, candidates), ownedBy: 'router', providers, isVirtual: true };
}

function realEntry(id: string, offers: readonly Candidate[]): ListedModel {
  const models = offers.map((offer) => offer.model);
  const providers = [...new Set(offers.map((offer) => offer.endpoint.providerId))];
  return {
    id,
    created: models.find((model) => model.created > 0)?.created ?? 0,
    ownedBy: providers[0] ?? 'router',
    providers,
    context: models.find((model) => model.context !== undefined)?.context,
    type: models.find((model) => model.type !== 'unknown')?.type ?? 'unknown',
    isLoaded: models.some((model) => model.isLoaded) || models.find((model) => model.isLoaded === false)?.isLoaded,
    isLocal: models.some((model) => model.isLocal),
    isVirtual: false,
  };
}
