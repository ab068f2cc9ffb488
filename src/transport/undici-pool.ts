import type { Dispatcher } from 'undici';
import type { Clock } from '../core/clock.ts';
import { type ClosableDispatcher, type DispatcherOptions, openDispatcher } from './dispatcher.ts';
import { requireSendablePath, sendableFields } from './sendable.ts';
import { type ExchangeHost, UndiciExchange } from './undici-exchange.ts';
import type { AnswerHandler, Sending, UpstreamPool, UpstreamRequest } from './upstream-pool.ts';

/** undici's pool for one origin: raw handlers, our own timers, and a repeat where an idle connection was closed. */
export class UndiciPool implements UpstreamPool, ExchangeHost {
  readonly clock: Clock;
  readonly #origin: string;
  readonly #dispatcher: ClosableDispatcher;
  #inFlight = 0;
  /** Present when the pool takes no more requests; resolved when those in flight have ended. */
  #ended: PromiseWithResolvers<void> | undefined;

  constructor(options: DispatcherOptions) {
    this.clock = options.clock;
    this.#origin = options.origin;
    this.#dispatcher = openDispatcher(options);
  }

  send(request: UpstreamRequest, path: string, handler: AnswerHandler): Sending {
    const exchange = new UndiciExchange(this, request, handler);
    this.#inFlight++;
    try {
      // undici would refuse what cannot be sent too, but then count the connection as busy for ever.
      requireSendablePath(path);
      const { method, body = null } = request;
      const headers = sendableFields(request.headers);
      exchange.begin({ origin: this.#origin, path, method, headers, body });
    } catch (thrown) {
      queueMicrotask(() => exchange.fail(thrown));
    }
    return exchange;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#dispatcher.dispatch(options, handler);
  }

  exchangeOver(): void {
    if (--this.#inFlight === 0) this.#ended?.resolve();
  }

  /** Waits with undici's own closing: a closed pool would not let a request be repeated. */
  async close(): Promise<void> {
    if (this.#ended === undefined) {
      this.#ended = Promise.withResolvers();
      if (this.#inFlight === 0) this.#ended.resolve();
    }
    await this.#ended.promise;
    if (!this.#dispatcher.destroyed) await this.#dispatcher.close();
  }

  async destroy(): Promise<void> {
    await this.#dispatcher.destroy();
  }
}
