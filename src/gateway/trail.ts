import type { Clock } from '../core/clock.ts';
import type { GatewayError } from '../core/errors.ts';
import type { AttemptBegun, AttemptRecord, EventBus } from '../core/events.ts';
import type { Candidate, Plan, Usage } from '../core/model.ts';
import type { Resolution } from '../registry/resolution.ts';

/** A place that was passed over. */
export interface Skipped {
  /** `ollama;down` */
  readonly label: string;
  /** Undefined for a place that could not even be planned with. */
  readonly candidate: Candidate | undefined;
}

/** How the attempts for a request ended, all together. */
export interface Conclusion {
  readonly kind: 'answered' | 'failed' | 'broken' | 'client-closed';
  /** Who answered, or failed last; undefined when nobody was asked. */
  readonly candidate: Candidate | undefined;
  readonly error: GatewayError | undefined;
  readonly usage: Usage | undefined;
  /** US dollars; undefined when unknown. */
  readonly cost: number | undefined;
  readonly firstTokenMs: number | undefined;
}

export interface TrailDeps {
  readonly clock: Clock;
  readonly events: EventBus;
}

export interface TrailOf {
  readonly requestId: string;
  /** Monotonic milliseconds at which the request's head had been read. */
  readonly startedAt: number;
}

/** What an attempt has come to. */
export type AttemptEnd = Pick<AttemptRecord, 'code' | 'status' | 'message' | 'queueMs'>;

/** What has happened to a request so far: read by its headers, its errors, and what is told when it is over. */
export class Trail {
  readonly #deps: TrailDeps;
  readonly #of: TrailOf;
  /** Ended, in the order in which they did. */
  readonly attempts: AttemptRecord[] = [];
  #begun = 0;
  /** Requests begun on the wire. */
  sent = 0;
  readonly skipped: Skipped[] = [];
  /** The first configured candidate could not even be planned with. */
  isFirstMissing = false;
  /** Everything that was sent so far stayed in the user's network; undefined before anything was sent. */
  isLocal: boolean | undefined;
  /** Name of the conditional route that said where it goes. */
  route: string | undefined;
  /** The tier that the request went to for how hard it is; no score where the caller named the tier. */
  tier: { readonly name: string; readonly score: number | undefined } | undefined;
  /** What the cache of answers did; undefined while there is none. */
  cache: 'hit' | 'miss' | 'bypass' | undefined;
  /** As the client wrote it, cut where it is long. */
  requestedModel = '';
  isStream = false;
  resolution: Resolution | undefined;
  plan: Plan | undefined;
  /** What the target's protocol could not carry. */
  drops: readonly string[] = [];
  conclusion: Conclusion | undefined;

  constructor(deps: TrailDeps, of: TrailOf) {
    this.#deps = deps;
    this.#of = of;
  }

  /** A name has led somewhere. */
  resolved(resolution: Resolution, plan: Plan): void {
    this.resolution = resolution;
    this.plan = plan;
    this.#deps.events.emit('request-resolved', {
      requestId: this.#of.requestId,
      model: resolution.requested,
      rule: resolution.rule,
      strategy: plan.strategy,
      candidates: () => plan.candidates.map(nameOf),
    });
  }

  /** An attempt begins; `end` is to follow, once. */
  begin({ endpoint, model }: Candidate): AttemptBegun {
    const begun: AttemptBegun = {
      requestId: this.#of.requestId,
      number: this.#begun++,
      provider: endpoint.providerId,
      model: model.upstreamId,
      startMs: this.#sinceStart(),
    };
    this.#deps.events.emit('attempt-begun', begun);
    return begun;
  }

  end(begun: AttemptBegun, { code, status, message, queueMs }: AttemptEnd): void {
    const { requestId, number, provider, model, startMs } = begun;
    const durationMs = this.#sinceStart() - startMs;
    const ended = { requestId, number, provider, model, code, status, startMs, durationMs, queueMs, message };
    this.attempts.push(ended);
    this.#deps.events.emit('attempt-ended', ended);
  }

  #sinceStart(): number {
    return this.#deps.clock.monotonic() - this.#of.startedAt;
  }
}

/** `ollama:llama3.1` */
export function nameOf({ endpoint, model }: Candidate): string {
  return `${endpoint.providerId}:${model.upstreamId}`;
}
