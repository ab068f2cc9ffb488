import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { getCACertificates } from 'node:tls';
import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { GatewayError } from '../core/errors.ts';
import type { Endpoint } from '../core/model.ts';
import { isLoopbackHost, isMetadataHost } from './address.ts';
import { isReset, networkError } from './network-error.ts';

export interface UpstreamRequest {
  readonly endpoint: Endpoint;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Whole URL. */
  readonly url: URL | string;
  /** Flat list of names and values, credential included. */
  readonly headers: string[];
  readonly body: Buffer | undefined;
}

/** Told in this order; exactly one of onEnd and onError comes last. */
export interface AnswerHandler {
  onHeaders(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: GatewayError): void;
}

/** A request under way. `abort` closes its connection, so that the upstream stops generating. */
export interface Sending {
  abort(): void;
  pause(): void;
  resume(): void;
}

export interface TransportOptions {
  /** HTTP_PROXY, HTTPS_PROXY, NO_PROXY in either case. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

class Aborted extends Error {}
const aborted = new Aborted('aborted by the router');

/** Owns the connection pools: one per endpoint, so that one slow provider takes nobody else's connections. */
export class Transport {
  readonly #environment: TransportOptions['environment'];
  readonly #pools = new Map<string, PooledEndpoint>();
  /** Read on the first https endpoint: a purely local router never pays for it. */
  #certificates: string[] | undefined;
  #isClosed = false;

  constructor(options: TransportOptions) {
    this.#environment = options.environment;
  }

  /** Starts a request. Throws nothing: every failure arrives at `handler.onError`. */
  send(request: UpstreamRequest, handler: AnswerHandler): Sending {
    const exchange = new UpstreamExchange(request, handler, () => this.#poolFor(request));
    exchange.start();
    return exchange;
  }

  /** Drops pools of endpoints that a reload removed; their requests in flight end first. */
  retain(endpointKeys: ReadonlySet<string>): void {
    for (const [key, pool] of this.#pools) {
      if (endpointKeys.has(pool.endpointKey)) continue;
      this.#pools.delete(key);
      void pool.dispatcher.close();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.dispatcher.close()));
  }

  async destroy(): Promise<void> {
    this.#isClosed = true;
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.dispatcher.destroy()));
  }

  #poolFor(request: UpstreamRequest): PooledEndpoint {
    if (this.#isClosed) throw new GatewayError('no_candidate', 'The router is shutting down.');
    const { endpoint } = request;
    const url = typeof request.url === 'string' ? request.url : request.url.href;
    const origin = originOf(url);
    const key = `${endpoint.key} ${origin}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    if (isMetadataHost(new URL(origin).hostname)) throw metadataError(endpoint);
    if (origin.startsWith('https:')) this.#certificates ??= readCertificates();
    const created = openPool(endpoint, origin, { environment: this.#environment, certificates: this.#certificates });
    this.#pools.set(key, created);
    return created;
  }
}

interface PooledEndpoint {
  readonly endpointKey: string;
  readonly origin: string;
  readonly dispatcher: Dispatcher;
  /** Connections opened so far; tells a reused socket from a fresh one. */
  connects: number;
}

function originOf(url: string): string {
  const end = url.indexOf('/', url.indexOf('://') + 3);
  return end === -1 ? url : url.slice(0, end);
}

interface PoolContext {
  readonly environment: TransportOptions['environment'];
  readonly certificates: string[] | undefined;
}

function openPool(endpoint: Endpoint, origin: string, context: PoolContext): PooledEndpoint {
  const options: Pool.Options = {
    // Our own timers rule: a model that loads for minutes is no failure of the connection.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    pipelining: 1,
    connections: endpoint.poolSize ?? null,
    connect: {
      timeout: endpoint.timeouts.connectMs,
      lookup: guardedLookup(endpoint),
      noDelay: true,
      ...(context.certificates === undefined ? {} : { ca: context.certificates }),
    },
  };
  const dispatcher = isProxied(endpoint, origin) ? proxied(endpoint, options, context) : new Pool(origin, options);
  const pool = { endpointKey: endpoint.key, origin, dispatcher, connects: 0 };
  dispatcher.on('connect', () => {
    pool.connects++;
  });
  return pool;
}

/** A proxy variable that swallows loopback is the commonest reason why a local server "does not answer". */
function isProxied(endpoint: Endpoint, origin: string): boolean {
  return !endpoint.isLocal && !isLoopbackHost(new URL(origin).hostname);
}

function proxied(endpoint: Endpoint, options: Pool.Options, { environment, certificates }: PoolContext): Dispatcher {
  const read = (name: string) => environment[name.toLowerCase()] ?? environment[name] ?? '';
  // What `connect` says holds for hosts that NO_PROXY names; through a proxy undici only asks these.
  const tls = certificates === undefined ? {} : { requestTls: { ca: certificates }, proxyTls: { ca: certificates } };
  return new EnvHttpProxyAgent({
    ...options,
    ...tls,
    connectTimeout: endpoint.timeouts.connectMs,
    connections: options.connections ?? null,
    httpProxy: read('HTTP_PROXY'),
    httpsProxy: read('HTTPS_PROXY') || read('HTTP_PROXY'),
    noProxy: read('NO_PROXY'),
  } as EnvHttpProxyAgent.Options);
}

/** Node's own list and the system's: a company's own authority is in the latter only. */
function readCertificates(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}

function metadataError(endpoint: Endpoint): GatewayError {
  return new GatewayError(
    'upstream_connect',
    `${endpoint.providerId} points at a cloud metadata address, which is not allowed.`,
  );
}

/** Checks where the socket really goes: a harmless name may resolve to a metadata address. */
function guardedLookup(endpoint: Endpoint): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, '', 0);
      if (addresses.some((one) => isMetadataHost(one.address))) return callback(metadataError(endpoint), '', 0);
      if (options.all === true) return callback(null, addresses);
      const first = addresses[0];
      return first === undefined
        ? callback(new Error(`${hostname} has no address`), '', 0)
        : callback(null, first.address, first.family);
    });
  };
}

/** One request through undici's raw handlers: the promise API costs a third more per request. */
class UpstreamExchange implements Dispatcher.DispatchHandler, Sending {
  readonly #request: UpstreamRequest;
  readonly #handler: AnswerHandler;
  readonly #findPool: () => PooledEndpoint;
  #controller: Dispatcher.DispatchController | undefined;
  #connectsBefore = 0;
  #pool: PooledEndpoint | undefined;
  #isRepeated = false;
  #isAborted = false;
  #hasAnswered = false;
  #isDone = false;

  constructor(request: UpstreamRequest, handler: AnswerHandler, findPool: () => PooledEndpoint) {
    this.#request = request;
    this.#handler = handler;
    this.#findPool = findPool;
  }

  start(): void {
    const { url, method, headers, body } = this.#request;
    const text = typeof url === 'string' ? url : url.href;
    try {
      this.#pool = this.#findPool();
      this.#connectsBefore = this.#pool.connects;
      const path = text.slice(this.#pool.origin.length) || '/';
      this.#pool.dispatcher.dispatch({ origin: this.#pool.origin, path, method, headers, body: body ?? null }, this);
    } catch (thrown) {
      queueMicrotask(() => this.#fail(thrown));
    }
  }

  abort(): void {
    this.#isAborted = true;
    this.#isDone = true;
    this.#controller?.abort(aborted);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isAborted) controller.abort(aborted);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.#isDone || status < 200) return;
    this.#hasAnswered = true;
    this.#handler.onHeaders(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isDone) this.#handler.onData(chunk);
  }

  onResponseEnd(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#handler.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#isDone) return;
    if (this.#mayRepeat(error)) {
      this.#isRepeated = true;
      this.start();
      return;
    }
    this.#fail(error);
  }

  /** A server may close an idle connection just as we write to it; that says nothing about the request. */
  #mayRepeat(error: Error): boolean {
    const wasReused = this.#connectsBefore > 0 && this.#pool?.connects === this.#connectsBefore;
    return !this.#isRepeated && !this.#hasAnswered && wasReused && isReset(error);
  }

  #fail(thrown: unknown): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#handler.onError(networkError(thrown, this.#request.endpoint, this.#hasAnswered));
  }
}
