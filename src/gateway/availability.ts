import type { GatewayError } from '../core/errors.ts';
import { type Candidate, candidateKey, type Endpoint } from '../core/model.ts';
import { addressKey } from '../registry/base-url.ts';
import type { CircuitBreaker, Probe } from '../resilience/circuit-breaker.ts';
import type { Cooldown } from '../resilience/cooldown.ts';
import type { Health } from '../resilience/health.ts';
import { isGone } from '../transport/network-error.ts';
import { type Loss, Place } from './waiting.ts';

export interface AvailabilityDeps {
  readonly health: Health;
  readonly breaker: CircuitBreaker;
  readonly cooldown: Cooldown;
  /** A request was refused at an address that is probed: look at once whether it is gone. */
  readonly suspect: (url: string) => void;
}

/** What a look at a server found. */
export interface ServerDown {
  /** In any spelling: `http://127.0.0.1:11434`. */
  readonly origin: string;
  readonly loss: Loss;
}

/** Of which circuits an attempt is the probe. */
export interface Permit {
  readonly endpoint: Probe | undefined;
  readonly model: Probe | undefined;
}

const noProbe: Permit = { endpoint: undefined, model: undefined };

/** URLs to addresses, remembered: the same few endpoints are asked about on every request. */
const addresses = new WeakMap<Endpoint, string>();

function addressOf({ endpoint }: Pick<Candidate, 'endpoint'>): string {
  let address = addresses.get(endpoint);
  if (address === undefined) {
    address = addressKey(endpoint.baseUrl);
    addresses.set(endpoint, address);
  }
  return address;
}

/** What each outcome says about the upstream, told to those who remember it. */
export class Availability {
  readonly #deps: AvailabilityDeps;
  /** By address. Endpoints come anew with every snapshot, and find theirs again. */
  readonly #places = new Map<string, Place>();
  readonly #placeOf = new WeakMap<Endpoint, Place>();

  constructor(deps: AvailabilityDeps) {
    this.#deps = deps;
  }

  /** Why a candidate should be asked last, in a word; undefined when it is as good as any. */
  reservation(candidate: Candidate): string | undefined {
    const { health, breaker, cooldown } = this.#deps;
    const state = health.state(addressOf(candidate));
    if (state !== 'up') return state;
    if (cooldown.isEmpty && breaker.isEmpty) return undefined;
    const key = candidateKey(candidate);
    if (cooldown.isCooling(key)) return 'cooldown';
    if (!breaker.isPreferred(candidate.endpoint.key) || !breaker.isPreferred(key)) return 'open';
    return undefined;
  }

  /** Its server answers, but not yet with a model. */
  isLoading(candidate: Candidate): boolean {
    return this.#deps.health.state(addressOf(candidate)) === 'loading';
  }

  /** Where requests for this candidate wait. Those of one server wait in one place, whatever they call it. */
  place({ endpoint }: Pick<Candidate, 'endpoint'>): Place {
    let place = this.#placeOf.get(endpoint);
    if (place === undefined) {
      const address = addressOf({ endpoint });
      place = this.#places.get(address) ?? new Place();
      this.#places.set(address, place);
      this.#placeOf.set(endpoint, place);
    }
    return place;
  }

  /** A look found a server down, for the first time or still. */
  lost({ origin, loss }: ServerDown): void {
    this.#places.get(addressKey(origin))?.lose(loss);
  }

  /** A request goes there now. What it returns goes back with the outcome. */
  begin(candidate: Candidate): Permit {
    const { breaker } = this.#deps;
    if (breaker.isEmpty) return noProbe;
    const endpoint = breaker.begin(candidate.endpoint.key);
    const model = breaker.begin(candidateKey(candidate));
    return endpoint === undefined && model === undefined ? noProbe : { endpoint, model };
  }

  succeeded(candidate: Candidate, permit: Permit): void {
    const { breaker, cooldown } = this.#deps;
    if (breaker.isEmpty && cooldown.isEmpty) return;
    const key = candidateKey(candidate);
    breaker.succeeded(candidate.endpoint.key, permit.endpoint);
    breaker.succeeded(key, permit.model);
    cooldown.end(key);
  }

  /** The client left, or its own request was refused: nothing is learnt. */
  released(candidate: Candidate, permit: Permit): void {
    this.#deps.breaker.released(candidate.endpoint.key, permit.endpoint);
    this.#deps.breaker.released(candidateKey(candidate), permit.model);
  }

  /** `nowMs` is monotonic. */
  failed(candidate: Candidate, error: GatewayError, about: { readonly permit: Permit; readonly nowMs: number }): void {
    const { breaker } = this.#deps;
    const { permit, nowMs } = about;
    const key = candidateKey(candidate);
    switch (error.code) {
      case 'upstream_connect':
        breaker.failed(candidate.endpoint.key, permit.endpoint);
        breaker.released(key, permit.model);
        if (this.#deps.health.refused(addressOf(candidate))) this.#deps.suspect(candidate.endpoint.baseUrl);
        if (isGone(error) && this.#isOneServer(candidate.endpoint)) {
          this.place(candidate).lose({ kind: 'gone', sinceMs: nowMs, detail: 'it takes no more connections' });
        }
        return;
      case 'upstream_rate_limited':
        this.#deps.cooldown.start(key, error.retryAfterMs);
        return this.released(candidate, permit);
      case 'upstream_timeout':
      case 'upstream_failed':
      case 'upstream_invalid':
      case 'upstream_busy':
      case 'stream_broken':
        breaker.released(candidate.endpoint.key, permit.endpoint);
        breaker.failed(key, permit.model);
        return;
      default:
        return this.released(candidate, permit);
    }
  }

  /** A hosted provider has many behind one name, so one refused connection says nothing of the others' requests. */
  #isOneServer(endpoint: Endpoint): boolean {
    return endpoint.isLocal || this.#deps.breaker.state(endpoint.key) === 'open';
  }
}
