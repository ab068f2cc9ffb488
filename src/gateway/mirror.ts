import type { Concurrency } from '../access/concurrency.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import { Departure } from '../core/departure.ts';
import { GatewayError } from '../core/errors.ts';
import { EventBus, type MirroredAnswer } from '../core/events.ts';
import { type MemoryBudget, uncountedBytes } from '../core/memory-budget.ts';
import type { Candidate } from '../core/model.ts';
import type { RequestFacts } from '../protocols/canonical.ts';
import { type Formats, formatKey } from '../protocols/formats.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { matchesPattern } from '../registry/names.ts';
import type { Resolution, ResolveRequest } from '../registry/resolution.ts';
import type { AnswerTap } from './answer-tap.ts';
import { answerText, similarity } from './answer-text.ts';
import type { Attempts, PlanOutcome } from './attempts.ts';
import { Delivery } from './delivery.ts';
import type { Exchange, Reply } from './exchange.ts';
import type { FailoverPolicy } from './failover.ts';
import { HeardAnswer } from './heard-answer.ts';
import { priceOf } from './price.ts';
import { RequestForm } from './request-form.ts';
import { resolutionError } from './resolution-error.ts';
import { Trail } from './trail.ts';

export interface MirrorDeps {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly events: EventBus;
  readonly config: () => Config;
  readonly formats: Formats;
  readonly attempts: Attempts;
  readonly concurrency: Concurrency;
  readonly memory: MemoryBudget;
  readonly resolve: (request: ResolveRequest) => Resolution;
}

type Rule = Config['routing']['mirror']['rules'][number];

/** A request that is to be mirrored once it has been answered. */
export interface Mirrored {
  readonly rule: Rule;
  /** Hears the answer that the copy's is compared with. */
  readonly tap: HeardAnswer;
}

/** What the client got. */
export interface Original {
  readonly exchange: Exchange;
  readonly facts: RequestFacts;
  readonly resolution: Resolution;
  readonly outcome: Extract<PlanOutcome, { kind: 'answered' }>;
  readonly durationMs: number;
}

/** Copies under way at a time; more are left out, so that a slow model holds nothing up and fills no memory. */
const maxCopies = 32;

const oneTry: FailoverPolicy = { enabled: false, maxAttempts: 1, statusCodes: undefined, onTimeout: false };

/**
 * Sends copies of answered requests to another model and tells how the two answers compare. The client notices
 * nothing: the copy begins when its answer is over, has no reply, and is told in an event of its own, so that it is in
 * nobody's account.
 */
export class Mirror {
  readonly #deps: MirrorDeps;
  readonly #copies = new Set<Departure>();

  constructor(deps: MirrorDeps) {
    this.#deps = deps;
  }

  /** Whether this request is one of the share; undefined when it is not. */
  choose(facts: RequestFacts): Mirrored | undefined {
    const { enabled, rules } = this.#deps.config().routing.mirror;
    if (!enabled || rules.length === 0) return undefined;
    const rule = rules.find(({ model }) => matchesPattern(model, facts.model ?? ''));
    return rule === undefined || this.#deps.random() >= rule.share ? undefined : { rule, tap: new HeardAnswer() };
  }

  /** Sends the copy. The client does not wait for it. */
  start(mirrored: Mirrored, answered: Omit<Original, 'durationMs'>): void {
    const durationMs = this.#deps.clock.monotonic() - answered.exchange.startedAt;
    const original = { ...answered, durationMs };
    void this.#copy(mirrored, original).catch((thrown) => this.#tell(mirrored, original, { thrown }));
  }

  /** Ends the copies that are under way. */
  close(): void {
    for (const departure of this.#copies) departure.leave();
  }

  async #copy(mirrored: Mirrored, original: Original): Promise<void> {
    const { clock, attempts, config, memory } = this.#deps;
    const resolution = this.#resolved(mirrored.rule, original);
    if (this.#copies.size >= maxCopies) throw new GatewayError('overloaded', 'Too many copies are under way.');
    const share = memory.share();
    const departure = new Departure();
    const timer = clock.setTimer(config().routing.mirror.timeout, () => departure.leave());
    this.#copies.add(departure);
    try {
      const { body } = original.exchange;
      if (body.length > uncountedBytes) share.take(body.length);
      const exchange = this.#copyOf(original.exchange, { departure, memory: share, startedAt: clock.monotonic() });
      const tap = new HeardAnswer();
      const { delivery, form, plan } = this.#prepared(exchange, { original, resolution, tap });
      try {
        const outcome = await attempts.run({ form, plan, delivery, policy: oneTry, deadlineMs: undefined });
        this.#tell(mirrored, original, { outcome, tap, form, startedAt: exchange.startedAt });
      } finally {
        delivery.close();
      }
    } finally {
      timer.cancel();
      share.release();
      this.#copies.delete(departure);
    }
  }

  /** Its attempts are not those of the request: nobody hears of them. */
  #copyOf(original: Exchange, own: Pick<Exchange, 'departure' | 'memory' | 'startedAt'>): Exchange {
    const unheard = { clock: this.#deps.clock, events: new EventBus() };
    const trail = new Trail(unheard, { requestId: original.id, startedAt: own.startedAt });
    return { ...original, ...own, reply: nowhere, trail };
  }

  /** Throws for a target that is not there, is full, or would take what must stay at home out of it. */
  #resolved({ target }: Rule, { exchange, facts, resolution }: Original): Resolution {
    const found = this.#deps.resolve({
      model: target.model ?? facts.model ?? '',
      operation: exchange.inbound.id.operation,
      lock: target.provider,
      localOnly: resolution.localOnly,
      needs: facts.needs.size === 0 ? undefined : [...facts.needs],
    });
    if (found.kind !== 'found') throw resolutionError(found, exchange.inbound.id.operation);
    const [first] = found.candidates;
    if (first !== undefined && this.#deps.concurrency.isFull(first.endpoint))
      throw new GatewayError('queue_full', `${first.endpoint.providerId} is at its limit.`);
    return found;
  }

  #prepared(
    exchange: Exchange,
    about: { readonly original: Original; readonly resolution: Resolution; readonly tap: AnswerTap },
  ) {
    const { clock, formats, config } = this.#deps;
    const { resolution, tap } = about;
    const { facts } = about.original;
    const plan = { kind: 'in-turn' as const, strategy: 'mirror', candidates: resolution.candidates };
    const delivery = new Delivery({
      clock,
      exchange,
      dialect: 'x-router-',
      requestedModel: facts.model ?? '',
      plan,
      stream: facts.stream,
      keepAliveMs: config().server.keepalive_after,
      tap,
      cost: () => undefined,
    });
    return {
      plan,
      delivery,
      form: new RequestForm({ exchange, facts, resolution, delivery, formats, nowMs: clock.now() }),
    };
  }

  #tell(mirrored: Mirrored, original: Original, copy: Copy): void {
    const { exchange, outcome } = original;
    const first = answered(outcome, original.durationMs);
    const told = { mirror: mirrored.rule.name, requestId: exchange.id, requestedModel: original.facts.model ?? '' };
    if ('thrown' in copy) {
      const code = GatewayError.from(copy.thrown).code;
      const nothing = { provider: '', model: '', code, durationMs: 0 };
      return this.#deps.events.emit('mirror-settled', { ...told, original: first, copy: nothing });
    }
    const second = settled(copy.outcome, this.#deps.clock.monotonic() - copy.startedAt);
    const alike = this.#compared(mirrored.tap, copy, original);
    this.#deps.events.emit('mirror-settled', { ...told, original: first, copy: second, similarity: alike });
  }

  /** How much the two answers have in common, where both are known whole; undefined where they are not. */
  #compared(heard: HeardAnswer, { outcome, tap, form }: Done, original: Original): number | undefined {
    if (outcome.kind !== 'answered' || heard.json === undefined || tap.json === undefined) return undefined;
    const outbound = this.#deps.formats.outbounds.get(original.exchange.inbound.id.protocol);
    const isChat = this.#deps.formats.inbounds.has(formatKey(original.exchange.inbound.id));
    if (outbound === undefined || !isChat || original.exchange.inbound.id.operation !== 'chat') return undefined;
    const { request } = form.decoded();
    const textOf = (json: JsonObject, target: Candidate) =>
      answerText(outbound.decodeResponse(json, { target, request }));
    return similarity(textOf(heard.json, original.outcome.candidate), textOf(tap.json, outcome.candidate));
  }
}

interface Done {
  readonly outcome: PlanOutcome;
  readonly tap: HeardAnswer;
  readonly form: RequestForm;
  readonly startedAt: number;
}

type Copy = Done | { readonly thrown: unknown };

const nowhere: Reply = {
  isStarted: false,
  start() {},
  write: () => true,
  onDrain() {},
  end() {},
  abort() {},
  send() {},
};

function settled(outcome: PlanOutcome, durationMs: number): MirroredAnswer {
  if (outcome.kind === 'answered') return answered(outcome, durationMs);
  const { candidate } = outcome;
  return {
    provider: candidate?.endpoint.providerId ?? '',
    model: candidate?.model.upstreamId ?? '',
    code: outcome.kind === 'client-closed' ? 'upstream_timeout' : outcome.error.code,
    durationMs,
  };
}

function answered({ candidate, usage, firstTokenMs }: Original['outcome'], durationMs: number): MirroredAnswer {
  return {
    provider: candidate.endpoint.providerId,
    model: candidate.model.upstreamId,
    code: 'ok',
    durationMs,
    firstTokenMs,
    usage,
    cost: usage === undefined ? undefined : priceOf(candidate, usage),
  };
}
