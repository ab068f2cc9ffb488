import type { Concurrency, Release } from '../access/concurrency.ts';
import type { Batch } from '../core/batch.ts';
import { type Clock, delay } from '../core/clock.ts';
import type { Departure } from '../core/departure.ts';
import { GatewayError } from '../core/errors.ts';
import type { LoopMark } from '../core/loop-mark.ts';
import type { AuthKind, Candidate, Endpoint, Plan, Usage } from '../core/model.ts';
import type { TimeLimits } from '../core/time-limits.ts';
import type { Formats } from '../protocols/formats.ts';
import { type RetrySettings, retryDelay } from '../resilience/retry.ts';
import type { Stats } from '../resilience/stats.ts';
import type { Transport } from '../transport/client.ts';
import { Attempt, type AttemptOutcome } from './attempt.ts';
import { answeredAt, endOf, measurement } from './attempt-record.ts';
import type { Availability, Permit } from './availability.ts';
import type { Delivery } from './delivery.ts';
import { type FailoverPolicy, mayMoveOn, nextFitting } from './failover.ts';
import type { MediaFetcher } from './media.ts';
import { prepare } from './prepare.ts';
import type { Prepared } from './prepared.ts';
import { type Contender, type Finish, race, unrivalled } from './race.ts';
import { limitFor, staysLocal } from './reach.ts';
import type { RequestForm } from './request-form.ts';
import type { Skipped } from './trail.ts';
import { givesUp, lossError, type Waiter } from './waiting.ts';

/** Credentials that depend on the request or the time: signatures, tokens that expire. */
export type Authorize = (
  endpoint: Endpoint,
  request: { readonly url: string; readonly headers: readonly string[]; readonly body: Buffer },
  signal: AbortSignal,
) => Promise<Readonly<Record<string, string>>>;

export interface AttemptsDeps {
  readonly clock: Clock;
  readonly batch: Batch;
  readonly limits: TimeLimits;
  readonly transport: Transport;
  readonly formats: Formats;
  readonly media: MediaFetcher;
  readonly mark: LoopMark;
  readonly availability: Availability;
  readonly stats: Stats;
  readonly concurrency: Concurrency;
  /** Asked for each failure, since a reload may change it. */
  readonly retry: () => RetrySettings;
  readonly random: () => number;
  readonly authorizers: Readonly<Partial<Record<AuthKind, Authorize>>>;
}

export interface AttemptsInput {
  readonly form: RequestForm;
  readonly plan: Plan;
  readonly delivery: Delivery;
  readonly policy: FailoverPolicy;
  /** Total time of a request that is not streamed. */
  readonly deadlineMs: number | undefined;
}

export type PlanOutcome =
  | {
      readonly kind: 'answered';
      readonly candidate: Candidate;
      readonly status: number;
      readonly usage: Usage | undefined;
      readonly firstTokenMs: number | undefined;
    }
  | { readonly kind: 'failed'; readonly error: GatewayError; readonly candidate: Candidate | undefined }
  | {
      readonly kind: 'broken';
      readonly error: GatewayError;
      readonly candidate: Candidate;
      readonly usage: Usage | undefined;
    }
  | { readonly kind: 'client-closed'; readonly candidate: Candidate | undefined; readonly usage: Usage | undefined };

/** What an attempt has to know of those beside and behind it. */
interface Occasion {
  readonly contender: Contender;
  /** Another candidate can be asked instead, and this one later. */
  readonly isDeferrable: () => boolean;
}

/** When an attempt had its turn. */
interface Turn {
  /** Monotonic milliseconds. */
  askedAt: number;
  /** Of it, spent waiting for a place at the provider. */
  queueMs: number;
}

/** Between looks at whether a server has loaded its model. Milliseconds. */
const loadingPollMs = 100;

/** The one loop over candidates. Nothing else begins attempts. */
export class Attempts {
  readonly #deps: AttemptsDeps;

  constructor(deps: AttemptsDeps) {
    this.#deps = deps;
  }

  async run(input: AttemptsInput): Promise<PlanOutcome> {
    const { trail, departure } = input.form.exchange;
    const { order: planned, available } = this.#order(input);
    const order = [...planned];
    let racers = racersOf(input, order.slice(0, available));
    const errors: GatewayError[] = [];
    let needed: { readonly context: number } | undefined;
    let candidate: Candidate | undefined;
    let retries = 0;
    for (let index = Math.max(0, racers.length - 1), tried = index + 1; index < order.length; ) {
      candidate = order[index] as Candidate;
      unskip(trail.skipped, candidate);
      const mayMove = input.policy.enabled && tried < input.policy.maxAttempts;
      const isLastHope = !mayMove || nextFitting(order, index + 1, needed) === -1;
      let outcome: AttemptOutcome | { readonly kind: 'deferred' };
      if (racers.length === 0) {
        const at = index;
        const isDeferrable = () => at < available && this.#hasAvailable(order.slice(at + 1));
        outcome = await this.#once(input, candidate, { contender: unrivalled(departure, isLastHope), isDeferrable });
      } else ({ candidate, outcome } = await this.#race(input, racers, errors));
      racers = [];
      if (outcome.kind === 'deferred') {
        trail.skipped.push({ label: `${candidate.endpoint.providerId};open`, candidate });
        order.push(candidate);
        index++;
        continue;
      }
      if (outcome.kind !== 'failed') return { ...outcome, candidate };
      const { error } = outcome;
      errors.push(error);
      const leftMs = this.#leftMs(input);
      if (leftMs <= 0) break;
      if (error.code === 'upstream_context') needed = { context: candidate.model.context ?? 0 };
      const move = mayMoveOn(error, outcome.status, input.policy);
      const next = move && tried < input.policy.maxAttempts ? nextFitting(order, index + 1, needed) : -1;
      if (next !== -1) {
        index = next;
        tried++;
        continue;
      }
      if (await this.#hasLoaded(input, candidate)) continue;
      const { retry, random } = this.#deps;
      const waitMs = retryDelay(outcome, { retry: retries++, settings: retry(), random });
      if (waitMs === undefined || waitMs >= leftMs) break;
      if (!(await waited(this.#deps.clock, waitMs, departure.signal)))
        return { kind: 'client-closed', candidate, usage: undefined };
    }
    return { kind: 'failed', error: finalError(errors), candidate };
  }

  /** The winner, or of those that all failed the one that decides how it goes on; the others' errors are added. */
  async #race(input: AttemptsInput, racers: readonly Candidate[], errors: GatewayError[]): Promise<Finish> {
    const { departure } = input.form.exchange;
    const { winner, others } = await race(racers, departure, async (candidate, contender) => {
      const outcome = await this.#once(input, candidate, { contender, isDeferrable: () => false });
      if (outcome.kind === 'deferred') throw new TypeError('a contender of a race is not deferred');
      return outcome;
    });
    if (winner !== undefined) return winner;
    const final = ({ outcome }: Finish) =>
      outcome.kind === 'failed' && !mayMoveOn(outcome.error, outcome.status, input.policy);
    const decisive = others.find(({ outcome }) => outcome.kind !== 'failed') ?? others.find(final) ?? others.at(-1);
    for (const one of others) if (one !== decisive && one.outcome.kind === 'failed') errors.push(one.outcome.error);
    return decisive as Finish;
  }

  /**
   * Waits for a server that is loading its model, as long as for a model that loads within a request, and without
   * asking it over and over: discovery tells when it is done. False when there was nothing to wait for, or in vain.
   */
  async #hasLoaded(input: AttemptsInput, candidate: Candidate): Promise<boolean> {
    const { clock, availability } = this.#deps;
    const { startedAt, departure } = input.form.exchange;
    if (!availability.isLoading(candidate)) return false;
    const until =
      startedAt + Math.min(candidate.endpoint.timeouts.firstTokenMs, input.deadlineMs ?? Number.POSITIVE_INFINITY);
    while (availability.isLoading(candidate)) {
      if (clock.monotonic() + loadingPollMs > until) return false;
      if (!(await waited(clock, loadingPollMs, departure.signal))) return false;
    }
    return true;
  }

  /** Until the request's own deadline: an attempt that cannot end in time is not begun. */
  #leftMs({ deadlineMs, form }: AttemptsInput): number {
    if (deadlineMs === undefined) return Number.POSITIVE_INFINITY;
    return form.exchange.startedAt + deadlineMs - this.#deps.clock.monotonic();
  }

  /** Available candidates first, in the plan's order; the others after them, since the last hope is tried too. */
  #order(input: AttemptsInput): { readonly order: readonly Candidate[]; readonly available: number } {
    const { trail } = input.form.exchange;
    const { candidates } = input.plan;
    const { availability } = this.#deps;
    if (candidates.every((candidate) => availability.reservation(candidate) === undefined))
      return { order: candidates, available: candidates.length };
    const available: Candidate[] = [];
    const reserved: Candidate[] = [];
    for (const candidate of candidates) {
      const why = availability.reservation(candidate);
      if (why === undefined) {
        available.push(candidate);
        continue;
      }
      reserved.push(candidate);
      trail.skipped.push({ label: `${candidate.endpoint.providerId};${why}`, candidate });
    }
    return { order: [...available, ...reserved], available: available.length };
  }

  #hasAvailable(candidates: readonly Candidate[]): boolean {
    return candidates.some((candidate) => this.#deps.availability.reservation(candidate) === undefined);
  }

  async #once(
    input: AttemptsInput,
    candidate: Candidate,
    { contender, isDeferrable }: Occasion,
  ): Promise<AttemptOutcome | { readonly kind: 'deferred' }> {
    const { clock, availability, stats } = this.#deps;
    const { exchange, facts } = input.form;
    // Its circuit may have opened since the order was made, or another request begun to find out.
    if (availability.reservation(candidate) === 'open' && isDeferrable()) return { kind: 'deferred' };
    const permit = availability.begin(candidate);
    const measured = stats.begin(candidate, facts.stream ? 'stream' : 'whole');
    const { trail } = exchange;
    const begun = trail.begin(candidate);
    const turn: Turn = { askedAt: clock.monotonic(), queueMs: 0 };
    let outcome: AttemptOutcome;
    try {
      outcome = await this.#send(input, candidate, { contender, turn });
      this.#learn(candidate, outcome, permit);
    } catch (thrown) {
      availability.released(candidate, permit);
      const error = GatewayError.from(thrown);
      if (error.code === 'internal') {
        measured({ kind: 'unknown' });
        trail.end(begun, { code: error.code, status: undefined, message: error.message, queueMs: turn.queueMs });
        throw thrown;
      }
      outcome = unsent(error);
    }
    const { hasLost } = contender;
    const latencyMs = (answeredAt(outcome, exchange.startedAt) ?? clock.monotonic()) - turn.askedAt;
    measured(measurement(outcome, { latencyMs, hasLost }));
    trail.end(begun, endOf(outcome, { hasLost, queueMs: turn.queueMs }));
    return outcome;
  }

  /** Rejects with what kept the request from being sent. */
  async #send(
    input: AttemptsInput,
    candidate: Candidate,
    { contender, turn }: { readonly contender: Contender; readonly turn: Turn },
  ): Promise<AttemptOutcome> {
    const { availability, clock, concurrency } = this.#deps;
    const { exchange, facts, localOnly } = input.form;
    const { departure } = contender;
    const { trail } = exchange;
    const preparing = this.#prepared(input, candidate, departure);
    const prepared = preparing instanceof Promise ? await preparing : preparing;
    const queuedAt = clock.monotonic();
    let release = concurrency.tryEnter(candidate.endpoint);
    if (release === undefined) {
      try {
        release = await this.#queued(candidate, contender);
      } finally {
        turn.queueMs = clock.monotonic() - queuedAt;
      }
    }
    turn.askedAt = queuedAt + turn.queueMs;
    try {
      return await Attempt.run(this.#deps, {
        candidate,
        prepared,
        stream: facts.stream,
        delivery: input.delivery,
        departure,
        memory: exchange.memory,
        deadline: input.deadlineMs === undefined ? undefined : exchange.startedAt + input.deadlineMs,
        place: availability.place(candidate),
        isLastHope: contender.isLastHope,
        claim: () => contender.claim(),
        onSent: () => {
          trail.sent++;
        },
        limit: limitFor(localOnly, candidate),
        onConnected: (reach) => {
          trail.isLocal = staysLocal(candidate, reach) && trail.isLocal !== false;
        },
      });
    } finally {
      release();
    }
  }

  /** A place at the endpoint, when one comes free. Its server being found down is an end of the queue too. */
  async #queued(candidate: Candidate, { departure, isLastHope }: Contender): Promise<Release> {
    const { availability, clock, concurrency } = this.#deps;
    const lost = new AbortController();
    const place = availability.place(candidate);
    const waiter: Waiter = {
      since: clock.monotonic(),
      onLoss: (loss) => {
        if (givesUp(loss, isLastHope)) lost.abort(lossError(candidate, loss));
      },
    };
    place.join(waiter);
    try {
      return await concurrency.enter(candidate.endpoint, AbortSignal.any([departure.signal, lost.signal]));
    } finally {
      place.leave(waiter);
    }
  }

  /** At once for bytes that are passed through with a plain credential. */
  #prepared(input: AttemptsInput, candidate: Candidate, departure: Departure): Prepared | Promise<Prepared> {
    const prepared = prepare(input.form, candidate, this.#deps);
    const authorize = this.#deps.authorizers[candidate.endpoint.auth];
    return authorize === undefined ? prepared : this.#authorized(prepared, { departure, candidate, authorize });
  }

  async #authorized(
    preparing: Prepared | Promise<Prepared>,
    about: { readonly departure: Departure; readonly candidate: Candidate; readonly authorize: Authorize },
  ): Promise<Prepared> {
    const { departure, candidate, authorize } = about;
    const prepared = await preparing;
    const extra = await authorize(candidate.endpoint, prepared, departure.signal);
    return prepared.withHeaders(Object.entries(extra).flat());
  }

  #learn(candidate: Candidate, outcome: AttemptOutcome, permit: Permit): void {
    const { availability } = this.#deps;
    if (outcome.kind === 'answered') availability.succeeded(candidate, permit);
    else if (outcome.kind === 'client-closed') availability.released(candidate, permit);
    else availability.failed(candidate, outcome.error, { permit, nowMs: this.#deps.clock.monotonic() });
  }
}

/** What comes of an attempt that nothing was sent for. */
function unsent(error: GatewayError): AttemptOutcome {
  if (error.code === 'client_closed') return { kind: 'client-closed', status: undefined, usage: undefined };
  return { kind: 'failed', error, status: undefined };
}

/** A candidate that was put last and is tried after all has not been skipped. */
function unskip(skipped: Skipped[], candidate: Candidate): void {
  const at = skipped.findIndex((one) => one.candidate === candidate);
  if (at !== -1) skipped.splice(at, 1);
}

async function waited(clock: Clock, delayMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(clock, delayMs, signal);
    return true;
  } catch {
    return false;
  }
}

/** The last candidate's error; when all were 429, with the shortest wait among them. */
function finalError(errors: readonly GatewayError[]): GatewayError {
  const last = errors.at(-1);
  if (last === undefined) return new GatewayError('no_candidate', 'No candidate is left for this request.');
  const waits = errors.map((error) => error.retryAfterMs).filter((wait) => wait !== undefined);
  if (waits.length === 0 || errors.some((error) => error.code !== 'upstream_rate_limited')) return last;
  const { code, message, status, detail, hint, upstreamStatus } = last;
  return new GatewayError(code, message, {
    status,
    detail,
    hint,
    upstreamStatus,
    retryAfterMs: Math.min(...waits),
    cause: last,
  });
}

/** Those that are asked at once: none unless the plan is a race and two of them are there for it. */
function racersOf({ plan, policy }: AttemptsInput, available: readonly Candidate[]): readonly Candidate[] {
  switch (plan.kind) {
    case 'in-turn':
      return [];
    case 'at-once': {
      const racers = available.slice(0, Math.min(plan.width, policy.maxAttempts));
      return racers.length < 2 ? [] : racers;
    }
  }
}
