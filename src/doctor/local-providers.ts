import { disabledReason } from '../config/keyless.ts';
import type { ServerFacts } from '../core/facts.ts';
import { lmStudioPort } from '../discovery/lm-studio-config.ts';
import { type ProbeResult, type ProbeTarget, probe } from '../discovery/probe.ts';
import { type Site, scan } from '../discovery/scan.ts';
import { hostOf } from '../registry/endpoint.ts';
import { buildSnapshot } from '../registry/registry.ts';
import type { Snapshot } from '../registry/snapshot.ts';
import { Localities } from '../transport/locality.ts';
import type { CheckInput } from './check.ts';

/** What one address said. */
export interface Look {
  readonly target: ProbeTarget;
  readonly result: ProbeResult;
}

/** Everything that may be a model server, looked at on each of its addresses. */
export interface Survey {
  readonly sites: readonly { readonly site: Site; readonly looks: readonly Look[] }[];
  /** Settings that were left out of account, in words. */
  readonly ignored: readonly string[];
  /** As the router would see it. */
  readonly snapshot: Snapshot;
}

/** Unlike discovery, which stops at the first address that answers, this asks all of them. */
export async function survey(input: CheckInput): Promise<Survey> {
  const localities = new Localities();
  const before = snapshotOf(input, localities, []);
  const hosts = [...before.providers.values()].flatMap(({ endpoint }) => hostOf(endpoint.baseUrl) ?? []);
  await localities.learn(hosts, () => undefined);
  const declared = [...snapshotOf(input, localities, []).providers.values()].filter(
    ({ endpoint, state }) => endpoint.isLocal && endpoint.baseUrl !== '' && state !== 'disabled',
  );
  const { discovery } = input.loaded.config;
  const found = scan({
    discovery,
    environment: input.environment,
    lmStudioPort: discovery.enabled ? await lmStudioPort(input.homeDirectory) : undefined,
    declared: declared.map(({ endpoint }) => endpoint),
  });
  const sites = await Promise.all(
    found.sites.map(async (site) => ({ site, looks: await Promise.all(site.targets.map((one) => look(input, one))) })),
  );
  const servers = sites.flatMap(({ site, looks }) => serverOf(site, looks));
  return { sites, ignored: found.ignored, snapshot: snapshotOf(input, localities, servers) };
}

async function look({ clock }: CheckInput, target: ProbeTarget): Promise<Look> {
  return { target, result: await probe(target, { clock }) };
}

/** The first address that answers is the one that is used. */
function serverOf({ only }: Site, looks: readonly Look[]): readonly ServerFacts[] {
  const facts = looks.flatMap(({ result }) => (result.kind === 'server' ? [result.facts] : []));
  return facts.filter(({ kind }) => only === undefined || only.includes(kind)).slice(0, 1);
}

function snapshotOf(input: CheckInput, localities: Localities, servers: readonly ServerFacts[]): Snapshot {
  const { loaded } = input;
  return buildSnapshot({
    config: loaded.config,
    environment: Object.fromEntries(
      Object.entries(loaded.environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    servers,
    localityOf: (host) => localities.of(host),
    disabledProviders: new Map(loaded.disabledProviders.map((one) => [one.id, disabledReason(one)])),
  });
}
