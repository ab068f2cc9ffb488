import type { Config } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import type { RequestRecord } from '../core/events.ts';
import type { Count, SharedCounters } from '../core/shared-state.ts';
import type { ClientKey } from './keys.ts';
import { type RateLimit, rateLimitHeaders, rateLimitsOf, type Standing } from './rate-limits.ts';

export interface AdmissionDeps {
  readonly config: () => Config;
  readonly counters: SharedCounters;
  readonly keyNamed: (name: string) => ClientKey | undefined;
}

/** Whether a request may go on, and what every answer to it says of its limits. */
export interface Admitted {
  /** Flat list of names and values. */
  readonly headers: readonly string[];
  /** `rate_limited`; undefined when the request may go on. */
  readonly refusal: GatewayError | undefined;
}

const unlimited: Admitted = { headers: [], refusal: undefined };

/**
 * The one place that lets a request in before its body is read, and counts what it used when it has ended. A request
 * that is refused by one limit is given back to the others, so that a key at its limit does not use up everybody's.
 */
export class Admission {
  readonly #deps: AdmissionDeps;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
  }

  /** At once where the counts are local. */
  admit(key: ClientKey | undefined): Admitted | Promise<Admitted> {
    const limits = rateLimitsOf(this.#deps.config(), key);
    if (limits.length === 0) return unlimited;
    const counts = limits.map((limit) => this.#deps.counters.add(limit, limit.unit === 'requests' ? 1 : 0));
    if (counts.some((count) => count instanceof Promise)) {
      return Promise.all(counts).then((told) => this.#decide(limits, told));
    }
    return this.#decide(limits, counts as readonly Count[]);
  }

  /** Counts the tokens of a request that has ended. */
  settle({ usage, keyName }: Pick<RequestRecord, 'usage' | 'keyName'>): void {
    if (usage === undefined) return;
    const key = keyName === undefined ? undefined : this.#deps.keyNamed(keyName);
    for (const limit of rateLimitsOf(this.#deps.config(), key)) {
      if (limit.unit === 'tokens') void this.#deps.counters.add(limit, usage.input + usage.output);
    }
  }

  #decide(limits: readonly RateLimit[], counts: readonly Count[]): Admitted {
    const standings = limits.map((limit, index): Standing => ({ limit, count: counts[index] as Count }));
    const reached = standings.filter(isReached);
    const headers = rateLimitHeaders(standings);
    if (reached.length === 0) return { headers, refusal: undefined };
    for (const limit of limits) if (limit.unit === 'requests') void this.#deps.counters.add(limit, -1);
    return { headers, refusal: refusalBy(reached) };
  }
}

/** This request is in the count of requests already; its tokens are not known yet. */
function isReached({ limit, count }: Standing): boolean {
  return limit.unit === 'requests' ? count.value > limit.limit : count.value >= limit.limit;
}

/** By the limit that holds longest: before it is over there is no use in coming back. */
function refusalBy(reached: readonly Standing[]): GatewayError {
  const { limit, count } = reached.reduce((one, other) => (other.count.resetMs > one.count.resetMs ? other : one));
  const seconds = Math.ceil(count.resetMs / 1_000);
  return new GatewayError(
    'rate_limited',
    `The limit of ${limit.limit} ${limit.unit} a minute for ${limit.who} is reached; it is free again in ${seconds} s.`,
    { retryAfterMs: seconds * 1_000, hint: `wait ${seconds} s, or raise ${limit.setting}` },
  );
}
