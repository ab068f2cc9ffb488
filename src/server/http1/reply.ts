import type { Socket } from 'node:net';
import type { Batch } from '../../core/batch.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Reply } from '../../gateway/exchange.ts';
import { type AnswerHead, answerHead } from './answer-head.ts';
import type { HttpRequest } from './request.ts';

/** What a reply knows of its server. */
export interface ReplyContext {
  readonly clock: Clock;
  /** Takes the writes of one turn. */
  readonly batch: Batch;
  /** Longest time the client may stop reading; 0 for any. Milliseconds. */
  readonly writeTimeoutMs: number;
  /** Draining: connections are not kept. */
  readonly isClosing: boolean;
  /** Now, as the Date field has it. */
  readonly date: string;
  /** The fields that promise another request, with their line ends. */
  readonly keepAliveFields: string;
}

/** fresh: nothing said; begun: the head waits for the first bytes of the body; over: told, or the client has left. */
type Stage = 'fresh' | 'begun' | 'sending' | 'ended' | 'over';

/** The answer to one request. Writing to a client that has left does nothing. */
export class HttpReply implements Reply {
  readonly #socket: Socket;
  readonly #request: HttpRequest;
  readonly #context: ReplyContext;
  #stage: Stage = 'fresh';
  #head: AnswerHead | undefined;
  #hasBody = true;
  #isChunked = false;
  #isUntilClose = false;
  /** Bytes that the head promised and that are still to come. */
  #left: number | undefined;
  #keepsAlive: boolean;
  #isHeld = false;
  #stalled: Timer | undefined;
  /** Called once: the answer has gone out whole, or the client has left. */
  onClose: (isWhole: boolean) => void = ignore;
  /** Called after `onClose` of a whole answer; for the connection. */
  readonly #onWhole: () => void;

  constructor(about: {
    readonly socket: Socket;
    readonly request: HttpRequest;
    readonly context: ReplyContext;
    readonly onWhole: () => void;
  }) {
    this.#socket = about.socket;
    this.#request = about.request;
    this.#context = about.context;
    this.#onWhole = about.onWhole;
    this.#keepsAlive = about.request.head.keepsAlive;
  }

  get isStarted(): boolean {
    return this.#stage !== 'fresh';
  }

  get isOver(): boolean {
    return this.#stage === 'over';
  }

  /** All of it has been handed to the socket. */
  get isSaid(): boolean {
    return this.#stage === 'ended' || this.#stage === 'over';
  }

  /** Another request may follow on the connection. */
  get keepsAlive(): boolean {
    // Whether a body that was not asked for comes all the same, nobody knows (RFC 9110, 10.1.1).
    return this.#keepsAlive && !this.#context.isClosing && !this.#request.isUnasked;
  }

  start(status: number, headers: readonly string[]): void {
    if (this.#stage !== 'fresh') return;
    this.#head = answerHead(status, headers);
    this.#hasBody = this.#request.head.method !== 'HEAD' && status !== 204 && status !== 304;
    this.#stage = 'begun';
  }

  write(chunk: Buffer | string): boolean {
    if (this.#stage !== 'begun' && this.#stage !== 'sending') return true;
    return this.#send(chunk, false);
  }

  onDrain(listener: () => void): void {
    if (this.#stage === 'over') return;
    this.#watchReading();
    this.#socket.once('drain', () => {
      this.#stopWatching();
      listener();
    });
  }

  end(chunk?: Buffer | string): void {
    if (this.#stage !== 'begun' && this.#stage !== 'sending') return;
    this.#stopWatching();
    this.#send(chunk ?? '', true);
    this.#stage = 'ended';
  }

  abort(): void {
    if (this.#stage === 'over') return;
    // Where a body ends with the connection, only a reset says that this was not its end.
    if (this.#isUntilClose) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
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

  /** What is written goes out at the end of the turn, together with what other replies have to say. */
  #hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#socket.cork();
    this.#context.batch.add(() => this.#letGo());
  }

  #letGo(): void {
    this.#isHeld = false;
    this.#socket.uncork();
    // Of a socket that has been cut nothing is left to be written either.
    if (this.#stage !== 'ended' || this.#socket.destroyed) return;
    if (this.#socket.writableLength === 0) return this.#complete();
    // What the client has not taken yet waits in memory for it, but not for ever.
    this.#watchReading();
    this.#socket.write('', (error) => {
      if (error == null) this.#complete();
    });
  }

  #complete(): void {
    if (this.#stage === 'over') return;
    this.#stage = 'over';
    this.#stopWatching();
    // Fewer bytes than the head promised: the client would take the next answer for the rest of this one.
    if (this.#left !== undefined && this.#left !== 0) this.#keepsAlive = false;
    this.onClose(true);
    this.#onWhole();
  }

  #send(chunk: Buffer | string, isLast: boolean): boolean {
    this.#hold();
    const size = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
    let before = this.#stage === 'begun' ? this.#begin(isLast ? size : undefined) : '';
    if (!this.#hasBody) return before === '' || this.#socket.write(before, 'latin1');
    let after = '';
    if (this.#isChunked) {
      if (size > 0) {
        before += `${size.toString(16)}\r\n`;
        after = '\r\n';
      }
      if (isLast) after += '0\r\n\r\n';
    } else if (this.#left !== undefined) this.#left -= size;
    return writeParts(this.#socket, before, { chunk, size }, after);
  }

  /** The head's text. `size` is the whole body's, where it is known. */
  #begin(size: number | undefined): string {
    const head = this.#head as AnswerHead;
    this.#head = undefined;
    this.#stage = 'sending';
    let { text } = head;
    if (this.#hasBody) {
      this.#left = head.length ?? size;
      if (this.#left === undefined) {
        this.#isChunked = this.#request.head.isVersion11;
        if (this.#isChunked) text += 'transfer-encoding: chunked\r\n';
        else {
          this.#isUntilClose = true;
          this.#keepsAlive = false;
        }
      }
    }
    // The answer to HEAD tells the length that GET would have.
    if (head.length === undefined && size !== undefined && (this.#hasBody || this.#request.head.method === 'HEAD')) {
      text += `content-length: ${size}\r\n`;
    }
    if (!head.hasDate) text += `date: ${this.#context.date}\r\n`;
    return `${text}${this.keepsAlive ? this.#context.keepAliveFields : 'connection: close\r\n'}\r\n`;
  }

  #watchReading(): void {
    const { clock, writeTimeoutMs } = this.#context;
    if (writeTimeoutMs > 0) this.#stalled ??= clock.setTimer(writeTimeoutMs, () => this.abort());
  }

  #stopWatching(): void {
    this.#stalled?.cancel();
    this.#stalled = undefined;
  }
}

const ignore = () => {};

interface Part {
  readonly chunk: Buffer | string;
  /** Bytes. */
  readonly size: number;
}

/** Chunks up to here are worth the copy. Bytes. */
const oneWriteBytes = 16 * 1024;

/** As text of one encoding all of it is one write; of bytes among text each piece would be one. */
function writeParts(socket: Socket, before: string, part: Part, after: string): boolean {
  if (part.size <= oneWriteBytes) return socket.write(before + latin1(part) + after, 'latin1');
  socket.cork();
  if (before !== '') socket.write(before, 'latin1');
  let hasRoom = socket.write(part.chunk);
  if (after !== '') hasRoom = socket.write(after, 'latin1');
  socket.uncork();
  return hasRoom;
}

/** Text whose latin-1 is the chunk's bytes. */
function latin1({ chunk, size }: Part): string {
  if (typeof chunk !== 'string') return chunk.toString('latin1');
  // As many bytes as characters: plain ASCII, the same in both.
  return chunk.length === size ? chunk : Buffer.from(chunk).toString('latin1');
}
