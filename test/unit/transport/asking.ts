import type { GatewayError } from '../../../src/core/errors.ts';
import type { Endpoint } from '../../../src/core/model.ts';
import type { AnswerHandler, Sending, UpstreamPool, UpstreamRequest } from '../../../src/transport/upstream-pool.ts';

export const endpoint = {
  providerId: 'raw',
  baseUrl: 'http://127.0.0.1',
  timeouts: { connectMs: 5_000 },
} as Endpoint;

/** What one request is told, kept as it is told: bytes that are not the handler's own will have changed. */
export class Asking implements AnswerHandler {
  readonly events: string[] = [];
  readonly #chunks: Buffer[] = [];
  readonly #head = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<void>();
  readonly #hooks: Partial<AnswerHandler>;
  readonly sending: Sending;
  #hasReturned = false;
  status: number | undefined;
  headers: Readonly<Record<string, string | string[] | undefined>> = {};
  error: GatewayError | undefined;

  /** `hooks` are called within the events. */
  constructor(
    pool: UpstreamPool,
    request: Partial<UpstreamRequest> & { readonly path?: string } = {},
    hooks: Partial<AnswerHandler> = {},
  ) {
    const { path = '/', ...more } = request;
    this.#hooks = hooks;
    const whole: UpstreamRequest = {
      endpoint: endpoint,
      method: 'POST',
      url: '',
      headers: [],
      body: undefined,
      ...more,
    };
    this.sending = pool.send(whole, path, this);
    this.#hasReturned = true;
  }

  /** Resolves with the first sign of an answer. */
  get head(): Promise<void> {
    return this.#head.promise;
  }

  /** Resolves with the end, good or bad. */
  get done(): Promise<this> {
    return this.#done.promise.then(() => this);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  onHeaders(status: number, headers: Asking['headers']): void {
    this.#tell('head');
    this.status = status;
    this.headers = headers;
    this.#hooks.onHeaders?.(status, headers);
    this.#head.resolve();
  }

  onData(chunk: Buffer): void {
    if (this.events.at(-1) !== 'data') this.#tell('data');
    this.#chunks.push(chunk);
    this.#hooks.onData?.(chunk);
  }

  onEnd(): void {
    this.#tell('end');
    this.#hooks.onEnd?.();
    this.#done.resolve();
  }

  onError(error: GatewayError): void {
    this.#tell('error');
    this.error = error;
    this.#hooks.onError?.(error);
    this.#head.resolve();
    this.#done.resolve();
  }

  #tell(event: string): void {
    this.events.push(this.#hasReturned ? event : `${event} before send returned`);
  }
}
