import { hostMatches, keyVariableHosts, type ProviderType, providerType } from '../catalogue/catalogue.ts';
import type { Environment } from './interpolate.ts';
import { type ConfigIssue, IssueList, type Report } from './issues.ts';
import {
  type ConfigNode,
  child,
  eachScalar,
  type MapNode,
  type Mark,
  nodeAt,
  type Path,
  type ScalarNode,
} from './tree.ts';

/**
 * What a file would do that only a trusted one may: send a well-known key to a host that is not its vendor's, or use it
 * where it is no credential. Each with its place. The caller decides whether the file is one that has to be trusted.
 */
export function untrustedUses(tree: ConfigNode, environment: Environment): readonly ConfigIssue[] {
  const issues = new IssueList();
  eachScalar(tree, (node, path) => {
    for (const variable of node.reference?.variables ?? [])
      checkReference(tree, { node, path, variable }, issues.report);
  });
  const providers = nodeAt(tree, ['providers']);
  if (providers?.kind !== 'map') return issues.errors;
  for (const [id, { value }] of providers.entries) {
    if (value.kind === 'map') checkImplicit(value, id, environment, issues.report);
  }
  return issues.errors;
}

interface Use {
  readonly node: ScalarNode;
  readonly path: Path;
  readonly variable: string;
}

const hint = 'if this is meant, say `router trust` for the file';

function checkReference(tree: ConfigNode, { node, path, variable }: Use, report: Report): void {
  const vendorHosts = keyVariableHosts().get(variable);
  if (vendorHosts === undefined) return;
  const provider = nodeAt(tree, path.slice(0, 2));
  const isCredential = path[0] === 'providers' && (path[2] === 'api_key' || path[2] === 'headers');
  if (!isCredential || provider?.kind !== 'map') {
    report(node.mark, path, { message: `${variable} is used where it is no credential`, hint });
    return;
  }
  for (const target of targets(provider, String(path[1]))) {
    if (mayReceive(target, vendorHosts)) continue;
    report(node.mark, path, { message: `${variable} would be sent to ${target.host}`, hint });
  }
}

/** Without an `api_key` the type's usual variable is used, which leads to the same place. */
function checkImplicit(provider: MapNode, id: string, environment: Environment, report: Report): void {
  const type = typeOf(provider, id);
  if (type === undefined || child(provider, 'api_key') !== undefined) return;
  const variable = type.keyVariables.find((name) => (environment[name] ?? '') !== '');
  // These credentials come from files of the user's that no variable names.
  const credential = variable ?? (type.auth === 'google' ? "the user's Google credential" : undefined);
  if (credential === undefined) return;
  for (const target of declaredTargets(provider)) {
    if (mayReceive(target, type.hosts)) continue;
    report(target.mark, ['providers', id], { message: `${credential} would be sent to ${target.host}`, hint });
  }
}

interface Target {
  readonly host: string;
  readonly isEncrypted: boolean;
  readonly mark: Mark;
}

function mayReceive(target: Target, vendorHosts: readonly string[]): boolean {
  return target.isEncrypted && vendorHosts.some((pattern) => hostMatches(pattern, target.host));
}

/** Where a provider's requests go: the addresses it declares, or else its type's. */
function targets(provider: MapNode, id: string): readonly Target[] {
  const declared = declaredTargets(provider);
  const hasOwnBase = child(provider, 'api_base') !== undefined || child(provider, 'base_url') !== undefined;
  if (hasOwnBase) return declared;
  const type = typeOf(provider, id);
  const defaults = (type?.hosts ?? []).map((host) => ({ host, isEncrypted: true, mark: provider.mark }));
  if (type?.baseUrl !== undefined && defaults.length === 0) {
    return [...declared, targetOf(type.baseUrl, provider.mark)];
  }
  return [...declared, ...defaults];
}

function declaredTargets(provider: MapNode): readonly Target[] {
  const models = child(provider, 'models');
  const bases = [
    child(provider, 'api_base'),
    child(provider, 'base_url'),
    ...(models?.kind === 'list' ? models.items.map((model) => child(model, 'base_url')) : []),
  ];
  return bases.flatMap((base) => {
    return base?.kind === 'scalar' && URL.canParse(String(base.value)) ? [targetOf(String(base.value), base.mark)] : [];
  });
}

function targetOf(base: string, mark: Mark): Target {
  const url = new URL(base);
  return { host: url.hostname, isEncrypted: url.protocol === 'https:', mark };
}

function typeOf(provider: MapNode, id: string): ProviderType | undefined {
  const type = child(provider, 'type');
  return providerType(type?.kind === 'scalar' ? String(type.value) : id);
}
