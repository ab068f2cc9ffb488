import type { LookupFunction } from 'node:net';
import type { Batch } from '../../core/batch.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { isReset, networkError } from '../network-error.ts';
import type { AnswerHandler, Sending, UpstreamPool, UpstreamRequest } from '../upstream-pool.ts';
import type { AnswerHeaders } from './answer-parser.ts';
import { Connection, type ConnectionHandler } from './connection.ts';
import { requestHead } from './request-head.ts';

/** Idle connections are kept this long unless the server says less: uvicorn, the least patient, closes after 5 s. */
const defaultKeepAliveMs = 4_000;
/** Before the server's own deadline, so that its closing does not cross our next request. Milliseconds. */
const keepAliveMarginMs = 1_000;

export interface Http1PoolOptions {
  readonly clock: Clock;
  readonly batch: Batch;
  /** Scheme, host and port. */
  readonly origin: string;
  readonly connectTimeoutMs: number;
  /** Connections open at once; undefined is no limit. Requests over it wait in order. */
  readonly limit: number | undefined;
  readonly lookup: LookupFunction;
}

/**
 * Connections to a plain-text server on this machine or network. Local servers are asked so often and answer so
 * quickly that a client without the layers that TLS, proxies and HTTP/2 need shows: it takes two thirds of undici's time.
 */
export class Http1Pool implements UpstreamPool {
  readonly #options: Http1PoolOptions;
  readonly #url: URL;
  readonly #open = new Set<Connection>();
  /** The last one used is the likeliest to be still open. */
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<Http1Exchange>();
  #sweep: Timer | undefined;
  #closed: PromiseWithResolvers<void> | undefined;

  constructor(options: Http1PoolOptions) {
    this.#options = options;
    this.#url = new URL(options.origin);
  }

  send(request: UpstreamRequest, path: string, handler: AnswerHandler): Sending {
    const exchange = new Http1Exchange(this, request, handler);
    try {
      exchange.head = requestHead({ request, path, host: this.#url.host });
      this.#assign(exchange);
    } catch (thrown) {
      queueMicrotask(() => exchange.fail(thrown));
    }
    return exchange;
  }

  async close(): Promise<void> {
    this.#closed ??= Promise.withResolvers();
    this.#sweep?.cancel();
    this.#dropIdle(Number.POSITIVE_INFINITY);
    if (this.#open.size === 0 && this.#waiting.size === 0) this.#closed.resolve();
    await this.#closed.promise;
  }

  async destroy(): Promise<void> {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const exchange of waiting) exchange.fail(new Error('the connection pool is closed'));
    for (const connection of this.#open) connection.destroy(new Error('the connection pool is closed'));
    await this.close();
  }

  /** On a connection of its own: another idle one may be as dead as the one that just failed. */
  repeat(exchange: Http1Exchange): void {
    exchange.sendOn(this.#connect());
  }

  forget(exchange: Http1Exchange): void {
    this.#waiting.delete(exchange);
  }

  #assign(exchange: Http1Exchange): void {
    const connection = this.#takeIdle();
    if (connection !== undefined) return exchange.sendOn(connection);
    if (this.#hasRoom()) exchange.sendOn(this.#connect());
    else this.#waiting.add(exchange);
  }

  #hasRoom(): boolean {
    const { limit } = this.#options;
    return limit === undefined || this.#open.size < limit;
  }

  #takeIdle(): Connection | undefined {
    if (this.#idle.length === 0) return undefined;
    const now = this.#options.clock.monotonic();
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.idleUntil > now && connection.isOpen) return connection;
      connection.abort();
    }
    return undefined;
  }

  #connect(): Connection {
    const { clock, batch, connectTimeoutMs, lookup } = this.#options;
    const timer = clock.setTimer(connectTimeoutMs, () => connection.destroy(new ConnectTimeout(connectTimeoutMs)));
    const connection = new Connection({
      host: this.#url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(this.#url.port) || 80,
      lookup,
      batch,
      onConnected: () => timer.cancel(),
      onFree: (free) => this.#freed(free),
      onClosed: (closed) => {
        timer.cancel();
        this.#lost(closed);
      },
    });
    this.#open.add(connection);
    return connection;
  }

  #freed(connection: Connection): void {
    const next = this.#nextWaiting();
    if (next !== undefined) return next.sendOn(connection);
    if (this.#closed !== undefined) return connection.abort();
    const patience =
      connection.keepAliveMs === undefined ? defaultKeepAliveMs : connection.keepAliveMs - keepAliveMarginMs;
    connection.idleUntil = this.#options.clock.monotonic() + Math.min(defaultKeepAliveMs, patience);
    this.#idle.push(connection);
    this.#sweep ??= this.#options.clock.setTimer(defaultKeepAliveMs, () => this.#sweepIdle());
  }

  #lost(connection: Connection): void {
    this.#open.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    // A request that is sent again has taken the place already.
    const next = this.#hasRoom() ? this.#nextWaiting() : undefined;
    if (next !== undefined) next.sendOn(this.#connect());
    else if (this.#open.size === 0) this.#closed?.resolve();
  }

  #nextWaiting(): Http1Exchange | undefined {
    for (const exchange of this.#waiting) {
      this.#waiting.delete(exchange);
      return exchange;
    }
    return undefined;
  }

  #sweepIdle(): void {
    this.#dropIdle(this.#options.clock.monotonic());
    this.#sweep =
      this.#idle.length === 0 ? undefined : this.#options.clock.setTimer(defaultKeepAliveMs, () => this.#sweepIdle());
  }

  #dropIdle(now: number): void {
    for (const connection of this.#idle.splice(0)) {
      if (connection.idleUntil > now) this.#idle.push(connection);
      else connection.abort();
    }
  }
}

class ConnectTimeout extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(limitMs: number) {
    super(`no connection within ${limitMs} ms`);
  }
}

/** One request and its answer. */
class Http1Exchange implements ConnectionHandler, Sending {
  readonly #pool: Http1Pool;
  readonly #request: UpstreamRequest;
  readonly #handler: AnswerHandler;
  #connection: Connection | undefined;
  #hasAnswered = false;
  #isRepeated = false;
  #isDone = false;
  head = '';

  constructor(pool: Http1Pool, request: UpstreamRequest, handler: AnswerHandler) {
    this.#pool = pool;
    this.#request = request;
    this.#handler = handler;
  }

  sendOn(connection: Connection): void {
    this.#connection = connection;
    connection.send(this.head, this.#request.body, this);
  }

  abort(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#pool.forget(this);
    this.#connection?.abort();
  }

  pause(): void {
    if (!this.#isDone) this.#connection?.pause();
  }

  resume(): void {
    if (!this.#isDone) this.#connection?.resume();
  }

  onHead(status: number, headers: AnswerHeaders): void {
    this.#hasAnswered = true;
    this.#handler.onHeaders(status, headers);
  }

  onBody(bytes: Buffer): void {
    this.#handler.onData(bytes);
  }

  onEnd(): void {
    this.#isDone = true;
    this.#handler.onEnd();
  }

  onError(error: Error): void {
    // A server may close an idle connection just as we write to it; that says nothing about the request.
    const mayRepeat = !this.#isRepeated && !this.#hasAnswered && this.#connection?.isReused === true;
    if (!mayRepeat || !isReset(error)) return this.fail(error);
    this.#isRepeated = true;
    this.#pool.repeat(this);
  }

  fail(thrown: unknown): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#handler.onError(networkError(thrown, this.#request.endpoint, this.#hasAnswered));
  }
}
