import type { Socket } from 'node:net';
import type { Timer } from '../../core/clock.ts';
import { HeadReader } from '../../transport/http1/head-reader.ts';
import { MessageError } from '../../transport/http1/message-error.ts';
import { type Framing, MessageReader, type MessageSink } from '../../transport/http1/message-reader.ts';
import { HttpReply, type ReplyContext } from './reply.ts';
import { HttpRequest } from './request.ts';
import { checkBeginning, requestHeads } from './request-head.ts';

/** What a connection knows of its server. */
export interface ConnectionHost extends ReplyContext {
  /** Must not throw. Asks for the body before it returns, or the body is dropped. */
  onRequest(request: HttpRequest, reply: HttpReply): void;
  /** The whole answer to what is no request; latin-1. */
  refusal(error: MessageError): string;
  onClosed(connection: ServerConnection): void;
}

export interface WaitLimits {
  /** Longest time for a head to arrive; 0 for any. Milliseconds. */
  readonly headMs: number;
  /** Longest time between an answer and the next request; 0 for any. Milliseconds. */
  readonly idleMs: number;
}

/** Bytes of following requests that are taken from the client while one is being answered. */
const maxPipelinedBytes = 64 * 1024;

/** How long a client may go on sending what nobody reads, so that it can read the answer. Milliseconds. */
const drainMs = 2_000;

/** One client's socket: reads a request, has it answered, reads the next. */
export class ServerConnection implements MessageSink {
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #reader: MessageReader;
  readonly #heads = new HeadReader(requestHeads);
  readonly #askForBody = () => void this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  readonly #goOn = () => this.#proceed();
  #request: HttpRequest | undefined;
  #reply: HttpReply | undefined;
  #isReading = false;
  /** Something of a head has come. A line too many after a body is nothing. */
  #hasBegun = false;
  /** It has been said to the client that nothing more will be; what it sends is read and forgotten. */
  #isEnding = false;
  #draining: Timer | undefined;
  #served = 0;
  /** What was being waited for when `checkWait` last looked, and since when. */
  #awaited = -1;
  #awaitedSince = 0;

  constructor(socket: Socket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    this.#reader = new MessageReader(this);
    this.#reader.begin();
    onBytes(socket, (bytes) => this.#read(bytes));
    socket.on('end', () => this.#clientEnded());
    // 'close' follows and tells the same.
    socket.on('error', ignore);
    socket.on('close', () => this.#closed());
  }

  /** Waits for a request of which nothing has come. */
  get isIdle(): boolean {
    return this.#request === undefined && !this.#hasBegun;
  }

  destroy(): void {
    this.#reply?.cutOff();
    this.#socket.destroy();
  }

  /** Gives up on a client that takes too long. To be called now and then. `now` is monotonic. */
  checkWait(now: number, limits: WaitLimits): void {
    if (this.#request !== undefined || this.#isEnding) return;
    const hasBegun = this.#hasBegun;
    const awaited = this.#served * 2 + (hasBegun ? 1 : 0);
    if (awaited !== this.#awaited) {
      this.#awaited = awaited;
      this.#awaitedSince = now;
    }
    const limitMs = hasBegun ? limits.headMs : limits.idleMs;
    if (limitMs === 0 || now - this.#awaitedSince <= limitMs) return;
    if (hasBegun) this.#refuse(new MessageError(lateHead, 'the head did not arrive in time'));
    else this.#socket.destroy();
  }

  onBeginning(bytes: Buffer, at: number): void {
    checkBeginning(bytes, at);
    this.#hasBegun = bytes.length - at > 2 || bytes[at] !== carriageReturn;
  }

  onHead(text: string): Framing {
    this.#hasBegun = false;
    // A line too many after a body was common once (RFC 9112, 2.2).
    const lines = text.startsWith('\r\n') ? text.slice(2) : text;
    if (lines === '') return 'no-message';
    const head = this.#heads.read(lines);
    const request = new HttpRequest(head, this.#askForBody);
    const reply = new HttpReply({
      socket: this.#socket,
      request,
      context: this.#host,
      onWhole: this.#goOn,
    });
    this.#request = request;
    this.#reply = reply;
    this.#host.onRequest(request, reply);
    request.seal();
    return head.framing;
  }

  onBody(bytes: Buffer): void {
    this.#request?.push(bytes);
  }

  onEnd(): void {
    this.#request?.complete();
  }

  #read(bytes: Buffer): void {
    if (this.#isEnding) return;
    this.#push(bytes);
    this.#proceed();
    // While one is answered, the following ones wait with the client.
    if (this.#reader.isOver && this.#reader.heldBytes > maxPipelinedBytes) this.#socket.pause();
  }

  #push(bytes: Buffer): void {
    this.#isReading = true;
    try {
      this.#reader.push(bytes);
    } catch (thrown) {
      if (thrown instanceof MessageError) this.#refuse(thrown);
      else this.#socket.destroy();
    }
    this.#isReading = false;
  }

  /** Nobody who wants an answer ends their side before it; what has been said already still goes out. */
  #clientEnded(): void {
    if (this.#reply === undefined || this.#reply.isOver) this.#socket.destroySoon();
    else if (!this.#reply.isSaid) this.#socket.destroy();
  }

  /** Goes on to the next request when one is both read and answered. */
  #proceed(): void {
    while (!this.#isReading && !this.#isEnding && this.#reply?.isOver === true && this.#socket.writable) {
      if (!this.#reply.keepsAlive || this.#socket.readableEnded) return this.#end();
      if (!this.#reader.isOver) return this.#drain();
      this.#draining?.cancel();
      this.#draining = undefined;
      this.#request = undefined;
      this.#reply = undefined;
      this.#served++;
      this.#reader.begin();
      if (this.#socket.isPaused()) this.#socket.resume();
      if (this.#reader.heldBytes > 0) this.#push(nothing);
    }
  }

  /** The rest of a body that nobody wants is read, for a while, so that the client comes to read the answer. */
  #drain(): void {
    this.#draining ??= this.#host.clock.setTimer(drainMs, () => this.#socket.destroy());
  }

  #end(): void {
    this.#isEnding = true;
    if (this.#reader.isOver && this.#reader.heldBytes === 0) return this.#socket.destroySoon();
    // A socket that is closed while bytes come in is reset, and the reset overtakes the answer.
    this.#socket.end();
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#drain();
  }

  #refuse(error: MessageError): void {
    const isTooLate = this.#reply?.isStarted === true;
    this.#isEnding = true;
    this.#request?.cut();
    if (this.#reply?.isOver === true) return this.#end();
    this.#reply?.cut();
    if (isTooLate) return void this.#socket.destroy();
    this.#socket.end(this.#host.refusal(error), 'latin1');
    this.#drain();
  }

  #closed(): void {
    this.#draining?.cancel();
    this.#request?.cut();
    this.#reply?.cut();
    this.#host.onClosed(this);
  }
}

/**
 * Tells of bytes as they are read. A stream hands each read on by an event and then looks for more in a tick of its own,
 * which is a thirtieth of what a request takes. Node's sockets give what they read to `push`, public for those who
 * implement streams; what does not come that way, or while the socket is paused, comes by the event.
 */
function onBytes(socket: Socket, take: (bytes: Buffer) => void): void {
  socket.on('data', take);
  const push = socket.push.bind(socket);
  socket.push = (bytes: unknown, encoding) => {
    const isNext = socket.readableFlowing === true && socket.readableLength === 0;
    if (!isNext || !Buffer.isBuffer(bytes)) return push(bytes, encoding);
    take(bytes);
    return true;
  };
}

/** Code of the error for a head that takes too long. */
export const lateHead = 'HPE_HEADER_TIMEOUT';

const carriageReturn = 0x0d;
const nothing = Buffer.alloc(0);
const ignore = () => {};
