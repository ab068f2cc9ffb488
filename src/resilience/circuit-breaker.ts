import type { Config } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';

export interface BreakerSettings {
  /** False: no circuit counts or holds anything back, as if all were closed. */
  readonly enabled: boolean;
  /** Consecutive failures that open it. */
  readonly failureThreshold: number;
  /** Consecutive successes in half-open that close it. */
  readonly successThreshold: number;
  readonly cooldownMs: number;
}

/** What `routing.circuit_breaker` says. */
export function breakerSettings(config: Config['routing']['circuit_breaker']): BreakerSettings {
  return {
    enabled: config.enabled,
    failureThreshold: config.failure_threshold,
    successThreshold: config.success_threshold,
    cooldownMs: config.cooldown,
  };
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/** Circuits that are kept: a client can make failures under any number of model names. */
const maxCircuits = 1_024;

interface Circuit {
  failures: number;
  successes: number;
  openedAtMs: number;
  state: BreakerState;
  /** The one request that finds out, in half-open. */
  probe: Probe | undefined;
}

/** Held by the request that is a circuit's probe, and given back with its outcome. */
export type Probe = object;

export interface BreakerEvents {
  opened(key: string, cooldownMs: number): void;
  closed(key: string): void;
}

/**
 * One circuit a key (an endpoint, or an endpoint and model). Owns its states, which survive reloads, also one that
 * changes the settings. It never forbids: it says which candidates are to be asked last, since the last hope is always
 * tried.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #settings: () => BreakerSettings;
  readonly #events: BreakerEvents;
  readonly #circuits = new Map<string, Circuit>();

  constructor(clock: Clock, settings: () => BreakerSettings, events: BreakerEvents) {
    this.#clock = clock;
    this.#settings = settings;
    this.#events = events;
  }

  /** Nothing failed lately, so no endpoint needs to be looked at. */
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
    const { enabled, cooldownMs } = this.#settings();
    if (!enabled) return 'closed';
    if (circuit.state === 'open' && this.#clock.monotonic() - circuit.openedAtMs >= cooldownMs) {
      circuit.state = 'half-open';
      circuit.successes = 0;
      circuit.probe = undefined;
    }
    return circuit.state;
  }

  /** Whether a request should be sent there while others could take it. */
  isPreferred(key: string): boolean {
    const state = this.state(key);
    if (state === 'closed') return true;
    return state === 'half-open' && this.#circuits.get(key)?.probe === undefined;
  }

  /** A request goes there now. The probe that it is, when the circuit is half-open and no other request is one. */
  begin(key: string): Probe | undefined {
    if (this.state(key) !== 'half-open') return undefined;
    const circuit = this.#circuits.get(key);
    if (circuit === undefined || circuit.probe !== undefined) return undefined;
    circuit.probe = {};
    return circuit.probe;
  }

  succeeded(key: string, probe: Probe | undefined): void {
    const circuit = this.#circuits.get(key);
    if (circuit === undefined) return;
    endProbe(circuit, probe);
    circuit.failures = 0;
    if (circuit.state === 'closed') return void this.#circuits.delete(key);
    circuit.successes++;
    if (circuit.successes < this.#settings().successThreshold) return;
    this.#circuits.delete(key);
    this.#events.closed(key);
  }

  failed(key: string, probe: Probe | undefined): void {
    const { enabled, failureThreshold, cooldownMs } = this.#settings();
    if (!enabled) return this.released(key, probe);
    const circuit = this.#circuits.get(key) ?? this.#add(key);
    endProbe(circuit, probe);
    circuit.failures++;
    const shouldOpen = circuit.state === 'half-open' || circuit.failures >= failureThreshold;
    if (!shouldOpen) return;
    const wasClosed = circuit.state === 'closed';
    circuit.state = 'open';
    circuit.openedAtMs = this.#clock.monotonic();
    if (wasClosed) this.#events.opened(key, cooldownMs);
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
  released(key: string, probe: Probe | undefined): void {
    const circuit = this.#circuits.get(key);
    if (circuit !== undefined) endProbe(circuit, probe);
  }

  /** An active check answered: what was counted against the address is stale. */
  reset(key: string): void {
    if (this.#circuits.delete(key)) this.#events.closed(key);
  }
}

function newCircuit(): Circuit {
  return { failures: 0, successes: 0, openedAtMs: 0, state: 'closed', probe: undefined };
}

/** Only the probe itself makes room for the next one: others may end while it runs. */
function endProbe(circuit: Circuit, probe: Probe | undefined): void {
  if (circuit.probe === probe) circuit.probe = undefined;
}
