import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Endpoint } from '../core/model.ts';
import { remembered } from '../core/remembered.ts';
import { isLoopbackHost } from './address.ts';
import { guardedLookup, requireAllowedHost } from './guard.ts';
import type { LookUp } from './look-up.ts';
import { networkError } from './network-error.ts';
import { UndiciPool } from './undici-pool.ts';
import type { AnswerHandler, Sending, UpstreamPool, UpstreamRequest } from './upstream-pool.ts';

export interface TransportOptions {
  readonly clock: Clock;
  /** HTTP_PROXY, HTTPS_PROXY, NO_PROXY in either case. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The system's when left out. */
  readonly lookUp?: LookUp | undefined;
}

/** Owns the connection pools: one per endpoint, so that one slow provider takes nobody else's connections. */
export class Transport {
  readonly #options: TransportOptions;
  /** By the endpoint's key, then by origin. */
  readonly #pools = new Map<string, Map<string, UpstreamPool>>();
  #isClosed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** Starts a request. Throws nothing: every failure arrives at `handler.onError`. */
  send(request: UpstreamRequest, handler: AnswerHandler): Sending {
    const { origin, path } = placeOf(typeof request.url === 'string' ? request.url : request.url.href);
    try {
      return this.#poolFor(request.endpoint, origin).send(request, path, handler);
    } catch (thrown) {
      return failing(networkError(thrown, request.endpoint, false), handler);
    }
  }

  /** Drops pools of endpoints that a reload removed; their requests in flight end first. */
  retain(endpointKeys: ReadonlySet<string>): void {
    for (const [key, pools] of this.#pools) {
      if (endpointKeys.has(key)) continue;
      this.#pools.delete(key);
      for (const pool of pools.values()) void pool.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#takePools().map((pool) => pool.close()));
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#takePools().map((pool) => pool.destroy()));
  }

  #takePools(): readonly UpstreamPool[] {
    this.#isClosed = true;
    const pools = [...this.#pools.values()].flatMap((origins) => [...origins.values()]);
    this.#pools.clear();
    return pools;
  }

  #poolFor(endpoint: Endpoint, origin: string): UpstreamPool {
    if (this.#isClosed) throw new GatewayError('no_candidate', 'The router is shutting down.');
    const origins = this.#pools.get(endpoint.key);
    const known = origins?.get(origin);
    if (known !== undefined) return known;
    const pool = this.#openPool(endpoint, origin);
    if (origins === undefined) this.#pools.set(endpoint.key, new Map([[origin, pool]]));
    else origins.set(origin, pool);
    return pool;
  }

  #openPool(endpoint: Endpoint, origin: string): UpstreamPool {
    const { hostname } = new URL(origin);
    const { clock, environment, lookUp } = this.#options;
    const guard = { who: endpoint.providerId, lookUp };
    requireAllowedHost(guard, hostname);
    // A proxy variable that swallows loopback is the commonest reason why a local server "does not answer".
    const mayBeProxied = !endpoint.isLocal && !isLoopbackHost(hostname);
    const proxies = mayBeProxied ? environment : undefined;
    return new UndiciPool({ clock, endpoint, origin, lookup: guardedLookup(guard), proxies });
  }
}

interface Place {
  readonly origin: string;
  /** What is asked for there, query included. */
  readonly path: string;
}

const placeOf = remembered((url): Place => {
  const from = url.indexOf('://') + 3;
  const slash = url.indexOf('/', from);
  const query = url.indexOf('?', from);
  const end = slash === -1 || (query !== -1 && query < slash) ? query : slash;
  if (end === -1) return { origin: url, path: '/' };
  const path = url.slice(end);
  return { origin: url.slice(0, end), path: path.startsWith('/') ? path : `/${path}` };
});

/** A request that has failed before it began. */
function failing(error: GatewayError, handler: AnswerHandler): Sending {
  let isAborted = false;
  queueMicrotask(() => {
    if (!isAborted) handler.onError(error);
  });
  return {
    abort: () => {
      isAborted = true;
    },
    pause: () => undefined,
    resume: () => undefined,
  };
}
