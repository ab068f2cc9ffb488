import { genericType, hostMatches, type ProviderType } from '../catalogue/catalogue.ts';
import type { ProviderConfig } from '../config/schema.ts';
import type { AuthKind, Endpoint, Timeouts } from '../core/model.ts';
import { Secret } from '../core/secret.ts';

/** What the addresses behind a host say, resolved before a snapshot is built. */
export interface Locality {
  readonly isLocal: boolean;
  readonly isLoopback: boolean;
  /** `isLocal` is a guess from the name, which has not been resolved yet. */
  readonly isGuess?: boolean | undefined;
}

export type LocalityOf = (host: string) => Locality;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface EndpointInput {
  readonly providerId: string;
  readonly type: ProviderType;
  readonly baseUrl: string;
  readonly config: ProviderConfig | undefined;
  readonly environment: Environment;
  readonly localityOf: LocalityOf;
  /** Parallel requests the server told; a configured limit wins. */
  readonly slots: number | undefined;
}

const defaultQueue = { max: 100, timeoutMs: 10_000 };

/** An endpoint for one base URL of a provider, credential and limits included. */
export function buildEndpoint(input: EndpointInput): Endpoint {
  const { providerId, type, baseUrl, config } = input;
  const host = hostOf(baseUrl);
  const found: Locality = host === undefined ? { isLocal: false, isLoopback: false } : input.localityOf(host);
  const isLocal = config?.local ?? found.isLocal;
  const credential = credentialOf(input, host);
  return {
    key: `${providerId}@${baseUrl}`,
    providerId,
    type: type.id === genericType().id ? 'openai' : type.id,
    baseUrl,
    auth: authOf(type, credential),
    credential,
    headers: headersOf(config),
    timeouts: timeoutsOf({ isLocal, isLoopback: found.isLoopback }, config),
    isLocal,
    isLoopback: found.isLoopback,
    isUnresolved: found.isGuess,
    maxConcurrent: config?.max_concurrent ?? input.slots,
    queue: config?.queue === undefined ? defaultQueue : { max: config.queue.max, timeoutMs: config.queue.timeout },
    poolSize: config?.conn_pool_size,
    priority: config?.priority,
    weight: config?.weight,
    quirks: type.quirks,
    settings: settingsOf(type, config, input.environment),
  };
}

/** Whether requests can be sent with what is known: a key, a scheme that finds its own, or none needed. */
export function hasCredential(endpoint: Endpoint): boolean {
  return endpoint.credential !== undefined || 'authorization' in endpoint.headers || isAmbient(endpoint.auth);
}

/** Host without brackets and port; undefined for text that is no URL. */
export function hostOf(url: string): string | undefined {
  return URL.parse(url)?.hostname.replaceAll(/[[\]]/g, '');
}

/** First variable of `names` that holds something. */
export function firstSet(names: readonly string[], environment: Environment): string | undefined {
  for (const name of names) {
    const value = environment[name]?.trim();
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}

/** Settings of the file over the environment's over the catalogue's. */
export function settingsOf(
  type: ProviderType,
  config: ProviderConfig | undefined,
  environment: Environment,
): Readonly<Record<string, string>> {
  const settings: Record<string, string> = { ...type.settingDefaults };
  for (const [name, variables] of Object.entries(type.settingVariables)) {
    const value = firstSet(variables, environment);
    if (value !== undefined) settings[name] = value;
  }
  return { ...settings, ...config?.settings };
}

/** A key from the environment goes to its owner's hosts only, whatever the file says the base is. */
function credentialOf(input: EndpointInput, host: string | undefined): Secret | undefined {
  const declared = input.config?.api_key;
  if (declared !== undefined && declared !== '') return new Secret(declared);
  if (host === undefined || !input.type.hosts.some((pattern) => hostMatches(pattern, host))) return undefined;
  const key = firstSet(input.type.keyVariables, input.environment);
  return key === undefined ? undefined : new Secret(key);
}

function authOf(type: ProviderType, credential: Secret | undefined): AuthKind {
  if (credential === undefined) return isAmbient(type.auth) ? type.auth : 'none';
  return type.keyAuth ?? (type.auth === 'none' ? 'bearer' : type.auth);
}

/** Schemes that find their credential in the machine's own chain. */
function isAmbient(auth: AuthKind): boolean {
  return auth === 'sigv4' || auth === 'google';
}

function headersOf(config: ProviderConfig | undefined): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  if (config?.organization !== undefined) headers['openai-organization'] = config.organization;
  for (const [name, value] of Object.entries(config?.headers ?? {})) headers[name.toLowerCase()] = value;
  return headers;
}

function timeoutsOf(locality: Locality, config: ProviderConfig | undefined): Timeouts {
  const set = config?.timeouts;
  return {
    connectMs: set?.connect ?? (locality.isLoopback ? 1_000 : locality.isLocal ? 3_000 : 10_000),
    firstTokenMs: set?.first_token ?? 300_000,
    idleMs: set?.idle ?? (locality.isLocal ? 300_000 : 120_000),
    totalMs: set?.total ?? config?.default_timeout ?? 600_000,
  };
}
