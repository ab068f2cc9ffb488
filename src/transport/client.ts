import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Endpoint } from '../core/model.ts';
import { remembered } from '../core/remembered.ts';
import { isLoopbackHost, type Reach } from './address.ts';
import { type Guard, guardedLookup, requireAllowedHost } from './guard.ts';
import { ipAddress } from './ip-address.ts';
import type { LookUp } from './look-up.ts';
import { networkError } from './network-error.ts';
import { Trust } from './trust.ts';
import { UndiciPool } from './undici-pool.ts';
import type { AnswerHandler, Sending, UpstreamPool, UpstreamRequest } from './upstream-pool.ts';

export interface TransportOptions {
  readonly clock: Clock;
  /** HTTP_PROXY, HTTPS_PROXY, NO_PROXY in either case. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The system's when left out. */
  readonly lookUp?: LookUp | undefined;
}

/** Owns the connection pools: one per endpoint, so that one slow provider takes no other's connections. */
export class Transport {
  readonly #options: TransportOptions;
  /** By the endpoint's key, then by origin and how far connections may go. */
  readonly #pools = new Map<string, Map<string, UpstreamPool>>();
  readonly #trust = new Trust();
  #isClosed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** Starts a request. Throws nothing: every failure arrives at `handler.onError`. */
  send(request: UpstreamRequest, handler: AnswerHandler): Sending {
    const place = placeOf(typeof request.url === 'string' ? request.url : request.url.href);
    try {
      return this.#poolFor(request, place).send(request, place.path, handler);
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

  /**
   * A connection that is kept open was judged by the limit that it was opened with, so each limit of a name has a pool
   * of its own. All connections to a literal go the same way.
   */
  #poolFor({ endpoint, limit = 'internet' }: UpstreamRequest, { origin, literal }: Place): UpstreamPool {
    if (this.#isClosed) throw new GatewayError('no_candidate', 'The router is shutting down.');
    const isLimited = limit !== 'internet';
    if (isLimited && literal !== undefined) requireAllowedHost({ who: endpoint.providerId, limit }, literal);
    const isProxied = !isLimited && !endpoint.isLocal;
    const isOwn = isLimited && literal === undefined;
    const key = isProxied ? `${origin} proxied` : isOwn ? `${origin} ${limit}` : origin;
    const pools = this.#pools.get(endpoint.key);
    const known = pools?.get(key);
    if (known !== undefined) return known;
    const pool = this.#openPool({ endpoint, origin, limit, isProxied });
    if (pools === undefined) this.#pools.set(endpoint.key, new Map([[key, pool]]));
    else pools.set(key, pool);
    return pool;
  }

  #openPool({ endpoint, origin, limit, isProxied }: PoolPlace): UpstreamPool {
    const { hostname } = new URL(origin);
    const { clock, environment, lookUp } = this.#options;
    const guard: Guard = { who: endpoint.providerId, limit, lookUp };
    requireAllowedHost(guard, hostname);
    // A proxy variable that swallows loopback is the commonest reason why a local server "does not answer".
    const proxies = isProxied && !isLoopbackHost(hostname) ? environment : undefined;
    return new UndiciPool({ clock, endpoint, origin, lookup: guardedLookup(guard), trust: this.#trust, proxies });
  }
}

interface PoolPlace {
  readonly endpoint: Endpoint;
  readonly origin: string;
  readonly limit: Reach;
  /** Where the environment names a proxy. */
  readonly isProxied: boolean;
}

interface Place {
  readonly origin: string;
  /** What is asked for there, query included. */
  readonly path: string;
  /** Its host, where that is an address. */
  readonly literal: string | undefined;
}

const placeOf = remembered((url): Place => {
  const from = url.indexOf('://') + 3;
  const slash = url.indexOf('/', from);
  const query = url.indexOf('?', from);
  const end = slash === -1 || (query !== -1 && query < slash) ? query : slash;
  const origin = end === -1 ? url : url.slice(0, end);
  const path = end === -1 ? '' : url.slice(end);
  return { origin, path: path.startsWith('/') ? path : `/${path}`, literal: literalOf(origin) };
});

function literalOf(origin: string): string | undefined {
  const host = URL.parse(origin)?.hostname;
  return host === undefined ? undefined : ipAddress(host)?.address;
}

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
