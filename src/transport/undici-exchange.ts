import type { Dispatcher } from 'undici';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Lane, Passenger } from './lane.ts';
import { isReset, networkError } from './network-error.ts';
import { type AnswerHandler, maxInterimAnswers, type Sending, type UpstreamRequest } from './upstream-pool.ts';

export interface ExchangeHost {
  readonly clock: Clock;
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void;
  /** Comes once for each exchange: it has ended, failed or been aborted. */
  exchangeOver(): void;
}

class EndlessInterim extends Error {
  readonly code = 'HPE_ENDLESS_INTERIM';

  constructor() {
    super(`more than ${maxInterimAnswers} interim answers came before the answer`);
  }
}

class Aborted extends Error {}
const aborted = new Aborted('aborted by the router');

/** One request through undici's raw handlers: the promise API costs a third more per request. */
export class UndiciExchange implements Passenger, Sending {
  readonly #host: ExchangeHost;
  readonly #request: UpstreamRequest;
  readonly #handler: AnswerHandler;
  #controller: Dispatcher.DispatchController | undefined;
  #lane: Lane | undefined;
  #options: Dispatcher.DispatchOptions | undefined;
  /** As they reached the lane: a proxy in between changes them. */
  #laneOptions: Dispatcher.DispatchOptions | undefined;
  /** Monotonic milliseconds; undefined until the request is written. */
  #sentAt: number | undefined;
  /** The connection had carried others before: the server may be closing it just now. */
  #isReused = false;
  #isRepeated = false;
  /** A byte of the answer has come. */
  #hasBegun = false;
  #interimAnswers = 0;
  #hasAnswered = false;
  #isDone = false;

  constructor(host: ExchangeHost, request: UpstreamRequest, handler: AnswerHandler) {
    this.#host = host;
    this.#request = request;
    this.#handler = handler;
  }

  /** Throws what undici throws for a request that it does not take. */
  begin(options: Dispatcher.DispatchOptions): void {
    this.#options = options;
    this.#host.dispatch(options, this);
  }

  abort(): void {
    if (this.#isDone) return;
    this.#finish();
    this.#controller?.abort(aborted);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  fail(thrown: unknown): void {
    if (this.#isDone) return;
    this.#finish();
    this.#handler.onError(networkError(thrown, this.#request.endpoint, this.#hasAnswered));
  }

  board(lane: Lane, options: Dispatcher.DispatchOptions): void {
    this.#lane = lane;
    this.#laneOptions = options;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Thrown, it leaves the connection to others; an abort would close it.
    if (this.#isDone) throw aborted;
    this.#controller = controller;
    this.#sentAt = this.#host.clock.monotonic();
    if (this.#lane !== undefined) this.#isReused = ++this.#lane.carried > 1;
    this.#handler.onConnected?.(this.#lane?.reach ?? 'internet');
  }

  onResponseStarted(): void {
    this.#hasBegun = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.#isDone) return;
    if (status < 200) return this.#countInterim();
    this.#hasAnswered = true;
    const coding = headers['transfer-encoding'];
    if (coding !== undefined && String(coding).toLowerCase() !== 'chunked') throw this.#badFraming();
    try {
      this.#handler.onHeaders(status, headers);
    } catch (thrown) {
      throw GatewayError.from(thrown);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isDone) return;
    try {
      this.#handler.onData(chunk);
    } catch (thrown) {
      throw GatewayError.from(thrown);
    }
  }

  onResponseEnd(): void {
    if (this.#isDone) return;
    this.#finish();
    this.#handler.onEnd();
  }

  onResponseError(controller: Dispatcher.DispatchController | null | undefined, error: Error): void {
    if (this.#isDone) return;
    if (this.#isUnsent && isReset(error)) queueMicrotask(() => this.#sendAfterAll());
    else if (this.#mayRepeat(error)) this.#repeat();
    else if (controller == null) queueMicrotask(() => this.fail(error));
    else this.fail(error);
  }

  /** It waited for a connection that was open, and that its server closed. */
  get #isUnsent(): boolean {
    return this.#sentAt === undefined && this.#lane !== undefined && this.#lane.carried > 0;
  }

  /** By any connection, since it has not been on one. */
  #sendAfterAll(): void {
    if (this.#isDone) return;
    try {
      this.#host.dispatch(this.#options as Dispatcher.DispatchOptions, this);
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  /** Once, and only where the server cannot have begun to work on the request. */
  #mayRepeat(error: Error): boolean {
    if (this.#isRepeated || !this.#isReused || this.#hasBegun || !isReset(error)) return false;
    return this.#host.clock.monotonic() - (this.#sentAt as number) <= (this.#lane as Lane).crossingMs;
  }

  /** On the same lane, whose connection has closed: another idle one may be as dead as this was. */
  #repeat(): void {
    this.#isRepeated = true;
    this.#lane?.dispatch(this.#laneOptions as Dispatcher.DispatchOptions, this);
  }

  #countInterim(): void {
    if (++this.#interimAnswers > maxInterimAnswers) throw new EndlessInterim();
  }

  #badFraming(): GatewayError {
    return new GatewayError(
      'upstream_invalid',
      `${this.#request.endpoint.providerId} broke the HTTP framing of its answer.`,
    );
  }

  #finish(): void {
    this.#isDone = true;
    this.#host.exchangeOver();
  }
}
