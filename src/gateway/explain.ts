import type { Config, LocalOnly } from '../config/schema.ts';
import type { GatewayError } from '../core/errors.ts';
import type { Candidate, Operation, Pricing, ProtocolName } from '../core/model.ts';
import type { RequestFacts } from '../protocols/canonical.ts';
import { asksForAny } from '../registry/look-up.ts';
import type { Resolution, ResolveRequest } from '../registry/resolution.ts';
import type { ReadField } from '../routing/conditions.ts';
import type { Availability } from './availability.ts';
import { isJudged, isJudgedUnserved, joined, judge, noTraits, placesOf } from './complexity.ts';
import { routeOf } from './conditional-routes.ts';
import type { Planner } from './planner.ts';
import { priceOf } from './price.ts';
import { resolutionError } from './resolution-error.ts';

export interface ExplainRequest {
  readonly model: string;
  readonly operation: Operation;
  /** What the client would speak. */
  readonly protocol: ProtocolName;
  /** Prompt tokens of the imagined request, for its price. */
  readonly tokens: number | undefined;
  readonly lock: string | undefined;
  readonly localOnly: LocalOnly;
}

export interface ExplainedCandidate {
  readonly provider: string;
  /** The upstream's id. */
  readonly model: string;
  readonly id: string;
  /** What the upstream is asked in. */
  readonly protocol: ProtocolName;
  /** Bytes are handed through unchanged. */
  readonly passthrough: boolean;
  readonly local: boolean;
  readonly base_url: string;
  /** `up`, or why it would be tried last. */
  readonly state: string;
  readonly context: number | null;
  readonly loaded: boolean | null;
  /** USD per million tokens; null when unknown. */
  readonly pricing: Pricing | null;
  /** USD for the imagined request's prompt; null when unknown. */
  readonly cost: number | null;
}

/** What would happen to a request, without sending it. */
export interface Explanation {
  readonly model: string;
  readonly kind: Resolution['kind'];
  readonly rule: Resolution['rule'];
  readonly strategy: string;
  readonly pinned: boolean;
  readonly local_only: LocalOnly;
  readonly virtual_model: string | null;
  /** Of the conditional route that says where it goes. */
  readonly route: string | null;
  /** Tiers by complexity that the name goes by, easiest first; null for a name that means its model. */
  readonly tiers: readonly { readonly tier: string; readonly max_score: number; readonly target: string }[] | null;
  /** In the order they would be tried: reserved ones last. Of tiers, that of a request with so many tokens. */
  readonly chain: readonly ExplainedCandidate[];
  readonly rejected: readonly { readonly candidate: string; readonly reason: string }[];
  readonly near: readonly string[];
  readonly error: {
    readonly code: string;
    readonly status: number;
    readonly message: string;
    readonly hint: string | null;
  } | null;
}

export interface ExplainDeps {
  readonly resolve: (request: ResolveRequest) => Resolution;
  readonly availability: Availability;
  readonly planner: Planner;
  readonly config: () => Config;
}

/** The same resolution, strategy and availability as live traffic has. */
export function explain(deps: ExplainDeps, request: ExplainRequest): Explanation {
  const { model, operation, lock } = request;
  const { routing } = deps.config();
  const route = lock === undefined ? routeOf(routing.conditional_routes, fieldsImagined(request)) : undefined;
  const { resolution, isTiered } = resolveImagined(deps, request, route?.action);
  const plan = deps.planner.preview({ resolution, facts: imagined(request), operation });
  const chain = plan.candidates.map((candidate) => describe(candidate, deps.availability, request));
  const error = resolution.kind === 'found' ? undefined : resolutionError(resolution, operation);
  return {
    model,
    kind: resolution.kind,
    rule: resolution.rule,
    strategy: plan.strategy,
    pinned: resolution.isPinned,
    local_only: resolution.localOnly,
    virtual_model: resolution.virtualModel ?? null,
    route: route?.name ?? null,
    tiers: isTiered ? toldTiers(deps.config()) : null,
    chain: [...chain.filter((one) => one.state === 'up'), ...chain.filter((one) => one.state !== 'up')],
    rejected: resolution.rejected.map(({ candidate, reason }) => ({ candidate, reason })),
    near: resolution.near,
    error: error === undefined ? null : told(error),
  };
}

interface ImaginedResolution {
  readonly resolution: Resolution;
  /** Found by complexity. */
  readonly isTiered: boolean;
}

/** As the pipeline resolves it. */
function resolveImagined(
  { resolve, config }: ExplainDeps,
  request: ExplainRequest,
  action: { readonly model?: string | undefined; readonly provider?: string | undefined } | undefined,
): ImaginedResolution {
  const { model, operation, lock, localOnly } = request;
  const isFree = lock === undefined && action === undefined;
  const tiered = () => ({ resolution: resolveTiers({ resolve, config: config() }, request), isTiered: true });
  if (isFree && isJudged(config(), model, operation)) return tiered();
  const resolution = resolve({
    model: action?.model ?? model,
    insteadOf: action?.model === undefined ? undefined : model,
    operation,
    lock: action?.provider ?? lock,
    localOnly,
  });
  if (isFree && resolution.kind === 'unknown' && isJudgedUnserved(config(), operation)) return tiered();
  return { resolution, isTiered: false };
}

function resolveTiers(
  { resolve, config }: { readonly resolve: ExplainDeps['resolve']; readonly config: Config },
  { model: asked, operation, localOnly, tokens }: ExplainRequest,
): Resolution {
  const { complexity } = config.routing;
  const places = complexity === undefined ? [] : judge(complexity, { ...noTraits, promptTokens: tokens ?? 0 }).places;
  const insteadOf = asksForAny(asked) ? undefined : asked;
  const found = places.map(({ model, provider: lock }) => resolve({ model, lock, insteadOf, operation, localOnly }));
  return joined(found as [Resolution, ...Resolution[]]);
}

function toldTiers({ routing: { complexity } }: Config): Explanation['tiers'] {
  if (complexity === undefined) return null;
  return placesOf(complexity).map(({ name, maxScore, model, provider }) => ({
    tier: name,
    max_score: maxScore,
    target: provider === undefined ? model : `${provider}:${model}`,
  }));
}

function told(error: GatewayError): NonNullable<Explanation['error']> {
  return { code: error.code, status: error.status, message: error.message, hint: error.hint ?? null };
}

/** A request of which no more is known than its name and kind. */
function fieldsImagined({ model, operation, protocol, tokens }: ExplainRequest): ReadField {
  const fields: Readonly<Record<string, unknown>> = { model, operation, protocol, tokens, stream: false };
  return (field) => fields[field];
}

function imagined(request: ExplainRequest): RequestFacts {
  return {
    model: request.model,
    stream: false,
    includeUsage: false,
    needs: new Set(),
    promptTokens: request.tokens ?? 0,
    maxTokens: undefined,
  };
}

function describe(candidate: Candidate, availability: Availability, request: ExplainRequest): ExplainedCandidate {
  const { endpoint, model } = candidate;
  const passthrough = model.protocols.includes(request.protocol);
  return {
    provider: endpoint.providerId,
    model: model.upstreamId,
    id: model.id,
    protocol: passthrough ? request.protocol : (model.protocols[0] ?? request.protocol),
    passthrough,
    local: model.isLocal,
    base_url: endpoint.baseUrl,
    state: availability.reservation(candidate) ?? 'up',
    context: model.context ?? null,
    loaded: model.isLoaded ?? null,
    pricing: model.pricing ?? null,
    cost: costOfPrompt(candidate, request.tokens),
  };
}

function costOfPrompt(candidate: Candidate, tokens: number | undefined): number | null {
  return tokens === undefined ? null : (priceOf(candidate, { input: tokens, output: 0 }) ?? null);
}
