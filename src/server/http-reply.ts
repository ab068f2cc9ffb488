import type { ServerResponse } from 'node:http';
import type { Batch } from '../core/batch.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { GatewayError } from '../core/errors.ts';
import type { Reply } from '../gateway/exchange.ts';
import { fieldName, isFieldValue } from '../transport/field-syntax.ts';
import type { RequestHead } from './http-request.ts';

/** What a reply knows of its server. */
export interface ReplyContext {
  readonly clock: Clock;
  /** Takes the writes of one turn. */
  readonly batch: Batch;
  /** Draining: connections are not kept. */
  readonly isClosing: boolean;
  /** Longest time the client may stop reading; 0 for any. Milliseconds. */
  readonly writeTimeoutMs: number;
}

export interface ReplyInput {
  readonly head: RequestHead;
  readonly response: ServerResponse;
  readonly context: ReplyContext;
  /** Called after `onClose` of a whole answer; for the connection. */
  readonly onWhole: () => void;
}

/** fresh: nothing said; begun: the head waits for the first bytes of the body; over: told, or the client has left. */
type Stage = 'fresh' | 'begun' | 'sending' | 'ended' | 'over';

/** What is written at once of much: a client that takes as much in the time it has is reading. Bytes. */
const pieceBytes = 256 * 1024;

/** The answer to one request. Writing to a client that has left does nothing. */
export class HttpReply implements Reply {
  readonly #input: ReplyInput;
  readonly #response: ServerResponse;
  #stage: Stage = 'fresh';
  #status = 0;
  #headers: readonly string[] = [];
  #ownHeaders: readonly string[] = [];
  #hasBody = true;
  /** Bytes that the head promised and that are still to come. */
  #left: number | undefined;
  #bytes = 0;
  #isUntilClose = false;
  /** Bytes that wait for the client to take those before them. */
  readonly #queue: Buffer[] = [];
  #awaitsDrain = false;
  /** What is written goes out with the end of the turn. */
  #isHeld = false;
  /** The last of the body, until it goes out with the end of the turn. */
  #last: Buffer | string | undefined;
  #onRoom: (() => void) | undefined;
  #stalled: Timer | undefined;
  /** What came with this request made it none, and another answer is on its way. Returns the request's id. */
  onRefusal: ((error: GatewayError) => string) | undefined;
  /** Called once: the answer has gone out whole, or the client has left. */
  onClose: (isWhole: boolean) => void = ignore;

  constructor(input: ReplyInput) {
    this.#input = input;
    this.#response = input.response;
    this.#response.once('finish', this.#complete);
  }

  /** 0 before there is one. */
  get status(): number {
    return this.#status;
  }

  /** Of the body, handed over so far. */
  get bytes(): number {
    return this.#hasBody ? this.#bytes : 0;
  }

  get isStarted(): boolean {
    return this.#stage !== 'fresh';
  }

  get isOver(): boolean {
    return this.#stage === 'over';
  }

  /** All of it has been handed over; the client may still have to take it. */
  get isSaid(): boolean {
    return this.#stage === 'ended' || this.#stage === 'over';
  }

  /** The body was as long as the head promised, so that the client knows where the next answer begins. */
  get isConsistent(): boolean {
    return this.#left === undefined || this.#left === 0;
  }

  /** What changes nothing for a client that still reads; one that has closed answers it with a reset. Latin-1. */
  get probe(): string {
    if (this.isSaid) return '';
    // A zero in front of the next chunk's size.
    if (this.#stage === 'sending') return this.#response.chunkedEncoding ? '0' : '';
    return this.#input.head.isVersion11 ? 'HTTP/1.1 100 Continue\r\n\r\n' : '';
  }

  /** Fields for whatever the answer will be, in place of an upstream's of the same names. A flat list, lower case. */
  addHeaders(headers: readonly string[]): void {
    this.#ownHeaders = headers;
  }

  /** Throws for a field that would not arrive as one. */
  start(status: number, headers: readonly string[]): void {
    if (this.#stage !== 'fresh') return;
    requireSendable(headers);
    this.#status = status;
    this.#headers = this.#ownHeaders.length === 0 ? headers : withOwn(headers, this.#ownHeaders);
    this.#hasBody = this.#input.head.method !== 'HEAD' && status !== 204 && status !== 304;
    this.#stage = 'begun';
  }

  write(chunk: Buffer | string): boolean {
    if (this.#stage !== 'begun' && this.#stage !== 'sending') return true;
    if (this.#stage === 'begun') this.#sendHead(undefined);
    this.#send(chunk);
    return !this.#awaitsDrain;
  }

  onDrain(listener: () => void): void {
    if (this.isSaid) return;
    this.#onRoom = listener;
    if (!this.#awaitsDrain) setImmediate(this.#drained);
  }

  end(chunk: Buffer | string = ''): void {
    if (this.#stage !== 'begun' && this.#stage !== 'sending') return;
    const isOnlyChunk = this.#stage === 'begun';
    if (isOnlyChunk) this.#sendHead(sizeOf(chunk));
    // With the head and its end it is one write.
    if (isOnlyChunk && chunk.length < oneWriteLength) {
      this.#stage = 'ended';
      this.#count(chunk);
      return this.#finish(chunk);
    }
    if (chunk.length > 0) this.#send(chunk);
    this.#stage = 'ended';
    if (!this.#awaitsDrain) this.#finish('');
  }

  abort(): void {
    // What has been said is whole: there is nothing to break off.
    if (!this.isSaid) this.cutOff();
  }

  /** Cuts the connection, whatever has been said. */
  cutOff(): void {
    // Where a body ends with the connection, only a reset says that this was not its end.
    if (this.#isUntilClose) this.#response.socket?.resetAndDestroy();
    else this.#response.socket?.destroy();
  }

  send(status: number, headers: readonly string[], body: Buffer | string): void {
    this.start(status, headers);
    this.end(body);
  }

  /** The client has left; for the connection. Safe to repeat. */
  cut(): void {
    if (this.#stage === 'over') return;
    this.#stage = 'over';
    this.#stopWatching();
    this.onClose(false);
  }

  /** `size` is the whole body's, where it is known. */
  #sendHead(size: number | undefined): void {
    const { head, context } = this.#input;
    const response = this.#response;
    const declared = declaredLength(this.#headers);
    this.#stage = 'sending';
    if (!head.isVersion11) response.useChunkedEncodingByDefault = false;
    // Of "keep-alive, close" in HTTP/1.0 Node hears the first word.
    const mustClose = context.isClosing || (!head.isVersion11 && /close/i.test(head.headers.connection ?? ''));
    if (this.#hasBody) {
      this.#left = declared ?? size;
      this.#isUntilClose = this.#left === undefined && !head.isVersion11;
    }
    // The answer to HEAD tells the length that GET would have.
    const tellsLength = declared === undefined && size !== undefined && this.#status !== 204 && this.#status !== 304;
    const headers = tellsLength ? [...this.#headers, 'content-length', String(size)] : [...this.#headers];
    if (mustClose) headers.push('connection', 'close');
    response.writeHead(this.#status, headers);
  }

  #send(chunk: Buffer | string): void {
    this.#count(chunk);
    if (!this.#hasBody) return;
    if (!this.#awaitsDrain && chunk.length <= pieceBytes) {
      this.#hold();
      if (!this.#response.write(wireForm(chunk), 'latin1')) this.#awaitDrain();
      return;
    }
    this.#queue.push(Buffer.from(chunk as string));
    if (!this.#awaitsDrain) this.#writeQueue();
  }

  #count(chunk: Buffer | string): void {
    const size = sizeOf(chunk);
    this.#bytes += size;
    if (this.#left !== undefined) this.#left -= size;
  }

  /** Piece by piece, as the client takes them: with each its time begins anew. */
  #writeQueue(): void {
    for (let bytes = this.#queue[0]; bytes !== undefined && !this.#awaitsDrain; bytes = this.#queue[0]) {
      if (bytes.length > pieceBytes) this.#queue[0] = bytes.subarray(pieceBytes);
      else this.#queue.shift();
      if (!this.#response.write(bytes.subarray(0, pieceBytes))) this.#awaitDrain();
    }
  }

  #awaitDrain(): void {
    this.#awaitsDrain = true;
    this.#response.once('drain', this.#drained);
    this.#watch();
  }

  readonly #drained = () => {
    if (this.#stage === 'over') return;
    this.#awaitsDrain = false;
    this.#stopWatching();
    this.#writeQueue();
    if (this.#awaitsDrain) return;
    if (this.#stage === 'ended') return this.#finish('');
    const listener = this.#onRoom;
    this.#onRoom = undefined;
    listener?.();
  };

  #finish(chunk: Buffer | string): void {
    this.#last = chunk;
    this.#hold();
  }

  #hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#response.cork();
    this.#input.context.batch.addWrite(this.#letGo);
  }

  readonly #letGo = () => {
    this.#isHeld = false;
    const response = this.#response;
    const last = this.#last;
    if (this.#stage === 'over' || last === undefined) return response.uncork();
    this.#last = undefined;
    response.end(wireForm(last), 'latin1');
    // What the client has not taken yet waits in memory for it, but not for ever.
    if ((response.socket?.writableLength ?? 0) > 0) this.#watch();
  };

  readonly #complete = () => {
    if (this.#stage === 'over') return;
    this.#stage = 'over';
    this.#stopWatching();
    this.onClose(true);
    this.#input.onWhole();
  };

  #watch(): void {
    const { clock, writeTimeoutMs } = this.#input.context;
    if (writeTimeoutMs > 0) this.#stalled ??= clock.setTimer(writeTimeoutMs, () => this.cutOff());
  }

  #stopWatching(): void {
    this.#stalled?.cancel();
    this.#stalled = undefined;
  }
}

const ignore = () => {};

/** Whole answers up to here are worth a copy that joins them with their head. */
const oneWriteLength = 16 * 1024;

function sizeOf(chunk: Buffer | string): number {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
}

/** Text that is the same in latin-1, which Node joins with the head; else bytes. */
function wireForm(chunk: Buffer | string): Buffer | string {
  if (typeof chunk !== 'string') return chunk;
  return Buffer.byteLength(chunk) === chunk.length ? chunk : Buffer.from(chunk);
}

function withOwn(headers: readonly string[], own: readonly string[]): string[] {
  const names = new Set(own.filter((_, at) => at % 2 === 0));
  const list: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    if (!names.has(name.toLowerCase())) list.push(name, headers[at + 1] as string);
  }
  return [...list, ...own];
}

function requireSendable(headers: readonly string[]): void {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    if (fieldName(name) === undefined || !isFieldValue(headers[at + 1] as string)) {
      throw new Error(`the header ${name} cannot be sent`);
    }
  }
}

/** What the fields say of the body's length. Bytes. */
function declaredLength(headers: readonly string[]): number | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (fieldName(headers[at] as string) === 'content-length') return Number(headers[at + 1]);
  }
  return undefined;
}
