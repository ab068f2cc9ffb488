import { hostMatches, type ProviderType, providerType, providerTypeOfHost } from '../catalogue/catalogue.ts';
import type { Environment } from './interpolate.ts';
import type { Report } from './issues.ts';
import {
  type ConfigNode,
  child,
  eachScalar,
  emptyMap,
  isNull,
  type MapNode,
  type Mark,
  nodeAt,
  type Path,
} from './tree.ts';
import { reportUntrustedSettings } from './untrusted-settings.ts';

export const trustHint = 'if this is meant, say `router trust` for the file';

/** What a file that is not trusted gets, and what it does not. */
export interface Withholding {
  /** Of the `.env` beside it. */
  readonly environment: Environment;
  /** The user's. */
  readonly withheld: Environment;
  readonly report: Report;
}

/** Reports the references of one file, as it is written, to variables that it does not get. */
export function reportWithheld(tree: ConfigNode, report: Report): void {
  eachScalar(tree, ({ mark, reference }, path) => {
    for (const variable of reference?.withheld ?? []) {
      const hasDefault = reference?.unset === undefined;
      const message = hasDefault
        ? `${variable} of your environment is held back: the default is used`
        : useOf(tree, path, variable);
      report(mark, path, { message, hint: trustHint, severity: hasDefault ? 'warning' : 'error' });
    }
  });
}

function useOf(tree: ConfigNode, path: Path, variable: string): string {
  const provider = nodeAt(tree, path.slice(0, 2));
  const isCredential = path[0] === 'providers' && (path[2] === 'api_key' || path[2] === 'headers');
  const target = isCredential && provider?.kind === 'map' ? targets(provider, String(path[1]))[0] : undefined;
  return target === undefined
    ? `${variable} of your environment would be used`
    : `${variable} would be sent to ${target.host}`;
}

/**
 * Reports what else a file would use of the user's: settings that open something, and credentials that no text of the
 * file names. `tree` is in our spelling.
 */
export function reportUntrustedUses(tree: ConfigNode, withholding: Withholding): void {
  reportUntrustedSettings(tree, withholding.report, trustHint);
  const providers = nodeAt(tree, ['providers']);
  if (providers?.kind !== 'map') return;
  for (const [id, { value }] of providers.entries) {
    const provider = isNull(value) ? emptyMap(value.mark) : value;
    if (provider.kind === 'map' && isActive(provider)) reportImplicit(provider, id, withholding);
  }
}

function isActive(provider: MapNode): boolean {
  const active = child(provider, 'active');
  return active?.kind !== 'scalar' || active.value !== false;
}

/** Without a key of its own a provider gets the one of its type's usual variable, or the credential of the machine. */
function reportImplicit(provider: MapNode, id: string, { environment, withheld, report }: Withholding): void {
  if (hasOwnKey(provider)) return;
  const all = targets(provider, id);
  const has = (variables: Environment, name: string) => (variables[name] ?? '') !== '';
  for (const type of typesOf(provider, id)) {
    const isOwnVariable = type.keyVariables.some((name) => has(environment, name));
    const variable = isOwnVariable ? undefined : type.keyVariables.find((name) => has(withheld, name));
    // A vendor's key is only ever sent to the vendor's hosts; a credential of the machine goes wherever the base is.
    const vendors = all.find(({ host }) => type.hosts.some((pattern) => hostMatches(pattern, host)));
    const target = ambient[type.auth] === undefined ? vendors : all[0];
    const credential = ambient[type.auth] ?? variable;
    if (credential === undefined || target === undefined) continue;
    const message = `${credential} would be sent to ${target.host}`;
    report(target.mark, ['providers', id], { message, hint: trustHint });
    return;
  }
}

function hasOwnKey(provider: MapNode): boolean {
  const key = child(provider, 'api_key');
  if (key?.kind !== 'scalar' || key.value === null) return false;
  // A reference without a value switches the provider off.
  return key.value !== '' || key.reference !== undefined;
}

/** Credentials that come from files, containers and machines of the user's, and that no variable need name. */
const ambient: Readonly<Record<string, string>> = {
  sigv4: "the user's AWS credential",
  google: "the user's Google credential",
};

interface Target {
  readonly host: string;
  readonly mark: Mark;
}

/** Where a provider's requests go: the addresses it declares, or else its type's. */
function targets(provider: MapNode, id: string): readonly Target[] {
  const declared = declaredTargets(provider);
  const hasOwnBase = child(provider, 'api_base') !== undefined || child(provider, 'base_url') !== undefined;
  const type = namedType(provider, id);
  if (hasOwnBase || type === undefined) return declared;
  const base = type.baseUrl === undefined ? undefined : URL.parse(type.baseUrl)?.hostname;
  const hosts = base === undefined ? type.hosts : [base];
  return [...hosts.map((host) => ({ host, mark: provider.mark })), ...declared];
}

function declaredTargets(provider: MapNode): readonly Target[] {
  const models = child(provider, 'models');
  const bases = [
    child(provider, 'api_base'),
    child(provider, 'base_url'),
    ...(models?.kind === 'list' ? models.items.map((model) => child(model, 'base_url')) : []),
  ];
  return bases.flatMap((base) => {
    const url = base?.kind === 'scalar' ? URL.parse(String(base.value)) : null;
    return url === null || base === undefined ? [] : [{ host: url.hostname, mark: base.mark }];
  });
}

function namedType(provider: MapNode, id: string): ProviderType | undefined {
  const type = child(provider, 'type');
  return providerType(type?.kind === 'scalar' ? String(type.value) : id);
}

/** Every type that it may turn out to be of: by its word, and by who owns a host it names. */
function typesOf(provider: MapNode, id: string): readonly ProviderType[] {
  const owners = declaredTargets(provider).map(({ host }) => providerTypeOfHost(host));
  return [namedType(provider, id), ...owners].filter((type) => type !== undefined);
}
