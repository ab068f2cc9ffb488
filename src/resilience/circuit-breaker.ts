import type { Clock } from '../core/clock.ts';

export interface BreakerSettings {
  /** Consecutive failures that open it. */
  readonly failureThreshold: number;
  /** Consecutive successes in half-open that close it. */
  readonly successThreshold: number;
  readonly cooldownMs: number;
}

export const defaultBreakerSettings: BreakerSettings = { failureThreshold: 5, successThreshold: 2, cooldownMs: 30_000 };

export type BreakerState = 'closed' | 'open' | 'half-open';

/** Circuits that are kept: a client can make failures under any number of model names. */
const maxCircuits = 1_024;

interface Circuit {
  failures: number;
  successes: number;
  openedAtMs: number;
  state: BreakerState;
  /** One probe at a time in half-open. */
  isProbing: boolean;
}

export interface BreakerEvents {
  opened(key: string, cooldownMs: number): void;
  closed(key: string): void;
}

/**
 * One circuit a key (an endpoint, or an endpoint and model). Owns its states; survives reloads. It never forbids: it
 * says who is to be asked last, since the last hope is always tried.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #settings: BreakerSettings;
  readonly #events: BreakerEvents;
  readonly #circuits = new Map<string, Circuit>();

  constructor(clock: Clock, settings: BreakerSettings, events: BreakerEvents) {
    this.#clock = clock;
    this.#settings = settings;
    this.#events = events;
  }

  /** Nothing failed lately: nobody needs to be asked about. */
  get isEmpty(): boolean {
    return this.#circuits.size === 0;
  }

  /** Circuits that are kept. */
  get size(): number {
    return this.#circuits.size;
  }

  /** Open turns half-open by time, not by a timer. */
  state(key: string): BreakerState {
    const circuit = this.#circuits.get(key);
    if (circuit === undefined) return 'closed';
    if (circuit.state === 'open' && this.#clock.monotonic() - circuit.openedAtMs >= this.#settings.cooldownMs) {
      circuit.state = 'half-open';
      circuit.successes = 0;
      circuit.isProbing = false;
    }
    return circuit.state;
  }

  /** Whether a request should be sent there while others could take it. */
  isPreferred(key: string): boolean {
    const state = this.state(key);
    if (state === 'closed') return true;
    return state === 'half-open' && this.#circuits.get(key)?.isProbing !== true;
  }

  /** A request goes there now; in half-open it is the probe. */
  begin(key: string): void {
    if (this.state(key) !== 'half-open') return;
    const circuit = this.#circuits.get(key);
    if (circuit !== undefined) circuit.isProbing = true;
  }

  succeeded(key: string): void {
    const circuit = this.#circuits.get(key);
    if (circuit === undefined) return;
    circuit.isProbing = false;
    circuit.failures = 0;
    if (circuit.state === 'closed') return void this.#circuits.delete(key);
    circuit.successes++;
    if (circuit.successes < this.#settings.successThreshold) return;
    this.#circuits.delete(key);
    this.#events.closed(key);
  }

  failed(key: string): void {
    const circuit = this.#circuits.get(key) ?? this.#add(key);
    circuit.isProbing = false;
    circuit.failures++;
    const shouldOpen = circuit.state === 'half-open' || circuit.failures >= this.#settings.failureThreshold;
    if (!shouldOpen) return;
    const wasClosed = circuit.state === 'closed';
    circuit.state = 'open';
    circuit.openedAtMs = this.#clock.monotonic();
    if (wasClosed) this.#events.opened(key, this.#settings.cooldownMs);
  }

  #add(key: string): Circuit {
    if (this.#circuits.size >= maxCircuits) this.#forgetOne();
    const circuit = newCircuit();
    this.#circuits.set(key, circuit);
    return circuit;
  }

  /** The oldest of those that are closed, which keep a few failures at most; the oldest of all when every one is open. */
  #forgetOne(): void {
    let oldest: string | undefined;
    for (const [key, { state }] of this.#circuits) {
      if (state === 'closed') return void this.#circuits.delete(key);
      oldest ??= key;
    }
    if (oldest !== undefined) this.reset(oldest);
  }

  /** Ended without saying anything about the upstream: the client left, or its own request was refused. */
  released(key: string): void {
    const circuit = this.#circuits.get(key);
    if (circuit !== undefined) circuit.isProbing = false;
  }

  /** An active check answered: what was counted against the address is stale. */
  reset(key: string): void {
    if (this.#circuits.delete(key)) this.#events.closed(key);
  }
}

function newCircuit(): Circuit {
  return { failures: 0, successes: 0, openedAtMs: 0, state: 'closed', isProbing: false };
}
