import type { Clock } from '../core/clock.ts';

export type HealthState = 'up' | 'down' | 'loading';

/** What an active check found at one address. */
export interface HealthCheck {
  /** In one spelling for all who name it. */
  readonly address: string;
  readonly state: HealthState;
}

/** A refusal counts this long: the probe it causes has spoken by then, or would have to be waited for. Milliseconds. */
const suspicionMs = 5_000;

/**
 * Whether an address answers: told by discovery's probes (active) and by requests that were refused (passive). Only
 * addresses that are probed can be marked down by a request, and only for a while: a server that was back before its
 * next probe changes nothing that anybody would tell.
 */
export class Health {
  readonly #clock: Clock;
  readonly #probed = new Map<string, HealthState>();
  /** Until when an address counts as down because it refused. */
  readonly #refused = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes over a round of probes. */
  observe(checks: readonly HealthCheck[]): void {
    const before = new Map(this.#probed);
    this.#probed.clear();
    for (const { address, state } of checks) {
      this.#probed.set(address, state);
      if (before.get(address) !== state) this.#refused.delete(address);
    }
  }

  /** A request found nothing listening there. True when this changed something. */
  refused(address: string): boolean {
    if (!this.#probed.has(address) || this.state(address) === 'down') return false;
    this.#refused.set(address, this.#clock.monotonic() + suspicionMs);
    return true;
  }

  state(address: string): HealthState {
    const until = this.#refused.get(address);
    if (until !== undefined) {
      if (this.#clock.monotonic() < until) return 'down';
      this.#refused.delete(address);
    }
    return this.#probed.get(address) ?? 'up';
  }
}
