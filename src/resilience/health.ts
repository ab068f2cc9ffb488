export type HealthState = 'up' | 'down' | 'loading';

/** What an active check found at one address. */
export interface HealthCheck {
  /** In one spelling for all who name it. */
  readonly address: string;
  readonly state: HealthState;
  readonly reason: string;
}

interface Entry {
  readonly state: HealthState;
  readonly reason: string;
}

/**
 * Whether an address answers: told by discovery's probes (active) and by requests that were refused (passive). Only
 * addresses that are probed can be marked down by a request, since only a probe brings them back.
 */
export class Health {
  readonly #entries = new Map<string, Entry>();
  readonly #probed = new Set<string>();

  /** Takes over a round of probes. */
  observe(checks: readonly HealthCheck[]): void {
    this.#probed.clear();
    for (const { address, state, reason } of checks) {
      this.#probed.add(address);
      this.#entries.set(address, { state, reason });
    }
    for (const address of this.#entries.keys()) if (!this.#probed.has(address)) this.#entries.delete(address);
  }

  /** A request found nobody there. True when this changed something. */
  refused(address: string, reason: string): boolean {
    if (!this.#probed.has(address) || this.state(address) === 'down') return false;
    this.#entries.set(address, { state: 'down', reason });
    return true;
  }

  state(address: string): HealthState {
    return this.#entries.get(address)?.state ?? 'up';
  }
}
