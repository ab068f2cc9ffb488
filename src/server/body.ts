import type { IncomingMessage } from 'node:http';
import type { Batch } from '../core/batch.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { decodeBody, encodingsOf } from '../transport/content-encoding.ts';

export interface BodyLimits {
  /** Bytes. */
  readonly max_request_body_size: number;
  /** Longest pause between two pieces. Milliseconds. */
  readonly body_timeout: number;
}

/** How often bodies under way are looked at. Milliseconds. */
const sweepMs = 250;

/** A body under way. */
interface Pending {
  lastByteAt: number;
  readonly pauseMs: number;
  giveUp(): void;
}

/**
 * Reads whole bodies. One sweep watches all of them for pauses: nearly every body comes with its head, and a timer
 * for each would cost more than reading it.
 */
export class BodyReader {
  readonly #clock: Clock;
  readonly #batch: Batch;
  readonly #pending = new Set<Pending>();
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
      const chunks: Buffer[] = [];
      let size = 0;
      let isComplete = false;
      let isOver = false;
      // The listeners stay: they go with the request, and taking them off costs more than ignoring them.
      const leave = (error: GatewayError | undefined) => {
        if (isOver) return;
        isOver = true;
        this.#pending.delete(pending);
        if (error !== undefined) reject(error);
        else resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
      };
      const pending: Pending = {
        lastByteAt: this.#clock.monotonic(),
        pauseMs: limits.body_timeout,
        giveUp: () =>
          leave(
            new GatewayError('request_timeout', `The request body paused for more than ${limits.body_timeout} ms.`),
          ),
      };
      const onData = (chunk: Buffer) => {
        if (isOver) return;
        size += chunk.length;
        if (size > limits.max_request_body_size) return leave(tooLarge(limits.max_request_body_size));
        chunks.push(chunk);
        pending.lastByteAt = this.#clock.monotonic();
      };
      const onEnd = () => {
        this.#pending.delete(pending);
        isComplete = true;
        this.#batch.add(() => leave(undefined));
      };
      const onClose = () => {
        // Every request closes; an error, with its stack, is only made for one that was not complete.
        if (!isOver && !isComplete)
          leave(new GatewayError('client_closed', 'The client left before its request was complete.'));
      };
      request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
      this.#pending.add(pending);
      this.#sweep ??= this.#clock.setTimer(sweepMs, () => this.#look());
    });
  }

  #look(): void {
    const now = this.#clock.monotonic();
    for (const pending of this.#pending) if (now - pending.lastByteAt > pending.pauseMs) pending.giveUp();
    this.#sweep = this.#pending.size === 0 ? undefined : this.#clock.setTimer(sweepMs, () => this.#look());
  }
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError('too_large', `The request body is larger than ${limit} bytes.`, {
    hint: 'raise server.max_request_body_size',
  });
}
