import { providerType } from '../catalogue/catalogue.ts';
import type { Config } from '../config/schema.ts';
import type { Endpoint, Pricing, ProtocolName, ServedModel } from '../core/model.ts';
import { portOfUrl } from '../transport/address.ts';
import { baseOf, splitLast } from './names.ts';
import { readingsOf } from './plain-name.ts';

/** `disabled`: switched off, or its key variable is unset. `unknown`: never asked, or asked without an answer. */
export type ProviderState = 'ready' | 'loading' | 'down' | 'needs-key' | 'unknown' | 'disabled';

/** `environment`: a hosted provider that is on because its usual key variable is set. */
export type ProviderOrigin = 'declared' | 'environment' | 'discovered' | 'demo';

/** One model of one provider, at the endpoint that serves it. */
export interface Offer {
  readonly endpoint: Endpoint;
  readonly model: ServedModel;
  /** Other names the server itself takes for it. */
  readonly aliases: readonly string[];
}

/** `*`, `prefix*` or an exact model id. */
export interface ProtocolRule {
  readonly pattern: string;
  readonly protocols: readonly ProtocolName[];
}

export interface Provider {
  readonly id: string;
  /** For people: `Ollama`, `OpenAI`. */
  readonly label: string;
  /** A word of the catalogue, or `openai` for any OpenAI-compatible server. */
  readonly type: string;
  /** The vendor whose list prices hold for what it serves; a word of the catalogue. */
  readonly priceList: string;
  readonly origin: ProviderOrigin;
  /** Where models without a base URL of their own are. Its base is empty when none is known: then `disabled`. */
  readonly endpoint: Endpoint;
  /** What takes part in listing and cascade, in the provider's own order. */
  readonly offers: readonly Offer[];
  readonly state: ProviderState;
  /** Why it is not ready, for people. */
  readonly detail: string | undefined;
  /** Its list of models was declared: the server's own list is not added. */
  readonly isClosedList: boolean;
  /** One model whatever name is asked for. */
  readonly answersAnyModel: boolean;
  readonly isAggregator: boolean;
  readonly defaultModel: string | undefined;
  readonly pricing: Pricing | undefined;
  /** What its models can be asked in, unless a rule or the model says otherwise. */
  readonly protocols: readonly ProtocolName[];
  readonly protocolRules: readonly ProtocolRule[];
  /** `local` of the file. */
  readonly localOverride: boolean | undefined;
  /** What starts it, where that is known: `ollama serve`. */
  readonly startCommand: string | undefined;
  readonly version: string | undefined;
}

/** Everything a name can resolve to at one moment. Immutable: a change makes a new one. */
export interface Snapshot {
  readonly config: Config;
  /** In order of precedence: declared, key-enabled, discovered, demo. */
  readonly providers: ReadonlyMap<string, Provider>;
  /** Ids of the providers that were found, not declared. */
  readonly discovered: ReadonlySet<string>;
  /** Bare id to all its offers, in the order of providers. */
  readonly byId: ReadonlyMap<string, readonly Offer[]>;
  /** The servers' own other names. */
  readonly byAlias: ReadonlyMap<string, readonly Offer[]>;
  /** Ids and aliases in lower case. */
  readonly byFoldedName: ReadonlyMap<string, readonly Offer[]>;
  /** Ids and virtual models as `baseOf` has them: in lower case, without their tags. */
  readonly bases: ReadonlySet<string>;
}

/** A provider that may get requests. One that lacks its key would only answer 401. */
export function isUsable(provider: Provider): boolean {
  return provider.state !== 'disabled' && provider.state !== 'needs-key';
}

/**
 * The provider that a word means: its id; else, in any case and spelling, an id or the type of a provider
 * (`lmstudio` finds the one called `lm_studio`); a local kind also finds a provider of that kind with a name of its
 * own, and `vllm-8001` the one at that port, whatever it is called beside others. The first in order of precedence wins.
 */
export function findProvider(snapshot: Snapshot, word: string): Provider | undefined {
  const exact = snapshot.providers.get(word);
  if (exact !== undefined) return exact;
  const folded = word.toLowerCase();
  const type = providerType(word);
  let sameName: Provider | undefined;
  let sameKind: Provider | undefined;
  for (const provider of snapshot.providers.values()) {
    if (provider.id.toLowerCase() === folded) return provider;
    if (type === undefined) continue;
    if (providerType(provider.id) === type) sameName ??= provider;
    if (type.isLocal && provider.type === type.id) sameKind ??= provider;
  }
  return sameName ?? sameKind ?? findAtPort(snapshot, word);
}

function findAtPort({ providers }: Snapshot, word: string): Provider | undefined {
  const [kind = '', port] = splitLast(word, '-') ?? [];
  const type = providerType(kind);
  if (type?.isLocal !== true) return undefined;
  for (const provider of providers.values()) {
    const url = URL.parse(provider.endpoint.baseUrl);
    if (provider.type === type.id && url !== null && String(portOfUrl(url)) === port) return provider;
  }
  return undefined;
}

/** Whether a model is known whose name differs from this one in nothing but the tag. */
export function hasOtherTag({ bases }: Snapshot, name: string): boolean {
  return readingsOf(name).some((reading) => bases.has(baseOf(reading)));
}

/** Of every endpoint that a request may be sent to. */
export function endpointKeys({ providers }: Snapshot): ReadonlySet<string> {
  const keys = [...providers.values()].flatMap(({ endpoint, offers }) => [
    endpoint.key,
    ...offers.map((offer) => offer.endpoint.key),
  ]);
  return new Set(keys);
}
