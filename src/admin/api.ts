import { GatewayError } from '../core/errors.ts';
import { type Operation, operations, type ProtocolName, protocolNames } from '../core/model.ts';
import { localOnlyOf } from '../gateway/exchange.ts';
import type { ExplainRequest, Explanation } from '../gateway/explain.ts';
import { listModels } from '../registry/list.ts';
import type { Provider, Snapshot } from '../registry/snapshot.ts';
import type { LogLosses } from '../telemetry/log-sink.ts';

/** What the commands ask a running router. Read-only; wants the admin token. */
export interface AdminDeps {
  readonly snapshot: () => Snapshot;
  readonly explain: (request: ExplainRequest) => Explanation;
  readonly configPaths: () => readonly string[];
  readonly logLosses: () => LogLosses;
  readonly version: string;
}

export interface AdminStatus {
  readonly version: string;
  readonly pid: number;
  readonly config: readonly string[];
  /** Lines that could not be written since the start. */
  readonly log: { readonly lost_lines: number; readonly reason: string | null };
  readonly providers: readonly AdminProvider[];
}

export interface AdminProvider {
  readonly id: string;
  readonly label: string;
  readonly type: string;
  readonly origin: Provider['origin'];
  readonly state: Provider['state'];
  readonly detail: string | null;
  readonly base_url: string;
  readonly local: boolean;
  readonly version: string | null;
  readonly models: readonly AdminModel[];
}

export interface AdminModel {
  readonly id: string;
  readonly upstream_id: string;
  readonly type: string;
  readonly context: number | null;
  readonly loaded: boolean | null;
  readonly size_bytes: number | null;
  readonly local: boolean;
  readonly pricing: { readonly input: number; readonly output: number } | null;
}

export function adminStatus(deps: AdminDeps): AdminStatus {
  const { lines, reason = null } = deps.logLosses();
  return {
    version: deps.version,
    pid: process.pid,
    config: deps.configPaths(),
    log: { lost_lines: lines, reason },
    providers: [...deps.snapshot().providers.values()].map(describeProvider),
  };
}

export function describeProvider(provider: Provider): AdminProvider {
  return {
    id: provider.id,
    label: provider.label,
    type: provider.type,
    origin: provider.origin,
    state: provider.state,
    detail: provider.detail ?? null,
    base_url: provider.endpoint.baseUrl,
    local: provider.endpoint.isLocal,
    version: provider.version ?? null,
    models: provider.offers.map(({ model }) => ({
      id: model.id,
      upstream_id: model.upstreamId,
      type: model.type,
      context: model.context ?? null,
      loaded: model.isLoaded ?? null,
      size_bytes: model.sizeBytes ?? null,
      local: model.isLocal,
      pricing: model.pricing ?? null,
    })),
  };
}

export function adminModels(deps: AdminDeps): unknown {
  return { models: listModels(deps.snapshot()), providers: adminStatus(deps).providers };
}

/** Query of `GET /admin/route`. Throws `bad_request`. */
export function adminRoute(deps: AdminDeps, query: URLSearchParams): Explanation {
  const tokens = query.get('tokens');
  return deps.explain({
    model: query.get('model') ?? '',
    operation: word<Operation>(query.get('operation') ?? 'chat', operations, 'operation'),
    protocol: word<ProtocolName>(query.get('protocol') ?? 'chat_completions', protocolNames, 'protocol'),
    tokens: tokens === null ? undefined : wholeNumber(tokens),
    lock: query.get('lock') ?? undefined,
    localOnly: localOnlyOf(query.getAll('local_only')),
  });
}

function word<T extends string>(value: string, known: readonly T[], name: string): T {
  const found = known.find((one) => one === value);
  if (found === undefined)
    throw new GatewayError('bad_request', `${name} must be one of ${known.join(', ')}.`, { param: name });
  return found;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new GatewayError('bad_request', 'tokens must be a whole number.', { param: 'tokens' });
  return value;
}
