import { genericType, hostMatches, type ProviderType, providerType } from '../catalogue/catalogue.ts';
import type { ProviderConfig } from '../config/schema.ts';
import type { ModelFacts, ServerFacts } from '../core/facts.ts';
import { addressKey, baseUrlOf, typeOfProvider } from './base-url.ts';
import { buildEndpoint, type Environment, hasCredential, hostOf, type LocalityOf } from './endpoint.ts';
import { declaredOffer, ListedFacts, listedOffer, type OfferContext, protocolRulesOf } from './offers.ts';
import type { Offer, Provider, ProviderOrigin, ProviderState } from './snapshot.ts';

/** Why a provider's list of models could not be had. */
export interface ListingFailure {
  readonly reason: string;
}

export type Listing = readonly ModelFacts[] | ListingFailure;

/** What one provider is made from. */
export interface ProviderInput {
  readonly id: string;
  readonly origin: ProviderOrigin;
  readonly config: ProviderConfig | undefined;
  /** The catalogue's row, for providers that no config describes. */
  readonly type?: ProviderType | undefined;
  /** The discovered server at its address. */
  readonly server: ServerFacts | undefined;
  readonly listing: Listing | undefined;
  /** Why it is off although the file has it. */
  readonly disabledReason: string | undefined;
  readonly environment: Environment;
  readonly localityOf: LocalityOf;
}

/** One provider with its endpoint, models and state. */
export function buildProvider(input: ProviderInput): Provider {
  const { id, config, server } = input;
  const type = input.type ?? typeOf(input);
  const declaredBase = baseUrlOf(type, config, input.environment);
  const endpointAt = (baseUrl: string) =>
    buildEndpoint({ ...input, providerId: id, type, baseUrl, slots: server?.slots });
  const endpoint = endpointAt(literalBase(declaredBase, input));
  const isAggregator = type.isAggregator || server?.isAggregator === true;
  const context: OfferContext = {
    type,
    endpoint,
    endpointAt,
    protocolRules: protocolRulesOf(config),
    pricing: config?.pricing,
    priceList: priceListOf(id, config, type),
    isAggregator,
    localOverride: config?.local,
  };
  const isClosedList =
    config?.auto_discover === false || (config?.models !== undefined && config.auto_discover !== true);
  return {
    id,
    label: type.id === genericType().id ? id : type.label,
    type: endpoint.type,
    priceList: context.priceList,
    origin: input.origin,
    endpoint,
    offers: offersOf(input, context, isClosedList),
    ...stateOf(input, type, endpoint),
    isClosedList,
    answersAnyModel: server?.answersAnyModel ?? false,
    isAggregator,
    defaultModel: config?.default_model,
    pricing: config?.pricing,
    protocols: type.protocols,
    protocolRules: context.protocolRules,
    localOverride: config?.local,
    startCommand: type.startCommand,
    version: server?.version,
  };
}

function typeOf(input: ProviderInput): ProviderType {
  if (input.config !== undefined) return typeOfProvider(input.id, input.config, input.server?.kind);
  const kind = input.server?.kind;
  return kind === undefined || kind === 'openai' ? genericType() : (providerType(kind) ?? genericType());
}

/** What is called `openai` is priced as OpenAI's wherever it stands, be it behind a proxy. */
function priceListOf(id: string, config: ProviderConfig | undefined, type: ProviderType): string {
  return (config === undefined ? undefined : providerType(config.type ?? id))?.id ?? type.id;
}

/**
 * The address that answered rather than the name that was written: `localhost` may reach another program on the other
 * family. The written path stays.
 */
function literalBase(declaredBase: string | undefined, input: ProviderInput): string {
  if (input.config === undefined && input.server !== undefined) return input.server.baseUrl;
  if (declaredBase === undefined) return modelsBase(input.config) ?? '';
  if (input.server === undefined) return declaredBase;
  const origin = URL.parse(declaredBase)?.origin ?? '';
  return input.server.origin + declaredBase.slice(origin.length);
}

/** Of a provider whose models all have an address of their own: the first of these stands for it in what is shown. */
function modelsBase(config: ProviderConfig | undefined): string | undefined {
  const models = config?.models ?? [];
  return models.every((model) => model.base_url !== undefined) ? models[0]?.base_url : undefined;
}

function offersOf(input: ProviderInput, context: OfferContext, isClosedList: boolean): readonly Offer[] {
  const { config } = input;
  const listed = listedModels(input);
  const facts = new ListedFacts(listed, {
    type: context.type,
    answersAnyModel: input.server?.answersAnyModel ?? false,
  });
  const known = new Set<ModelFacts>();
  const declared = (config?.models ?? []).map((model) => {
    const own = facts.of(model);
    if (own !== undefined) known.add(own);
    return declaredOffer(model, own, context);
  });
  if (isClosedList) return declared;
  return [...declared, ...listed.filter((facts) => !known.has(facts)).map((facts) => listedOffer(facts, context))];
}

function listedModels({ server, listing }: ProviderInput): readonly ModelFacts[] {
  if (server !== undefined && server.models.length > 0) return server.models;
  return listing !== undefined && isList(listing) ? listing : (server?.models ?? []);
}

function isList(listing: Listing): listing is readonly ModelFacts[] {
  return Array.isArray(listing);
}

interface StateAndDetail {
  readonly state: ProviderState;
  readonly detail: string | undefined;
}

function stateOf(input: ProviderInput, type: ProviderType, endpoint: Provider['endpoint']): StateAndDetail {
  const { config, server, listing } = input;
  // The reason first: who lacks a variable is switched off by `active` as well.
  if (input.disabledReason !== undefined) return { state: 'disabled', detail: input.disabledReason };
  if (config?.active === false) return { state: 'disabled', detail: 'active: false' };
  if (endpoint.baseUrl === '') return { state: 'disabled', detail: missingBase(type) };
  const isKeyed = hasCredential(endpoint);
  if (!isKeyed && needsKey(type, endpoint.baseUrl)) {
    return { state: 'needs-key', detail: `set ${type.keyVariables[0] ?? 'api_key'}` };
  }
  if (server !== undefined && (server.state !== 'needs-key' || !isKeyed)) {
    return { state: server.state, detail: server.detail };
  }
  if (listing === undefined) return { state: 'unknown', detail: undefined };
  // A listing may be refused where chat is not (restricted keys): not knowing the list is not a reason to stay away.
  return isList(listing) ? { state: 'ready', detail: undefined } : { state: 'unknown', detail: listing.reason };
}

function missingBase(type: ProviderType): string {
  const variables = [
    ...type.baseUrlVariables,
    ...Object.values(type.settingVariables).flatMap((names) => names[0] ?? []),
  ];
  return variables.length === 0
    ? 'no base URL: set api_base'
    : `no base URL: set api_base or ${variables.join(' and ')}`;
}

/** Vendors' own hosts answer nothing without a key; anything else may be a keyless proxy. */
function needsKey(type: ProviderType, baseUrl: string): boolean {
  const host = hostOf(baseUrl) ?? '';
  return type.hosts.some((pattern) => hostMatches(pattern, host));
}

/** The server at a declared provider's address: at that very address, else at another spelling of loopback. */
export function serverAt(baseUrl: string, servers: ServersByAddress): ServerFacts | undefined {
  const origin = URL.parse(baseUrl)?.origin;
  const same = servers.get(addressKey(baseUrl)) ?? [];
  return same.find((server) => server.origin === origin) ?? same.find(isAnswering) ?? same[0];
}

export type ServersByAddress = ReadonlyMap<string, readonly ServerFacts[]>;

export function byAddress(servers: readonly ServerFacts[]): ServersByAddress {
  return Map.groupBy(servers, (server) => addressKey(server.origin));
}

function isAnswering(server: ServerFacts): boolean {
  return server.state !== 'down';
}
