import { type ProviderType, providerType, providerTypes } from '../catalogue/catalogue.ts';
import type { Config, ProviderConfig } from '../config/schema.ts';
import type { ServerFacts } from '../core/facts.ts';
import { portOfUrl } from '../transport/address.ts';
import { addressKey, baseUrlOf, typeOfProvider } from './base-url.ts';
import { type Environment, firstSet, type LocalityOf } from './endpoint.ts';
import { indexModels } from './model-index.ts';
import { buildProvider, byAddress, type Listing, type ProviderInput, serverAt } from './provider.ts';
import type { Provider, Snapshot } from './snapshot.ts';

export interface SnapshotInput {
  readonly config: Config;
  /** Where key variables are looked up: the real environment over `.env`. */
  readonly environment: Environment;
  /** What discovery found, servers that went down since included. */
  readonly servers: readonly ServerFacts[];
  /** Answers of providers that were asked for their models, by provider id. */
  readonly listings?: ReadonlyMap<string, Listing> | undefined;
  readonly localityOf: LocalityOf;
  /** Providers that are off, with the reason: an unset variable in `api_key`, a variable that is not for this file. */
  readonly disabledProviders?: ReadonlyMap<string, string> | undefined;
  /** The embedded demo engine, described as the file would. */
  readonly demoProviders?: Readonly<Record<string, ProviderConfig>> | undefined;
}

/** Everything names can resolve to, from the file, the environment and discovery. Pure. */
export function buildSnapshot(input: SnapshotInput): Snapshot {
  const absorbed = new Set<ServerFacts>();
  const declared = declaredInputs(input, absorbed);
  const taken = new Set([...declared.map(({ id }) => id), ...Object.keys(input.demoProviders ?? {})]);
  const enabled = enabledInputs(input, taken);
  for (const { id } of enabled) taken.add(id);
  const found = discoveredInputs(input, taken, absorbed);
  const demo = Object.entries(input.demoProviders ?? {}).map(([id, config]) =>
    inputFor(input, { id, config, origin: 'demo' }),
  );
  const providers = new Map<string, Provider>();
  for (const one of [...declared, ...enabled, ...found, ...demo]) providers.set(one.id, buildProvider(one));
  const discovered = new Set(found.map(({ id }) => id));
  const index = indexModels(providers.values(), Object.keys(input.config.models));
  return Object.freeze({ config: input.config, providers, discovered, ...index });
}

type Described = Pick<ProviderInput, 'id' | 'origin' | 'config'> & Partial<Pick<ProviderInput, 'type' | 'server'>>;

function inputFor(input: SnapshotInput, described: Described): ProviderInput {
  return {
    server: undefined,
    ...described,
    listing: input.listings?.get(described.id),
    disabledReason: input.disabledProviders?.get(described.id),
    environment: input.environment,
    localityOf: input.localityOf,
  };
}

/** Providers of the file. Identity is the address: each takes over what was discovered there. */
function declaredInputs(input: SnapshotInput, absorbed: Set<ServerFacts>): readonly ProviderInput[] {
  const servers = byAddress(input.servers);
  return Object.entries(input.config.providers).map(([id, config]) => {
    const baseUrl = baseUrlOf(typeOfProvider(id, config, undefined), config, input.environment);
    const server = baseUrl === undefined ? undefined : serverAt(baseUrl, servers);
    if (server !== undefined) absorbed.add(server);
    return inputFor(input, { id, config, origin: 'declared', server });
  });
}

/** Hosted providers whose usual key variable is set, unless the file has one of their type or name. */
function enabledInputs(input: SnapshotInput, taken: ReadonlySet<string>): readonly ProviderInput[] {
  const declaredTypes = new Set(
    Object.entries(input.config.providers).map(([id, config]) => typeOfProvider(id, config, undefined).id),
  );
  const isEnabled = ({ id, keyVariables }: ProviderType) =>
    firstSet(keyVariables, input.environment) !== undefined || input.disabledProviders?.has(id) === true;
  return providerTypes()
    .filter(isEnabled)
    .filter((type) => !declaredTypes.has(type.id) && !taken.has(type.id))
    .map((type) => inputFor(input, { id: type.id, config: undefined, type, origin: 'environment' }));
}

/** Servers that no declared provider is: the first of a kind has its plain name, default ports come first. */
function discoveredInputs(
  input: SnapshotInput,
  taken: Set<string>,
  absorbed: ReadonlySet<ServerFacts>,
): readonly ProviderInput[] {
  const declared = new Set([...absorbed].map((server) => addressKey(server.origin)));
  const rest = input.servers.filter((server) => !absorbed.has(server) && !declared.has(addressKey(server.origin)));
  return rest.toSorted(byDefaultPort).map((server) => {
    const id = nameFor(server, taken);
    taken.add(id);
    return inputFor(input, { id, config: undefined, origin: 'discovered', server });
  });
}

function byDefaultPort(one: ServerFacts, other: ServerFacts): number {
  return Number(isOnDefaultPort(other)) - Number(isOnDefaultPort(one)) || one.origin.localeCompare(other.origin);
}

function isOnDefaultPort(server: ServerFacts): boolean {
  return typeOfKind(server)?.defaultPort === portOf(server);
}

function typeOfKind(server: ServerFacts): ProviderType | undefined {
  return server.kind === 'openai' ? undefined : providerType(server.kind);
}

function portOf(server: ServerFacts): number {
  return portOfUrl(new URL(server.origin));
}

/** `ollama`, else `ollama-11435`, else with the host. A server of no known kind is `local-8000`, never `openai`. */
function nameFor(server: ServerFacts, taken: ReadonlySet<string>): string {
  const host = URL.parse(server.origin)?.hostname.replaceAll(/[[\]]/g, '') ?? '';
  const port = portOf(server);
  const kind = server.kind === 'openai' ? 'local' : server.kind;
  const names = [...(server.kind === 'openai' ? [] : [kind]), `${kind}-${port}`, `${kind}-${host}-${port}`];
  return names.find((name) => !taken.has(name)) ?? `${kind}-${server.origin}`;
}
