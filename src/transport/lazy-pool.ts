import type { Endpoint } from '../core/model.ts';
import { LaterSending } from './later-sending.ts';
import { networkError } from './network-error.ts';
import type { AnswerHandler, Sending, UpstreamPool, UpstreamRequest } from './upstream-pool.ts';

export interface LazyPoolOptions {
  readonly endpoint: Endpoint;
  /** Loads the code and opens the pool; called once, by the first request. */
  readonly open: () => Promise<UpstreamPool>;
}

/** A pool whose code is only loaded when a request wants it. */
export class LazyPool implements UpstreamPool {
  readonly #options: LazyPoolOptions;
  #opening: Promise<UpstreamPool> | undefined;
  #pool: UpstreamPool | undefined;

  constructor(options: LazyPoolOptions) {
    this.#options = options;
  }

  send(request: UpstreamRequest, path: string, handler: AnswerHandler): Sending {
    if (this.#pool !== undefined) return this.#pool.send(request, path, handler);
    const sending = new LaterSending();
    this.#open().then(
      (pool) => sending.begin(() => pool.send(request, path, handler)),
      (thrown) => {
        if (!sending.isAborted) handler.onError(networkError(thrown, this.#options.endpoint, false));
      },
    );
    return sending;
  }

  async close(): Promise<void> {
    await (await this.#opening)?.close();
  }

  async destroy(): Promise<void> {
    await (await this.#opening)?.destroy();
  }

  #open(): Promise<UpstreamPool> {
    this.#opening ??= this.#options.open().then((pool) => {
      this.#pool = pool;
      return pool;
    });
    return this.#opening;
  }
}
