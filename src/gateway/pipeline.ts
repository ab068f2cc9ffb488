import type { Config } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import { cut } from '../core/cut.ts';
import { GatewayError } from '../core/errors.ts';
import { passedHeader } from '../core/loop-mark.ts';
import type { Candidate, Plan, Usage } from '../core/model.ts';
import type { ResponseStore } from '../core/stored-responses.ts';
import type { RequestFacts } from '../protocols/canonical.ts';
import { badField } from '../protocols/fields.ts';
import type { Formats } from '../protocols/formats.ts';
import type { JsonObject, WarmUps } from '../protocols/protocol.ts';
import { asksForAny } from '../registry/look-up.ts';
import { strictest } from '../registry/narrow.ts';
import { type AllowedModels, isAskedAllowed, isNameAllowed } from '../registry/permission.ts';
import { maxNameLength } from '../registry/plain-name.ts';
import type { RejectionCode, Resolution, ResolveRequest } from '../registry/resolution.ts';
import type { Provider } from '../registry/snapshot.ts';
import type { AnswerCache, CacheVisit, KeptAnswer } from './answer-cache.ts';
import { answerHeaders } from './answer-headers.ts';
import { type AnswerTap, allTaps } from './answer-tap.ts';
import type { Attempts, PlanOutcome } from './attempts.ts';
import { chooseTier, isJudged, isJudgedUnserved, joined } from './complexity.ts';
import { fieldsOf, routeOf } from './conditional-routes.ts';
import { openTurn, type Turn } from './conversation.ts';
import { Delivery } from './delivery.ts';
import { type Exchange, type RoutingHeaders, readRoutingHeaders } from './exchange.ts';
import { failoverPolicy } from './failover.ts';
import type { Mirror } from './mirror.ts';
import type { Planner } from './planner.ts';
import { priceOf } from './price.ts';
import { RequestForm } from './request-form.ts';
import { downError, loadingError, resolutionError } from './resolution-error.ts';
import { conversationOf } from './stickiness.ts';
import type { WarmUpRequest } from './warm-up.ts';

export interface PipelineDeps {
  readonly clock: Clock;
  readonly config: () => Config;
  readonly formats: Formats;
  readonly planner: Planner;
  readonly attempts: Attempts;
  readonly mirror: Mirror;
  readonly cache: AnswerCache;
  readonly responses: ResponseStore;
  readonly warmUp: (request: WarmUpRequest) => Promise<void>;
  /** Resolves in the registry's present snapshot. */
  readonly resolve: (request: ResolveRequest) => Resolution;
  /** Resolves once the first look at the local servers is over, or a moment has passed. */
  readonly ready: () => Promise<void> | undefined;
  /** A fresh look at the local servers for a name that nothing serves. */
  readonly lookAgain: () => Promise<void>;
  /** A server whose models are not known yet, since it is loading. */
  readonly loadingUnlisted: () => Provider | undefined;
}

/** How the request ended, for the server to render when nothing has been sent. */
export type PipelineResult =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly error: GatewayError; readonly headers: readonly string[] };

/** One request through all stages. Never rejects for a request's own troubles. */
export class Pipeline {
  readonly #deps: PipelineDeps;

  constructor(deps: PipelineDeps) {
    this.#deps = deps;
  }

  async handle(asked: Exchange): Promise<PipelineResult> {
    const routing = readRoutingHeaders(asked.headers);
    let exchange = asked;
    let turn: Turn | undefined;
    let facts: RequestFacts | undefined;
    let plan: Plan | undefined;
    let outcome: PlanOutcome;
    let delivery: Delivery | undefined;
    let resolution: Resolution | undefined;
    let visit: CacheVisit | undefined;
    try {
      if (asked.inbound.history !== undefined) {
        turn = await openTurn(this.#deps.responses, asked);
        exchange = turn.exchange;
      }
      if (asked.inbound.warmUps !== undefined && (await this.#warmedUp(asked, asked.inbound.warmUps, routing)))
        return { kind: 'delivered' };
      checkModels(exchange.json, exchange.key?.models);
      facts = exchange.inbound.facts(exchange.json, exchange.route);
      asked.trail.requestedModel = cut(facts.model ?? '', maxNameLength);
      asked.trail.isStream = facts.stream;
      const localOnly = turn === undefined ? routing.localOnly : strictest([routing.localOnly, turn.localOnly]);
      const found = this.#resolve(exchange, facts, { ...routing, localOnly });
      resolution = found instanceof Promise ? await found : found;
      const { planner } = this.#deps;
      const { operation } = exchange.inbound.id;
      const conversation = conversationOf(this.#deps.config().routing.sticky, exchange);
      const planned = planner.plan({ resolution, facts, operation, conversation });
      plan = planned;
      asked.trail.resolved(resolution, planned);
      this.#notePassedOver(exchange, resolution);
      const mirrored = this.#deps.mirror.choose(facts);
      visit = this.#deps.cache.open(this.#deps.config().cache, {
        exchange,
        resolution,
        routing,
        isKept: turn?.tap !== undefined,
      });
      const kept = await visit?.find();
      const tap = allTaps(turn?.tap, kept === undefined ? mirrored?.tap : undefined, visit?.tap());
      delivery = this.#delivery(exchange, { facts, plan: planned, routing, tap });
      if (kept !== undefined) return this.#finishKept({ exchange, delivery, kept });
      outcome = withStartCommand(await this.#run(exchange, { facts, plan: planned, resolution, delivery }), resolution);
      if (conversation !== undefined && outcome.kind === 'answered')
        planner.answered(conversation, resolution, outcome.candidate);
      if (mirrored !== undefined && outcome.kind === 'answered')
        this.#deps.mirror.start(mirrored, { exchange, facts, resolution, outcome });
    } catch (thrown) {
      const error = GatewayError.from(thrown);
      outcome = { kind: 'failed', error: turn === undefined ? error : turn.explain(error), candidate: undefined };
    }
    delivery?.close();
    visit?.close();
    if (turn !== undefined && outcome.kind === 'answered') await turn.finish(resolution?.localOnly ?? true);
    return this.#finish({ exchange, facts, plan, outcome, delivery, routing });
  }

  /** True for a request that only loads or unloads, which is answered then. */
  async #warmedUp(exchange: Exchange, warmUps: WarmUps, { lock, localOnly }: RoutingHeaders): Promise<boolean> {
    const asked = warmUps.read(exchange.json);
    if (asked === undefined) return false;
    await this.#deps.warmUp({
      warmUp: asked,
      lock,
      localOnly,
      allowedModels: exchange.key?.models,
      passed: exchange.headers[passedHeader],
      signal: exchange.departure.signal,
      trail: exchange.trail,
    });
    const body = JSON.stringify(warmUps.answer(asked, this.#deps.clock.now()));
    exchange.reply.send(200, ['content-type', 'application/json', 'x-router-request-id', exchange.id], body);
    return true;
  }

  /** Places of a virtual model that were not even planned with: without them the order looks as configured. */
  #notePassedOver(exchange: Exchange, { rejected, virtualModel }: Resolution): void {
    if (virtualModel === undefined || rejected.length === 0) return;
    const first = this.#deps.config().models[virtualModel]?.endpoints[0]?.provider;
    for (const { candidate, code } of rejected) {
      if (!unreachable.has(code)) continue;
      const provider = candidate.slice(0, candidate.indexOf(':'));
      const label = `${provider};${code}`;
      const { skipped } = exchange.trail;
      if (!skipped.some((one) => one.label === label)) skipped.push({ label, candidate: undefined });
      if (provider === first) exchange.trail.isFirstMissing = true;
    }
  }

  /** At once where the name is known, which is nearly always. */
  #resolve(exchange: Exchange, facts: RequestFacts, routing: RoutingHeaders): Resolution | Promise<Resolution> {
    const request: ResolveRequest = {
      operation: exchange.inbound.id.operation,
      localOnly: routing.localOnly,
      ...this.#asked(exchange, facts, routing),
      needs: facts.needs.size === 0 ? undefined : [...facts.needs],
    };
    const { trail } = exchange;
    const isFree = routing.lock === undefined && trail.route === undefined && isAskedAllowed(request);
    if (isFree && isJudged(this.#deps.config(), request.model, request.operation))
      return this.#resolveTier(exchange, request);
    if (this.#deps.ready() === undefined) {
      const resolution = this.#deps.resolve(request);
      if (resolution.kind === 'found') return resolution;
    }
    return this.#resolvePatiently(request, { exchange, isFree });
  }

  /** By how hard the request is. Harder tiers stand in for its own; what restricts the name that was asked for holds. */
  async #resolveTier(exchange: Exchange, request: ResolveRequest): Promise<Resolution> {
    await this.#deps.ready();
    const { complexity } = this.#deps.config().routing;
    if (complexity === undefined) return this.#resolvePatiently(request, { exchange, isFree: false });
    const { score, places } = chooseTier(complexity, exchange, this.#deps.formats);
    const insteadOf = asksForAny(request.model) ? undefined : request.model;
    const resolutions = places.map(({ model, provider: lock }) =>
      this.#deps.resolve({ ...request, model, lock, insteadOf }),
    );
    const at = resolutions.findIndex(({ kind }) => kind === 'found');
    const { trail } = exchange;
    const [own] = resolutions as [Resolution, ...Resolution[]];
    trail.tier = { name: (places[Math.max(0, at)] as { name: string }).name, score };
    if (at === -1) throw resolutionError(own, request.operation);
    for (const { model, provider = model } of places.slice(0, at)) {
      trail.isFirstMissing = true;
      trail.skipped.push({
        label: `${provider};${own.down === undefined ? 'unavailable' : 'down'}`,
        candidate: undefined,
      });
    }
    return joined(resolutions as [Resolution, ...Resolution[]]);
  }

  /** What is to be found: the name that was asked for, unless a conditional route says otherwise. */
  #asked(exchange: Exchange, facts: RequestFacts, routing: RoutingHeaders): Asked {
    const allowedModels = exchange.key?.models;
    const asked = { model: facts.model ?? '', lock: routing.lock, allowedModels };
    const routes = this.#deps.config().routing.conditional_routes;
    // A lock is the caller's own word.
    if (routes.length === 0 || routing.lock !== undefined) return asked;
    const route = routeOf(routes, fieldsOf(exchange, facts, routing));
    const { model, provider } = route?.action ?? {};
    // A name that the key may not ask for leads nowhere else, and where a name leads must be in the key's list too.
    const isOpen = model === undefined || isAskedAllowed({ ...asked, operation: exchange.inbound.id.operation });
    if (route === undefined || !isOpen) return asked;
    exchange.trail.route = route.name;
    const insteadOf = model === undefined ? undefined : asked.model;
    return { model: model ?? asked.model, insteadOf, lock: provider, allowedModels };
  }

  /**
   * After the first look at the machine, and after another one for a name that nothing serves. Such a name goes by
   * complexity where that is configured and the request is free to.
   */
  async #resolvePatiently(
    request: ResolveRequest,
    { exchange, isFree }: { readonly exchange: Exchange; readonly isFree: boolean },
  ): Promise<Resolution> {
    await this.#deps.ready();
    let resolution = this.#deps.resolve(request);
    if (resolution.kind === 'unknown' || resolution.kind === 'down-type') {
      await this.#deps.lookAgain();
      resolution = this.#deps.resolve(request);
    }
    exchange.trail.resolution = resolution;
    const loading = resolution.kind === 'unknown' ? this.#deps.loadingUnlisted() : undefined;
    if (loading !== undefined) throw loadingError(loading);
    if (isFree && resolution.kind === 'unknown' && isJudgedUnserved(this.#deps.config(), request.operation))
      return this.#resolveTier(exchange, request);
    if (resolution.kind !== 'found') throw resolutionError(resolution, request.operation);
    return resolution;
  }

  #delivery(
    exchange: Exchange,
    about: { facts: RequestFacts; plan: Plan; routing: RoutingHeaders; tap: AnswerTap | undefined },
  ): Delivery {
    return new Delivery({
      clock: this.#deps.clock,
      exchange,
      dialect: about.routing.prefix,
      requestedModel: about.facts.model ?? '',
      plan: about.plan,
      stream: about.facts.stream,
      keepAliveMs: this.#deps.config().server.keepalive_after,
      tap: about.tap,
      cost: priced,
    });
  }

  #run(
    exchange: Exchange,
    about: { facts: RequestFacts; plan: Plan; resolution: Resolution; delivery: Delivery },
  ): Promise<PlanOutcome> {
    const { attempts, clock, formats } = this.#deps;
    const { facts, plan, resolution, delivery } = about;
    const { routing, server } = this.#deps.config();
    return attempts.run({
      form: new RequestForm({ exchange, facts, resolution, delivery, formats, nowMs: clock.now() }),
      plan,
      delivery,
      policy: failoverPolicy(routing.failover),
      deadlineMs: facts.stream ? undefined : server.default_request_timeout,
    });
  }

  /** Answered by what an equal request got: nobody is asked, and nothing is paid. */
  #finishKept(end: KeptInput): PipelineResult {
    const { exchange, delivery, kept } = end;
    const { candidate, usage } = kept.value;
    exchange.trail.isLocal = true;
    delivery.sendKept(kept.value, kept.ageMs);
    delivery.close();
    const about = { candidate, usage, cost: 0, error: undefined, firstTokenMs: undefined };
    exchange.trail.conclusion = { kind: 'answered', ...about };
    return { kind: 'delivered' };
  }

  #finish(end: FinishInput): PipelineResult {
    const { exchange, outcome, plan, facts } = end;
    const candidate = outcome.candidate;
    const usage = 'usage' in outcome ? outcome.usage : undefined;
    exchange.trail.conclusion = {
      kind: outcome.kind,
      candidate,
      error: 'error' in outcome ? outcome.error : undefined,
      usage,
      cost: candidate === undefined ? undefined : priced(candidate, usage),
      firstTokenMs: outcome.kind === 'answered' ? outcome.firstTokenMs : undefined,
    };
    if (outcome.kind !== 'failed') return { kind: 'delivered' };
    if (exchange.reply.isStarted) {
      end.delivery?.breakOff(outcome.error);
      return { kind: 'delivered' };
    }
    const headers = answerHeaders({
      exchange,
      dialect: end.routing.prefix,
      requestedModel: facts?.model ?? '',
      plan,
      candidate,
      latencyMs: this.#deps.clock.monotonic() - exchange.startedAt,
    });
    return { kind: 'failed', error: outcome.error, headers };
  }
}

type Asked = Pick<ResolveRequest, 'model' | 'insteadOf' | 'lock' | 'allowedModels'>;

interface KeptInput {
  readonly exchange: Exchange;
  readonly delivery: Delivery;
  readonly kept: { readonly value: KeptAnswer; readonly ageMs: number };
}

interface FinishInput {
  readonly exchange: Exchange;
  readonly facts: RequestFacts | undefined;
  readonly plan: Plan | undefined;
  readonly outcome: PlanOutcome;
  readonly delivery: Delivery | undefined;
  readonly routing: RoutingHeaders;
}

/**
 * A value that is not a name must not be read as the absence of one, which any model may answer. Some aggregators take
 * further models to fall back to (`models`), which a key's list bounds as well.
 */
function checkModels({ model, models }: JsonObject, allowed: AllowedModels): void {
  if (model !== undefined && model !== null && typeof model !== 'string') throw badField('model', 'a string');
  if (allowed === undefined || !Array.isArray(models)) return;
  const other = models.find((name) => typeof name !== 'string' || !isNameAllowed(name, allowed));
  if (other !== undefined)
    throw new GatewayError('forbidden', 'The key may not use a model of "models".', { param: 'models' });
}

/** Why a configured place cannot be asked at all. */
const unreachable: ReadonlySet<RejectionCode> = new Set(['down', 'needs-key', 'disabled', 'unknown-provider']);

/** A refused connection to a local server that was named is best told with what starts it. */
function withStartCommand(outcome: PlanOutcome, resolution: Resolution): PlanOutcome {
  if (outcome.kind !== 'failed' || outcome.error.code !== 'upstream_connect' || resolution.down === undefined)
    return outcome;
  return { ...outcome, error: downError(resolution) };
}

function priced(candidate: Candidate, usage: Usage | undefined): number | undefined {
  return usage === undefined ? undefined : priceOf(candidate, usage);
}
