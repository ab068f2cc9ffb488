import type { Socket } from 'node:net';
import type { Reply } from '../../gateway/exchange.ts';
import { type AnswerHead, answerHead } from './answer-head.ts';
import { Outlet, type OutletContext } from './outlet.ts';
import type { HttpRequest } from './request.ts';

/** What a reply knows of its server. */
export interface ReplyContext extends OutletContext {
  /** Draining: connections are not kept. */
  readonly isClosing: boolean;
  /** Says that it is now; after the end of a line. */
  readonly dateField: string;
  /** The end of a head that promises another request. */
  readonly keepAliveEnd: string;
}

export interface ReplyInput {
  readonly socket: Socket;
  readonly request: HttpRequest;
  readonly context: ReplyContext;
  /** Called after `onClose` of a whole answer; for the connection. */
  readonly onWhole: () => void;
}

/** fresh: nothing said; begun: the head waits for the first bytes of the body; over: told, or the client has left. */
type Stage = 'fresh' | 'begun' | 'sending' | 'ended' | 'over';

/** The answer to one request. Writing to a client that has left does nothing. */
export class HttpReply implements Reply {
  readonly #input: ReplyInput;
  readonly #outlet: Outlet;
  #stage: Stage = 'fresh';
  #head: AnswerHead | undefined;
  #hasBody = true;
  #isChunked = false;
  #isUntilClose = false;
  /** Bytes that the head promised and that are still to come. */
  #left: number | undefined;
  #keepsAlive: boolean;
  /** Called once: the answer has gone out whole, or the client has left. */
  onClose: (isWhole: boolean) => void = ignore;

  constructor(input: ReplyInput) {
    this.#input = input;
    this.#keepsAlive = input.request.head.keepsAlive;
    this.#outlet = new Outlet({
      socket: input.socket,
      context: input.context,
      onTaken: () => this.#complete(),
      onStalled: () => this.cutOff(),
    });
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

  /** Another request may follow on the connection. */
  get keepsAlive(): boolean {
    // Whether a body that was not asked for comes all the same, nobody knows (RFC 9110, 10.1.1).
    return this.#keepsAlive && !this.#input.context.isClosing && !this.#input.request.isUnasked;
  }

  start(status: number, headers: readonly string[]): void {
    if (this.#stage !== 'fresh') return;
    this.#head = answerHead(status, headers);
    this.#hasBody = this.#input.request.head.method !== 'HEAD' && status !== 204 && status !== 304;
    this.#stage = 'begun';
  }

  write(chunk: Buffer | string): boolean {
    if (this.#stage !== 'begun' && this.#stage !== 'sending') return true;
    return this.#send(chunk, false);
  }

  onDrain(listener: () => void): void {
    if (!this.isSaid) this.#outlet.onRoom(listener);
  }

  end(chunk?: Buffer | string): void {
    if (this.#stage !== 'begun' && this.#stage !== 'sending') return;
    this.#send(chunk ?? '', true);
    this.#stage = 'ended';
    this.#outlet.end();
  }

  abort(): void {
    // What has been said is whole: there is nothing to break off.
    if (!this.isSaid) this.cutOff();
  }

  /** Cuts the connection, whatever has been said. */
  cutOff(): void {
    // Where a body ends with the connection, only a reset says that this was not its end.
    if (this.#isUntilClose) this.#input.socket.resetAndDestroy();
    else this.#input.socket.destroy();
  }

  send(status: number, headers: readonly string[], body: Buffer | string): void {
    this.start(status, headers);
    this.end(body);
  }

  /** The client has left; for the connection. Safe to repeat. */
  cut(): void {
    if (this.#stage === 'over') return;
    this.#stage = 'over';
    this.#outlet.close();
    this.onClose(false);
  }

  #complete(): void {
    this.#stage = 'over';
    // Fewer bytes than the head promised: the client would take the next answer for the rest of this one.
    if (this.#left !== undefined && this.#left !== 0) this.#keepsAlive = false;
    this.onClose(true);
    this.#input.onWhole();
  }

  #send(chunk: Buffer | string, isLast: boolean): boolean {
    const size = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
    let before = this.#stage === 'begun' ? this.#begin(isLast ? size : undefined) : '';
    if (!this.#hasBody) return this.#outlet.write(before);
    let after = '';
    if (this.#isChunked) {
      if (size > 0) {
        before += `${size.toString(16)}\r\n`;
        after = '\r\n';
      }
      if (isLast) after += '0\r\n\r\n';
    } else if (this.#left !== undefined) this.#left -= size;
    if (size > oneWriteBytes) return this.#outlet.writeLarge(before, chunk, after);
    return this.#outlet.write(before + latin1(chunk, size) + after);
  }

  /** The head's text. `size` is the whole body's, where it is known. */
  #begin(size: number | undefined): string {
    const head = this.#head as AnswerHead;
    const { context, request } = this.#input;
    this.#head = undefined;
    this.#stage = 'sending';
    let { text } = head;
    if (this.#hasBody) {
      this.#left = head.length ?? size;
      if (this.#left === undefined) {
        this.#isChunked = request.head.isVersion11;
        if (this.#isChunked) text += '\r\ntransfer-encoding: chunked';
        else {
          this.#isUntilClose = true;
          this.#keepsAlive = false;
        }
      }
    }
    // The answer to HEAD tells the length that GET would have.
    if (head.length === undefined && size !== undefined && (this.#hasBody || request.head.method === 'HEAD')) {
      text += `\r\ncontent-length: ${size}`;
    }
    if (!head.hasDate) text += context.dateField;
    return text + (this.keepsAlive ? context.keepAliveEnd : '\r\nconnection: close\r\n\r\n');
  }
}

const ignore = () => {};

/** Chunks up to here are worth the copy: with the text around them they are one write. Bytes. */
const oneWriteBytes = 16 * 1024;

/** Text whose latin-1 is the chunk's bytes. */
function latin1(chunk: Buffer | string, size: number): string {
  if (typeof chunk !== 'string') return chunk.toString('latin1');
  // As many bytes as characters: plain ASCII, the same in both.
  return chunk.length === size ? chunk : Buffer.from(chunk).toString('latin1');
}
