import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Endpoint } from '../core/model.ts';

interface Waiter {
  grant(): void;
  refuse(error: GatewayError): void;
}

interface Lane {
  inFlight: number;
  limit: number;
  readonly waiting: Set<Waiter>;
}

/** Gives back one place; safe to call again. */
export type Release = () => void;

const nothing: Release = () => {};

/**
 * In-flight limits of endpoints. Requests over the limit wait in the order they came; a full queue or a wait that is
 * too long is `queue_full`, which sends them on to the next candidate.
 */
export class Concurrency {
  readonly #clock: Clock;
  readonly #lanes = new Map<string, Lane>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  inFlight(endpoint: Endpoint): number {
    return this.#lanes.get(endpoint.key)?.inFlight ?? 0;
  }

  /** Requests that wait for a place. */
  queued(endpoint: Endpoint): number {
    return this.#lanes.get(endpoint.key)?.waiting.size ?? 0;
  }

  isFull(endpoint: Endpoint): boolean {
    return endpoint.maxConcurrent !== undefined && this.inFlight(endpoint) >= endpoint.maxConcurrent;
  }

  /** A place at once, or undefined when there is none. */
  tryEnter(endpoint: Endpoint): Release | undefined {
    if (endpoint.maxConcurrent === undefined) return nothing;
    const lane = this.#lane(endpoint);
    return lane.inFlight < lane.limit && lane.waiting.size === 0 ? this.#enter(lane) : undefined;
  }

  /**
   * Waits for a place. Rejects with `queue_full`, or with the signal's reason: `client_closed` where that is not an
   * error of ours.
   */
  enter(endpoint: Endpoint, signal: AbortSignal): Promise<Release> {
    const now = this.tryEnter(endpoint);
    if (now !== undefined) return Promise.resolve(now);
    const lane = this.#lane(endpoint);
    if (lane.waiting.size >= endpoint.queue.max) return Promise.reject(queueFull(endpoint, 'its queue is full'));
    return this.#wait(lane, endpoint, signal);
  }

  #wait(lane: Lane, endpoint: Endpoint, signal: AbortSignal): Promise<Release> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        lane.waiting.delete(waiter);
        timer.cancel();
        signal.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        grant: () => {
          leave();
          resolve(this.#enter(lane));
        },
        refuse: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = () => {
        const left = new GatewayError('client_closed', 'The client left while it was queued.');
        waiter.refuse(signal.reason instanceof GatewayError ? signal.reason : left);
      };
      const timer = this.#clock.setTimer(endpoint.queue.timeoutMs, () =>
        waiter.refuse(queueFull(endpoint, `no place came free in ${endpoint.queue.timeoutMs} ms`)),
      );
      signal.addEventListener('abort', onAbort, { once: true });
      lane.waiting.add(waiter);
    });
  }

  #lane(endpoint: Endpoint): Lane {
    const lane = this.#lanes.get(endpoint.key) ?? { inFlight: 0, limit: 0, waiting: new Set<Waiter>() };
    lane.limit = endpoint.maxConcurrent ?? Number.POSITIVE_INFINITY;
    this.#lanes.set(endpoint.key, lane);
    return lane;
  }

  #enter(lane: Lane): Release {
    lane.inFlight++;
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      lane.inFlight--;
      const next = lane.waiting.values().next().value;
      if (next !== undefined && lane.inFlight < lane.limit) next.grant();
    };
  }
}

function queueFull(endpoint: Endpoint, why: string): GatewayError {
  return new GatewayError(
    'queue_full',
    `${endpoint.providerId} is at its limit of ${endpoint.maxConcurrent} requests and ${why}.`,
    { hint: `raise providers.${endpoint.providerId}.max_concurrent or its queue`, retryAfterMs: 1_000 },
  );
}
