import type { ProviderType } from '../catalogue/catalogue.ts';
import { listPrice } from '../catalogue/prices.ts';
import type { ModelConfig, ProviderConfig } from '../config/schema.ts';
import type { ModelFacts } from '../core/facts.ts';
import type { Endpoint, Pricing, ProtocolName, ServedModel } from '../core/model.ts';
import { isOllamaCloudName, ollamaNames, typeFromName } from './alias.ts';
import type { Offer, ProtocolRule } from './snapshot.ts';

/** What all models of one provider share. */
export interface OfferContext {
  readonly type: ProviderType;
  readonly endpoint: Endpoint;
  /** The same provider at another base, for a model that has one of its own. */
  readonly endpointAt: (baseUrl: string) => Endpoint;
  readonly protocolRules: readonly ProtocolRule[];
  readonly pricing: Pricing | undefined;
  /** The vendor whose list prices hold; a word of the catalogue. */
  readonly priceList: string;
  readonly isAggregator: boolean;
  readonly localOverride: boolean | undefined;
}

/** The most specific rule for a model: its exact id, else the longest `prefix*`, else `*`; else the type's own. */
export function protocolsFor(
  id: string,
  rules: readonly ProtocolRule[],
  fallback: readonly ProtocolName[],
): readonly ProtocolName[] {
  let best: ProtocolRule | undefined;
  for (const rule of rules) {
    if (rule.pattern === id) return rule.protocols;
    const isMatch = rule.pattern.endsWith('*') && id.startsWith(rule.pattern.slice(0, -1));
    if (isMatch && rule.pattern.length > (best?.pattern.length ?? 0)) best = rule;
  }
  return best?.protocols ?? fallback;
}

/** A declared model, completed by what its server tells about it. */
export function declaredOffer(model: ModelConfig, facts: ModelFacts | undefined, context: OfferContext): Offer {
  const upstreamId = model.upstream_id ?? model.id;
  const endpoint = model.base_url === undefined ? context.endpoint : context.endpointAt(model.base_url);
  const place = placeOf(upstreamId, { ...context, endpoint, isRemote: facts?.isRemote ?? false });
  return {
    endpoint,
    aliases: aliasesOf(model.id, context.type, facts?.aliases ?? []),
    model: {
      id: model.id,
      upstreamId,
      type: model.type ?? facts?.type ?? (context.type.isLocal ? 'unknown' : typeFromName(model.id)),
      context: model.context ?? facts?.context,
      contextMax: facts?.contextMax,
      isLoaded: facts?.isLoaded,
      sizeBytes: facts?.sizeBytes,
      pricing: model.pricing ?? priceOf(upstreamId, place.isLocal, context),
      capabilities: model.capabilities === undefined ? facts?.capabilities : new Set(model.capabilities),
      protocols: model.api_protocol ?? protocolsFor(model.id, context.protocolRules, context.type.protocols),
      ...place,
      created: facts?.created ?? 0,
    },
  };
}

/** A model that the server listed. */
export function listedOffer(facts: ModelFacts, context: OfferContext): Offer {
  const { endpoint } = context;
  const place = placeOf(facts.upstreamId, { ...context, isRemote: facts.isRemote });
  const isNameAll = facts.type === 'unknown' && !context.type.isLocal;
  return {
    endpoint,
    aliases: aliasesOf(facts.id, context.type, [facts.upstreamId, ...facts.aliases]),
    model: {
      id: facts.id,
      upstreamId: facts.upstreamId,
      type: isNameAll ? typeFromName(facts.id) : facts.type,
      context: facts.context,
      contextMax: facts.contextMax,
      isLoaded: facts.isLoaded,
      sizeBytes: facts.sizeBytes,
      pricing: priceOf(facts.upstreamId, place.isLocal, context),
      capabilities: facts.capabilities,
      protocols: protocolsFor(facts.id, context.protocolRules, context.type.protocols),
      ...place,
      created: facts.created,
    },
  };
}

/** What a server tells about its models, found for declared ids. */
export class ListedFacts {
  readonly #listed: readonly ModelFacts[];
  readonly #server: { readonly type: ProviderType; readonly answersAnyModel: boolean };
  /** The first that has it as one of its two ids, by id. */
  readonly #byId = new Map<string, ModelFacts>();
  /** Place in the list of the first that is known under it, by name. */
  readonly #byName = new Map<string, number>();

  constructor(
    listed: readonly ModelFacts[],
    server: { readonly type: ProviderType; readonly answersAnyModel: boolean },
  ) {
    this.#listed = listed;
    this.#server = server;
    for (const [place, facts] of listed.entries()) {
      for (const id of [facts.id, facts.upstreamId]) {
        if (!this.#byId.has(id)) this.#byId.set(id, facts);
        if (!this.#byName.has(id)) this.#byName.set(id, place);
      }
      for (const alias of facts.aliases) if (!this.#byName.has(alias)) this.#byName.set(alias, place);
    }
  }

  /** A declared id's facts: the same name, else a name the server takes for it, else the one model it has. */
  of(model: ModelConfig): ModelFacts | undefined {
    const upstreamId = model.upstream_id ?? model.id;
    return this.#byId.get(upstreamId) ?? this.#named(upstreamId) ?? this.#onlyOne();
  }

  #named(upstreamId: string): ModelFacts | undefined {
    const names = [upstreamId, ...aliasesOf(upstreamId, this.#server.type, [])];
    const places = names.flatMap((name) => this.#byName.get(name) ?? []);
    return places.length === 0 ? undefined : this.#listed[Math.min(...places)];
  }

  #onlyOne(): ModelFacts | undefined {
    return this.#server.answersAnyModel && this.#listed.length === 1 ? this.#listed[0] : undefined;
  }
}

/** The provider's own price wins over the vendor's list, which is not for what runs at home. */
function priceOf(upstreamId: string, isAtHome: boolean, { pricing, priceList }: OfferContext): Pricing | undefined {
  return pricing ?? (isAtHome ? undefined : listPrice(priceList, upstreamId));
}

/** Config of a provider's `api_protocol` as rules. */
export function protocolRulesOf(config: ProviderConfig | undefined): readonly ProtocolRule[] {
  return Object.entries(config?.api_protocol ?? {}).map(([pattern, protocols]) => ({ pattern, protocols }));
}

/**
 * A model that runs in somebody's cloud never counts as local, not even by `local: true` on the server that lists it:
 * `local_only` is a promise about where a prompt goes.
 */
export function placeOf(upstreamId: string, place: KnownOfPlace): Pick<ServedModel, 'isLocal' | 'isLocalByWord'> {
  const isLocalByWord = word(upstreamId, place);
  const { isLocal, isUnresolved } = place.endpoint;
  return { isLocalByWord, isLocal: isLocalByWord ?? (isLocal && isUnresolved !== true) };
}

function word(upstreamId: string, place: KnownOfPlace): boolean | undefined {
  if (place.isRemote || (place.endpoint.type === 'ollama' && isOllamaCloudName(upstreamId))) return false;
  return place.localOverride ?? (place.isAggregator ? false : undefined);
}

interface KnownOfPlace {
  readonly endpoint: Endpoint;
  readonly isAggregator: boolean;
  readonly localOverride: boolean | undefined;
  /** The server says that it runs elsewhere. */
  readonly isRemote: boolean;
}

function aliasesOf(id: string, type: ProviderType, own: readonly string[]): readonly string[] {
  const names = new Set(own);
  if (type.id === 'ollama') for (const name of [id, ...own].flatMap(ollamaNames)) names.add(name);
  names.delete(id);
  return [...names];
}
