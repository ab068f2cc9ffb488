import { providerType } from '../catalogue/catalogue.ts';
import { disabledReason } from '../config/keyless.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { ProviderConfig } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import type { EventBus } from '../core/events.ts';
import type { Discovery } from '../discovery/discovery.ts';
import type { DeclaredEndpoint, DiscoverySettings } from '../discovery/options.ts';
import { addressKey } from '../registry/base-url.ts';
import { hasCredential, hostOf } from '../registry/endpoint.ts';
import type { Listing } from '../registry/provider.ts';
import { buildSnapshot } from '../registry/registry.ts';
import { isUsable, type Provider, type Snapshot } from '../registry/snapshot.ts';
import type { Health, HealthCheck } from '../resilience/health.ts';
import type { Localities } from '../transport/locality.ts';
import { Locator } from './locator.ts';

export interface LiveRegistryDeps {
  readonly clock: Clock;
  readonly events: EventBus;
  readonly health: Health;
  readonly localities: Localities;
  /** The process's environment under the file's own. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly demoProviders: Readonly<Record<string, ProviderConfig>>;
  /** Told when an address came back: what was counted against it is stale. */
  readonly onUp: (provider: Provider) => void;
}

/** Owns the present snapshot: made anew whenever the configuration or what discovery knows has changed. */
export class LiveRegistry {
  readonly #deps: LiveRegistryDeps;
  #loaded: LoadedConfig;
  #snapshot: Snapshot;
  #discovery: Discovery | undefined;
  readonly #locator: Locator;

  constructor(deps: LiveRegistryDeps, loaded: LoadedConfig) {
    this.#deps = deps;
    this.#loaded = loaded;
    this.#snapshot = this.#build(loaded);
    this.#locator = new Locator({
      clock: deps.clock,
      localities: deps.localities,
      hosts: () => hostsOf(this.#snapshot),
      onChange: () => {
        this.#replace(this.#build(this.#loaded));
        this.#discovery?.reload(this.discoverySettings());
      },
    });
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** What discovery is to look at, by the present configuration. */
  discoverySettings(): DiscoverySettings {
    const { config } = this.#loaded;
    const declared = [...this.#snapshot.providers.values()].flatMap((provider) =>
      declaredEndpoint(provider, config.providers[provider.id]),
    );
    return { discovery: config.discovery, declared };
  }

  watch(discovery: Discovery): void {
    this.#discovery = discovery;
  }

  /** New configuration: throws before anything has changed, or changes everything. */
  reload(loaded: LoadedConfig): void {
    const next = this.#build(loaded);
    this.#loaded = loaded;
    this.#replace(next);
    this.#discovery?.reload(this.discoverySettings());
    void this.#locator.lookUpAll();
  }

  /** Discovery knows something new. */
  refresh(): void {
    this.#deps.health.observe(checksOf(this.#discovery));
    this.#replace(this.#build(this.#loaded));
    void this.#locator.lookUpUnsettled();
  }

  /** Begins to look hosts up, and goes on. Resolves when all of them have been looked up once. */
  locate(): Promise<void> {
    this.#locator.start();
    return this.located;
  }

  get located(): Promise<void> {
    return this.#locator.firstLook;
  }

  close(): void {
    this.#locator.close();
  }

  /** A server that loads: what it served before need not be what it will serve. */
  loadingUnlisted(): Provider | undefined {
    return [...this.#snapshot.providers.values()].find(
      ({ state, isClosedList }) => state === 'loading' && !isClosedList,
    );
  }

  isUsable(): boolean {
    return [...this.#snapshot.providers.values()].some((provider) => isUsable(provider) && provider.state !== 'down');
  }

  #build(loaded: LoadedConfig): Snapshot {
    return buildSnapshot({
      config: loaded.config,
      environment: loaded.isTrusted
        ? { ...loaded.environment, ...definedOf(this.#deps.environment) }
        : loaded.environment,
      servers: this.#discovery?.facts() ?? [],
      listings: listingsOf(this.#discovery),
      localityOf: (host) => this.#deps.localities.of(host),
      disabledProviders: new Map(loaded.disabledProviders.map((one) => [one.id, disabledReason(one)])),
      demoProviders: this.#deps.demoProviders,
    });
  }

  #replace(next: Snapshot): void {
    const before = this.#snapshot;
    this.#snapshot = next;
    for (const provider of next.providers.values()) this.#tell(before.providers.get(provider.id), provider);
  }

  #tell(before: Provider | undefined, now: Provider): void {
    const wasUp = before?.state === 'ready';
    const isUp = now.state === 'ready';
    if (isUp && !wasUp) {
      this.#deps.onUp(now);
      this.#deps.events.emit('provider-up', { provider: now.id, kind: now.label, models: now.offers.length });
      return;
    }
    if (wasUp && now.state === 'down') {
      this.#deps.events.emit('provider-down', { provider: now.id, reason: now.detail ?? 'it does not answer' });
      return;
    }
    if (isUp && before !== undefined) this.#tellModels(before, now);
  }

  #tellModels(before: Provider, now: Provider): void {
    const old = new Set(before.offers.map(({ model }) => model.id));
    const present = new Set(now.offers.map(({ model }) => model.id));
    const added = [...present].filter((id) => !old.has(id));
    const removed = [...old].filter((id) => !present.has(id));
    if (added.length + removed.length > 0)
      this.#deps.events.emit('models-changed', { provider: now.id, added, removed });
  }
}

/** Also those of models that have a base URL of their own. */
function hostsOf({ providers }: Snapshot): readonly string[] {
  const bases = new Set<string>();
  for (const { endpoint, offers } of providers.values()) {
    bases.add(endpoint.baseUrl);
    for (const offer of offers) bases.add(offer.endpoint.baseUrl);
  }
  return [...bases].flatMap((base) => hostOf(base) ?? []);
}

function declaredEndpoint(provider: Provider, config: ProviderConfig | undefined): DeclaredEndpoint[] {
  if (provider.origin !== 'declared' && provider.origin !== 'environment') return [];
  if (provider.state === 'disabled' || provider.endpoint.baseUrl === '') return [];
  const isListed = config?.auto_discover ?? config?.models === undefined;
  const canList = providerType(provider.type)?.listing !== null;
  const wantsListing = isListed && canList && (provider.endpoint.isLocal || hasCredential(provider.endpoint));
  return [{ endpoint: provider.endpoint, wantsListing }];
}

function checksOf(discovery: Discovery | undefined): readonly HealthCheck[] {
  return (discovery?.facts() ?? []).map((server) => ({
    address: addressKey(server.origin),
    state: server.state === 'down' ? 'down' : server.state === 'loading' ? 'loading' : 'up',
  }));
}

function listingsOf(discovery: Discovery | undefined): ReadonlyMap<string, Listing> {
  const known = (discovery?.listings() ?? []).filter((one) => one.checkedAtMs > 0 || one.error !== undefined);
  return new Map(known.map((one) => [one.providerId, one.checkedAtMs > 0 ? one.models : { reason: one.error ?? '' }]));
}

function definedOf(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
