import { Chain, type Link } from '../core/chain.ts';
import { GatewayError } from '../core/errors.ts';
import type { Candidate } from '../core/model.ts';

/** A server that was found not to answer. */
export interface Loss {
  /** `silent`: it takes connections and says nothing. `gone`: nothing answers there, or something else does. */
  readonly kind: 'silent' | 'gone';
  /** Monotonic milliseconds at which the look began that found it. */
  readonly sinceMs: number;
  /** For people: `127.0.0.1:11434 accepts connections but does not answer`. */
  readonly detail: string;
}

/** A request that waits for its server. */
export interface Waiter {
  /** Monotonic milliseconds at which it began to. */
  readonly since: number;
  onLoss(loss: Loss): void;
  /** Set by the place that it waits at. */
  link?: Link<Waiter> | undefined;
}

/** One server's address, with the requests that wait for it: for a place in its queue, or for its answer. */
export class Place {
  /** Monotonic milliseconds at which it last sent something, to any request. */
  heardAt = Number.NEGATIVE_INFINITY;
  readonly #waiters = new Chain<Waiter>();

  join(waiter: Waiter): void {
    waiter.link = this.#waiters.add(waiter);
  }

  /** Safe to repeat. */
  leave(waiter: Waiter): void {
    if (waiter.link !== undefined) this.#waiters.remove(waiter.link);
  }

  /** Tells those who were waiting before the look began; what came later may have met a server that is well again. */
  lose(loss: Loss): void {
    // A server whose looks are answered late, since it is busy, still sends what it is busy with.
    if (loss.kind === 'silent' && this.heardAt >= loss.sinceMs) return;
    for (const waiter of this.#waiters.items()) if (waiter.since <= loss.sinceMs) waiter.onLoss(loss);
  }
}

/**
 * Whether a request that has nothing of its answer yet gives its server up. One that is gone for new connections may be
 * ending in an orderly way and still answer what it has, so the last hope waits on; its connection will tell. One that
 * is silent tells nothing, not even to its own health check.
 */
export function givesUp(loss: Loss, isLastHope: boolean): boolean {
  return loss.kind === 'silent' || !isLastHope;
}

export function lossError({ endpoint }: Candidate, { kind, detail }: Loss): GatewayError {
  const message = `${endpoint.providerId} was found down while this request waited for it: ${detail}.`;
  const hint = kind === 'silent' ? 'Restart it; `router doctor` tells more.' : 'Start it again.';
  return new GatewayError('upstream_down', message, { hint });
}
