import { type DefaultPort, defaultPorts, type FirstQuestion, serverKinds } from '../catalogue/local-servers.ts';
import { trimSlashes } from '../config/base-url.ts';
import type { Config } from '../config/schema.ts';
import type { Endpoint, ServerKind } from '../core/model.ts';
import { isMetadataHost, portOfUrl } from '../transport/address.ts';
import { meansThisMachine, originsOf, parseHostPort, parseOllamaHost, portOf } from './addresses.ts';
import type { ProbeTarget } from './probe.ts';

/** One place where a server may stand: its addresses are tried in turn until one does not refuse. */
export interface Site {
  /** Stable over reloads. */
  readonly key: string;
  readonly targets: readonly ProbeTarget[];
  /** Kinds that count here; undefined is all. */
  readonly only: readonly ServerKind[] | undefined;
  /** The kind to name a declared server by while it has not answered yet. */
  readonly declaredKind: ServerKind | undefined;
}

export interface ScanInput {
  readonly discovery: Config['discovery'];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** From LM Studio's own settings file. */
  readonly lmStudioPort: number | undefined;
  /** Declared endpoints on this machine or the local network. */
  readonly declared: readonly Endpoint[];
  readonly ports?: readonly DefaultPort[] | undefined;
}

export interface Scan {
  readonly sites: readonly Site[];
  /** Settings that were left out of account, in words: nothing is ignored silently. */
  readonly ignored: readonly string[];
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly first: FirstQuestion;
  readonly scheme?: string;
  readonly prefix?: string;
  readonly only?: readonly ServerKind[] | undefined;
}

/** Every place to look at, declared ones first; each address belongs to one place only. */
export function scan(input: ScanInput): Scan {
  const declared = input.declared.flatMap(declaredSite);
  const found = input.discovery.enabled ? discoverable(input) : { addresses: [], ignored: [] };
  const taken = new Set(declared.flatMap((site) => site.targets.map((target) => target.origin)));
  const sites = [...declared];
  const ignored = [...found.ignored];
  for (const address of found.addresses) {
    const site = siteOf(address);
    // Variables are not checked like the file: what is not an address would fail at every look.
    if (!site.targets.every((target) => URL.canParse(target.origin))) {
      ignored.push(`'${address.host}' is not an address that can be connected to`);
      continue;
    }
    // A server on both loopbacks must not show twice: one declared address takes the port's other one along.
    if (site.targets.some((target) => taken.has(target.origin))) continue;
    for (const target of site.targets) taken.add(target.origin);
    sites.push(site);
  }
  return { sites, ignored };
}

interface Discoverable {
  readonly addresses: readonly Address[];
  readonly ignored: readonly string[];
}

function discoverable(input: ScanInput): Discoverable {
  const only = wantedKinds(input.discovery);
  const ports = (input.ports ?? defaultPorts).filter((port) => isWanted(only, port.kinds));
  const variables = environmentAddresses(input, only);
  const hosts = listedHosts(input.discovery.hosts, ports);
  const defaults = ports.map(({ port, first }) => ({ host: '', port, first, only }));
  return {
    addresses: [...variables.addresses, ...defaults, ...hosts.addresses],
    ignored: [...variables.ignored, ...hosts.ignored],
  };
}

function wantedKinds(discovery: Config['discovery']): readonly ServerKind[] | undefined {
  return discovery.servers === undefined
    ? undefined
    : serverKinds.filter((kind) => discovery.servers?.includes(kind) === true);
}

function isWanted(only: readonly ServerKind[] | undefined, kinds: readonly ServerKind[]): boolean {
  return only === undefined || kinds.some((kind) => only.includes(kind));
}

function siteOf(address: Address): Site {
  const prefix = address.prefix ?? '';
  const origins = originsOf(address.host, address.port, address.scheme);
  return {
    key: `${origins[0] ?? ''}${prefix}`,
    targets: origins.map((origin) => ({ origin, basePath: `${prefix}/v1`, first: address.first })),
    only: address.only,
    declaredKind: undefined,
  };
}

/** A variable that names where a server listens, and whose it is. */
const variables: readonly { readonly name: string; readonly kind: ServerKind; readonly first: FirstQuestion }[] = [
  { name: 'LLAMA_ARG_PORT', kind: 'llamacpp', first: 'models' },
  { name: 'LMS_SERVER_HOST', kind: 'lm_studio', first: 'lm-studio' },
  { name: 'LOCALAI_ADDRESS', kind: 'localai', first: 'models' },
  { name: 'OPENEDAI_PORT', kind: 'text_generation_webui', first: 'models' },
];

function environmentAddresses(input: ScanInput, only: readonly ServerKind[] | undefined): Discoverable {
  const addresses: Address[] = [];
  const ignored: string[] = [];
  const ollama = ollamaAddress(input.environment.OLLAMA_HOST);
  const rows = [
    ...(ollama === undefined ? [] : [{ ...ollama, kind: 'ollama', name: 'OLLAMA_HOST' } as const]),
    ...variables.flatMap((row) => variableAddress(row, input.environment)),
    ...vertexAddress(input.environment),
    ...(input.lmStudioPort === undefined
      ? []
      : [{ host: '', port: input.lmStudioPort, first: 'lm-studio', kind: 'lm_studio', name: 'LM Studio' } as const]),
  ];
  for (const { kind, name, ...address } of rows) {
    if (!isWanted(only, [kind])) continue;
    if (meansThisMachine(address.host)) addresses.push({ ...address, only });
    else ignored.push(`${name} names ${address.host}; list it under discovery.hosts to look there`);
  }
  return { addresses, ignored };
}

type Row = Address & { readonly kind: ServerKind; readonly name: string };

function ollamaAddress(value: string | undefined): Address | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  const { host, port, scheme, prefix } = parseOllamaHost(value);
  return port === 0 ? undefined : { host, port, scheme, prefix, first: 'ollama' };
}

/** A bare number is a port, other values are `host:port`; a host alone changes no port. */
function variableAddress(row: (typeof variables)[number], environment: ScanInput['environment']): readonly Row[] {
  const value = environment[row.name];
  if (value === undefined) return [];
  const bare = portOf(value);
  const parsed = bare === undefined ? parseHostPort(value) : { host: '', port: bare };
  return parsed?.port === undefined ? [] : [{ ...row, host: parsed.host, port: parsed.port }];
}

/** llama.cpp in Vertex AI's containers takes its port from there. */
function vertexAddress(environment: ScanInput['environment']): readonly Row[] {
  const port = environment.AIP_MODE === 'PREDICTION' ? portOf(environment.AIP_HTTP_PORT) : undefined;
  return port === undefined ? [] : [{ host: '', port, first: 'models', kind: 'llamacpp', name: 'AIP_HTTP_PORT' }];
}

/** Listed hosts are asked at the port given, or at every default port. */
function listedHosts(hosts: readonly string[], ports: readonly DefaultPort[]): Discoverable {
  const addresses: Address[] = [];
  const ignored: string[] = [];
  for (const text of hosts) {
    const parsed = parseHostPort(text);
    if (parsed === undefined) ignored.push(`discovery.hosts: '${text}' is not host or host:port`);
    else if (isMetadataHost(parsed.host)) ignored.push(`discovery.hosts: '${text}' hands out cloud credentials`);
    else addresses.push(...listedAddresses(parsed.host, parsed.port, ports));
  }
  return { addresses, ignored };
}

function listedAddresses(host: string, port: number | undefined, ports: readonly DefaultPort[]): readonly Address[] {
  if (port === undefined) return ports.map((row) => ({ host, port: row.port, first: row.first }));
  const known = ports.find((row) => row.port === port);
  return [{ host, port, first: known?.first ?? 'models' }];
}

const firstByType: Readonly<Record<string, FirstQuestion>> = { ollama: 'ollama', lm_studio: 'lm-studio' };

function declaredSite(endpoint: Endpoint): readonly Site[] {
  const url = URL.parse(endpoint.baseUrl);
  if (url === null || !/^https?:$/.test(url.protocol)) return [];
  const scheme = url.protocol.slice(0, -1);
  const host = url.hostname.replaceAll(/[[\]]/g, '');
  const targets = originsOf(host, portOfUrl(url), scheme).map(
    (origin): ProbeTarget => ({
      origin,
      basePath: trimSlashes(url.pathname),
      first: firstByType[endpoint.type] ?? 'models',
      credential: endpoint.credential,
      auth: endpoint.auth,
      headers: endpoint.headers,
      isDeclared: true,
    }),
  );
  const declaredKind = serverKinds.find((kind) => kind === endpoint.type) ?? 'openai';
  return [{ key: endpoint.key, targets, only: undefined, declaredKind }];
}
