import type { Batch } from '../core/batch.ts';
import { Chain, type Link } from '../core/chain.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { HeldBody } from '../core/held-body.ts';
import { HeldCount, type MemoryShare } from '../core/memory-budget.ts';
import { decodeBody, encodingsOf } from '../transport/content-encoding.ts';
import type { BodySink, HttpRequest } from './http-request.ts';

export interface BodyLimits {
  /** Bytes. */
  readonly max_request_body_size: number;
  /** Longest pause between two pieces; 0 for any. Milliseconds. */
  readonly body_timeout: number;
}

/** What a body is read with. */
export interface BodyReading {
  readonly limits: BodyLimits;
  readonly memory: MemoryShare;
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
  readonly #pending = new Chain<PendingBody>();
  #sweep: Timer | undefined;

  constructor(clock: Clock, batch: Batch) {
    this.#clock = clock;
    this.#batch = batch;
  }

  /**
   * The whole body, decoded. Rejects with `too_large` (before reading where the length is announced),
   * `request_timeout`, `unsupported_media`, `bad_request`, `overloaded` or `client_closed`.
   */
  read(request: HttpRequest, reading: BodyReading): Promise<Buffer> {
    const { headers, framing } = request.head;
    const { limits } = reading;
    if (framing !== 'chunked' && framing > limits.max_request_body_size) {
      return Promise.reject(tooLarge(limits.max_request_body_size));
    }
    if (headers['content-encoding'] === undefined) return this.#collect(request, reading);
    return this.#decoded(request, reading);
  }

  async #decoded(request: HttpRequest, reading: BodyReading): Promise<Buffer> {
    const { max_request_body_size: limit } = reading.limits;
    const raw = await this.#collect(request, reading);
    const held = new HeldCount(reading.memory);
    let size = 0;
    const onBytes = (bytes: number) => {
      size += bytes;
      if (size > limit) throw tooLarge(limit);
      held.set(size);
    };
    return decodeBody(raw, encodingsOf(request.head.headers['content-encoding']), onBytes);
  }

  #collect(request: HttpRequest, { limits, memory }: BodyReading): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const pending = new PendingBody({
        limits,
        memory,
        resolve,
        reject,
        onEnd: () => {
          this.#pending.remove(link);
          this.#batch.add(() => pending.deliver());
        },
      });
      const link = this.#pending.add(pending);
      pending.link = link;
      request.receive(pending);
      this.#sweep ??= this.#clock.setTimer(sweepMs, () => this.#look());
    });
  }

  #look(): void {
    const now = this.#clock.monotonic();
    for (const pending of this.#pending.items()) {
      if (!pending.goesOn(now) && pending.link !== undefined) this.#pending.remove(pending.link);
    }
    this.#sweep = this.#pending.size === 0 ? undefined : this.#clock.setTimer(sweepMs, () => this.#look());
  }
}

interface PendingInput {
  readonly limits: BodyLimits;
  readonly memory: MemoryShare;
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: GatewayError) => void;
  readonly onEnd: () => void;
}

/** A body under way. Settles once. */
class PendingBody implements BodySink {
  readonly #input: PendingInput;
  readonly #body = new HeldBody();
  readonly #held: HeldCount;
  /** Among those under way. */
  link: Link<PendingBody> | undefined;
  #isOver = false;
  /** Bytes there were when `goesOn` last saw more of them, and when that was. */
  #seenBytes = -1;
  #seenAt = 0;

  constructor(input: PendingInput) {
    this.#input = input;
    this.#held = new HeldCount(input.memory);
  }

  onBody(bytes: Buffer): void {
    if (this.#isOver) return;
    const { max_request_body_size: limit } = this.#input.limits;
    this.#body.add(bytes);
    if (this.#body.size > limit) return this.#fail(tooLarge(limit));
    try {
      this.#held.set(this.#body.size);
    } catch (thrown) {
      this.#fail(GatewayError.from(thrown));
    }
  }

  onEnd(): void {
    this.#input.onEnd();
  }

  onCut(): void {
    this.#fail(new GatewayError('client_closed', 'The client left before its request was complete.'));
  }

  deliver(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#input.resolve(this.#body.bytes());
  }

  /** Gives up on a body that has paused for too long; false when it is over. To be called now and then. */
  goesOn(now: number): boolean {
    if (this.#isOver) return false;
    if (this.#body.size !== this.#seenBytes) {
      this.#seenBytes = this.#body.size;
      this.#seenAt = now;
    }
    const { body_timeout: pauseMs } = this.#input.limits;
    if (pauseMs === 0 || now - this.#seenAt <= pauseMs) return true;
    this.#fail(new GatewayError('request_timeout', `The request body paused for more than ${pauseMs} ms.`));
    return false;
  }

  #fail(error: GatewayError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#body.release();
    this.#held.set(0);
    this.#input.reject(error);
  }
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError('too_large', `The request body is larger than ${limit} bytes.`, {
    hint: 'raise server.max_request_body_size',
  });
}
