import { serverKinds } from '../catalogue/local-servers.ts';
import type { CheckContext } from './check-context.ts';
import { didYouMean } from './near.ts';
import { keyMarkAt, markAt, nodeAt, type Path, shown } from './tree.ts';

/** Names that could never be asked for, and names of providers and kinds of servers that do not exist. */
export function checkNames(context: CheckContext): void {
  checkReachable(context);
  checkServerKinds(context);
  for (const [name, path] of mentionedProviders(context)) checkProviderName(context, name, path);
}

function checkReachable({ config, tree, report }: CheckContext): void {
  const rules = [
    { section: 'models', pattern: /^@|\s/, rule: 'must not start with "@" or hold spaces' },
    { section: 'presets', pattern: /[@:/\s]/, rule: 'must not hold "@", ":", "/" or spaces' },
    { section: 'variants', pattern: /[@:/\s]/, rule: 'must not hold "@", ":", "/" or spaces' },
  ] as const;
  for (const { section, pattern, rule } of rules) {
    for (const name of Object.keys(config[section]).filter((key) => pattern.test(key))) {
      const path = [section, name];
      report(keyMarkAt(tree, path), path, { message: `this name could not be asked for: it ${rule}` });
    }
  }
}

function checkServerKinds({ config, tree, report }: CheckContext): void {
  for (const [index, kind] of (config.discovery.servers ?? []).entries()) {
    if (serverKinds.some((known) => known === kind)) continue;
    const path = ['discovery', 'servers', index];
    report(markAt(tree, path), path, {
      message: `"${shown(nodeAt(tree, path))}" is not a kind of server that can be found`,
      hint: didYouMean(kind, serverKinds) ?? `known are ${serverKinds.join(', ')}`,
    });
  }
}

/** Every place that names a provider. */
function mentionedProviders({ config }: CheckContext): readonly (readonly [string, Path])[] {
  const listed = (names: readonly string[] | undefined, path: Path) =>
    (names ?? []).map((name, index) => [name, [...path, index]] as const);
  const narrowings = [
    ...Object.entries(config.presets).map(([name, preset]) => [['presets', name, 'routing'], preset.routing] as const),
    ...Object.entries(config.variants).map(([name, { routing }]) => [['variants', name, 'routing'], routing] as const),
  ];
  return [
    ...Object.entries(config.models).flatMap(([name, model]) =>
      model.endpoints.map(({ provider }, i) => [provider, ['models', name, 'endpoints', i, 'provider']] as const),
    ),
    ...listed(config.routing.failover.providers, ['routing', 'failover', 'providers']),
    ...config.routing.conditional_routes.flatMap(({ action: { provider } }, index) =>
      provider === undefined
        ? []
        : [[provider, ['routing', 'conditional_routes', index, 'action', 'provider']] as const],
    ),
    ...Object.entries(config.routing.complexity?.tiers ?? {}).flatMap(([tier, { provider }]) =>
      provider === undefined ? [] : [[provider, ['routing', 'complexity', 'tiers', tier, 'provider']] as const],
    ),
    ...config.routing.mirror.rules.flatMap(({ target: { provider } }, index) =>
      provider === undefined ? [] : [[provider, ['routing', 'mirror', 'rules', index, 'target', 'provider']] as const],
    ),
    ...narrowings.flatMap(([path, routing]) => [
      ...listed(routing?.only, [...path, 'only']),
      ...listed(routing?.ignore, [...path, 'ignore']),
    ]),
  ];
}

function checkProviderName(context: CheckContext, name: string, path: Path): void {
  const { tree, written, report, knowledge } = context;
  const declared = nodeAt(written, ['providers']);
  const ids = declared?.kind === 'map' ? declared.entries : new Map<string, unknown>();
  if (ids.has(name) || knowledge.isProviderId(name)) return;
  report(markAt(tree, path), path, {
    message: `"${shown(nodeAt(tree, path))}" is not a provider`,
    hint: didYouMean(name, [...ids.keys(), ...knowledge.typeNames]) ?? 'declare it under providers',
  });
}
