import { type Config, configSchema, type ProviderConfig } from '../../../src/config/schema.ts';
import type { ModelFacts, ServerFacts } from '../../../src/core/facts.ts';
import { buildSnapshot, type SnapshotInput } from '../../../src/registry/registry.ts';
import type { Resolution, ResolveRequest } from '../../../src/registry/resolution.ts';
import { resolve } from '../../../src/registry/resolve.ts';
import type { Snapshot } from '../../../src/registry/snapshot.ts';

export function config(text: unknown = {}): Config {
  return configSchema.parse(text);
}

export function providerConfig(text: unknown): ProviderConfig {
  const parsed = config({ providers: { one: text } }).providers.one;
  if (parsed === undefined) throw new TypeError('no provider came out of the schema');
  return parsed;
}

export function modelFacts(id: string, facts: Partial<ModelFacts> = {}): ModelFacts {
  return {
    id,
    upstreamId: id,
    aliases: [],
    type: 'chat',
    context: undefined,
    contextMax: undefined,
    isLoaded: undefined,
    sizeBytes: undefined,
    capabilities: undefined,
    isRemote: false,
    created: 0,
    ...facts,
  };
}

export function server(origin: string, kind: ServerFacts['kind'], facts: Partial<ServerFacts> = {}): ServerFacts {
  return {
    origin,
    baseUrl: `${origin}/v1`,
    kind,
    version: undefined,
    state: 'ready',
    models: [],
    answersAnyModel: false,
    isAggregator: false,
    checkedAtMs: 0,
    ...facts,
  };
}

export function ollama(...ids: readonly string[]): ServerFacts {
  return server('http://127.0.0.1:11434', 'ollama', { models: ids.map((id) => modelFacts(id)) });
}

/** What resolved addresses would say, for the hosts of these tests. */
export function localityOf(host: string): { isLocal: boolean; isLoopback: boolean } {
  const isLoopback = host === 'localhost' || host === '::1' || host.startsWith('127.');
  return { isLoopback, isLocal: isLoopback || host.startsWith('192.168.') || host === 'gpu-server' };
}

type Parts = Partial<Omit<SnapshotInput, 'config'>> & { readonly config?: unknown };

export function snapshot(parts: Parts = {}): Snapshot {
  return buildSnapshot({ environment: {}, servers: [], localityOf, ...parts, config: config(parts.config) });
}

export function ask(from: Snapshot, model: string, more: Partial<ResolveRequest> = {}): Resolution {
  return resolve(from, { model, operation: 'chat', ...more });
}

/** `provider:upstream-id` of each candidate. */
export function places(resolution: Resolution): readonly string[] {
  return resolution.candidates.map(({ endpoint, model }) => `${endpoint.providerId}:${model.upstreamId}`);
}
