import type { IncomingMessage } from 'node:http';
import type { Batch } from '../core/batch.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { HeldBody } from '../core/held-body.ts';
import { decodeBody, encodingsOf } from '../transport/content-encoding.ts';

export interface BodyLimits {
  /** Bytes. */
  readonly max_request_body_size: number;
  /** Longest pause between two pieces. Milliseconds. */
  readonly body_timeout: number;
}

/** How often bodies under way are looked at. Milliseconds. */
const sweepMs = 250;

/**
 * Reads whole bodies. One sweep watches all of them for pauses: nearly every body comes with its head, and a timer
 * for each would cost more than reading it.
 */
export class BodyReader {
  readonly #clock: Clock;
  readonly #batch: Batch;
  readonly #pending = new Set<PendingBody>();
  #sweep: Timer | undefined;

  constructor(clock: Clock, batch: Batch) {
    this.#clock = clock;
    this.#batch = batch;
  }

  /**
   * The whole body, decoded. Rejects with `too_large` (before reading where the length is announced),
   * `request_timeout`, `unsupported_media`, `bad_request` or `client_closed`.
   */
  read(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
    const { headers } = request;
    if (Number(headers['content-length'] ?? 0) > limits.max_request_body_size) {
      return Promise.reject(tooLarge(limits.max_request_body_size));
    }
    if (headers['content-encoding'] === undefined) return this.#collect(request, limits);
    return this.#decoded(request, limits);
  }

  async #decoded(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
    const raw = await this.#collect(request, limits);
    try {
      return await decodeBody(raw, encodingsOf(request.headers['content-encoding']), limits.max_request_body_size);
    } catch (thrown) {
      if (thrown instanceof GatewayError && thrown.code === 'too_large') throw tooLarge(limits.max_request_body_size);
      throw thrown;
    }
  }

  #collect(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const pending = new PendingBody({ clock: this.#clock, limits, resolve, reject });
      // The listeners stay: they go with the request, and taking them off costs more than ignoring them.
      request.on('data', (chunk: Buffer) => pending.add(chunk));
      request.on('end', () => {
        this.#pending.delete(pending);
        pending.complete();
        this.#batch.add(() => pending.deliver());
      });
      request.on('close', () => {
        this.#pending.delete(pending);
        pending.leave();
      });
      request.on('error', ignore);
      this.#pending.add(pending);
      this.#sweep ??= this.#clock.setTimer(sweepMs, () => this.#look());
    });
  }

  #look(): void {
    const now = this.#clock.monotonic();
    for (const pending of this.#pending) if (pending.check(now)) this.#pending.delete(pending);
    this.#sweep = this.#pending.size === 0 ? undefined : this.#clock.setTimer(sweepMs, () => this.#look());
  }
}

/** 'close' follows and tells the same. */
const ignore = () => {};

interface PendingInput {
  readonly clock: Clock;
  readonly limits: BodyLimits;
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: GatewayError) => void;
}

/** A body under way. Settles once. */
class PendingBody {
  readonly #input: PendingInput;
  readonly #body = new HeldBody();
  #lastByteAt: number;
  #isComplete = false;
  #isOver = false;

  constructor(input: PendingInput) {
    this.#input = input;
    this.#lastByteAt = input.clock.monotonic();
  }

  add(chunk: Buffer): void {
    if (this.#isOver) return;
    const { clock, limits } = this.#input;
    this.#body.add(chunk);
    if (this.#body.size > limits.max_request_body_size) return this.#fail(tooLarge(limits.max_request_body_size));
    this.#lastByteAt = clock.monotonic();
  }

  complete(): void {
    this.#isComplete = true;
  }

  deliver(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#input.resolve(this.#body.bytes());
  }

  leave(): void {
    // Every request closes; an error, with its stack, is only made for one that was not complete.
    if (this.#isOver || this.#isComplete) return;
    this.#fail(new GatewayError('client_closed', 'The client left before its request was complete.'));
  }

  /** Gives up on a body that has paused for too long; true when it did. */
  check(now: number): boolean {
    const { body_timeout: pauseMs } = this.#input.limits;
    if (this.#isOver) return true;
    if (now - this.#lastByteAt <= pauseMs) return false;
    this.#fail(new GatewayError('request_timeout', `The request body paused for more than ${pauseMs} ms.`));
    return true;
  }

  #fail(error: GatewayError): void {
    this.#isOver = true;
    this.#body.release();
    this.#input.reject(error);
  }
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError('too_large', `The request body is larger than ${limit} bytes.`, {
    hint: 'raise server.max_request_body_size',
  });
}
