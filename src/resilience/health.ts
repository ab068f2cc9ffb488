import type { ServerFacts } from '../core/facts.ts';

export type HealthState = 'up' | 'down' | 'loading';

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

  /** Takes over a round of probes. `address` is the origin of the endpoint. */
  observe(servers: readonly ServerFacts[]): void {
    this.#probed.clear();
    for (const server of servers) {
      this.#probed.add(server.origin);
      const state = server.state === 'down' ? 'down' : server.state === 'loading' ? 'loading' : 'up';
      this.#entries.set(server.origin, { state, reason: server.detail ?? server.state });
    }
    for (const origin of this.#entries.keys()) if (!this.#probed.has(origin)) this.#entries.delete(origin);
  }

  /** A request found nobody there. True when this changed something. */
  refused(origin: string, reason: string): boolean {
    if (!this.#probed.has(origin) || this.state(origin) === 'down') return false;
    this.#entries.set(origin, { state: 'down', reason });
    return true;
  }

  state(origin: string): HealthState {
    return this.#entries.get(origin)?.state ?? 'up';
  }
}
