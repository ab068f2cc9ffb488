import { connect, type LookupFunction, type Socket } from 'node:net';
import type { Batch } from '../../core/batch.ts';
import { GatewayError } from '../../core/errors.ts';
import { type AnswerHeaders, AnswerParser, type AnswerSink } from './answer-parser.ts';
import { MessageError } from './message-error.ts';

/** Told about the request that a connection carries. Exactly one of onEnd and onError comes last. */
export interface ConnectionHandler {
  onHead(status: number, headers: AnswerHeaders): void;
  /** The bytes are the handler's own. */
  onBody(bytes: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
}

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction;
  /** Takes the writes of one turn. */
  readonly batch: Batch;
  /** The connection can carry the next request. */
  readonly onFree: (connection: Connection) => void;
  /** Comes after its request was told, which may have gone to another connection meanwhile. */
  readonly onClosed: (connection: Connection) => void;
  readonly onConnected: () => void;
}

/**
 * Where all connections read to. A read is handled before the next one begins, so one piece of memory is enough; what
 * is kept is copied. Node would otherwise allocate 64 kB for every read and shrink them afterwards.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** One socket to a plain-text server; carries one request at a time. */
export class Connection implements AnswerSink {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #parser: AnswerParser;
  #handler: ConnectionHandler | undefined;
  /** A request (latin-1) that goes out at the end of the turn. */
  #held = '';
  readonly #letGo = () => {
    const text = this.#held;
    this.#held = '';
    if (!this.#socket.destroyed) this.#socket.write(text, 'latin1');
  };
  #isPaused = false;
  #carried = 0;
  #error: Error | undefined;
  /** Monotonic milliseconds until which the server can be trusted to keep it open. For the pool. */
  idleUntil = 0;
  /** What the server said of its own patience. Milliseconds. */
  keepAliveMs: number | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#parser = new AnswerParser(this);
    this.#socket = connect({
      host: options.host,
      port: options.port,
      lookup: options.lookup,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      onread: { buffer: readBuffer, callback: (size) => this.#read(size) },
    });
    this.#socket.once('connect', options.onConnected);
    this.#socket.on('end', () => this.#serverClosed());
    this.#socket.on('error', (error) => {
      this.#error = error;
    });
    this.#socket.on('close', () => this.#closed());
  }

  /** It carried a request before: the server may be closing it just now. */
  get isReused(): boolean {
    return this.#carried > 1;
  }

  /** False from the moment it is cut, which is some time before `onClosed`. */
  get isOpen(): boolean {
    return this.#socket.writable;
  }

  /** `head` is latin-1. Small requests are one write. */
  send(head: string, body: Buffer | undefined, handler: ConnectionHandler): void {
    this.#handler = handler;
    this.#carried++;
    this.#parser.begin();
    if (body !== undefined && body.length > oneWriteBytes) {
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      this.#socket.write(body);
      this.#socket.uncork();
      return;
    }
    this.#held = body === undefined ? head : head + body.toString('latin1');
    this.#options.batch.addWrite(this.#letGo);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** Cuts the connection; its request hears nothing more. */
  abort(): void {
    this.#handler = undefined;
    this.#socket.destroy();
  }

  /** Cuts the connection; its request hears of `error`. */
  destroy(error: Error): void {
    this.#socket.destroy(error);
  }

  onHead(status: number, headers: AnswerHeaders): void {
    this.keepAliveMs = keepAliveHint(headers['keep-alive']);
    this.#handler?.onHead(status, headers);
  }

  onBody(bytes: Buffer): void {
    this.#handler?.onBody(Buffer.from(bytes));
  }

  onEnd(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.onEnd();
  }

  #read(size: number): boolean {
    try {
      this.#parser.push(size === readBuffer.length ? readBuffer : readBuffer.subarray(0, size));
    } catch (thrown) {
      // What a handler throws is the end of its request, not of the process.
      this.#socket.destroy(thrown instanceof MessageError ? thrown : GatewayError.from(thrown));
    }
    if (this.#parser.isOver) this.#becomeFree();
    return !this.#isPaused;
  }

  /** Only once all that was read has been looked at: bytes after the end must not be taken for the next answer. */
  #becomeFree(): void {
    // An answer that came before its request was all sent leaves the rest of that in the way.
    const mayReuse = this.#parser.mayReuse && this.#isAllSent;
    if (!mayReuse) return void this.#socket.destroy();
    if (this.#isPaused) this.resume();
    this.#options.onFree(this);
  }

  get #isAllSent(): boolean {
    return this.#held === '' && this.#socket.writable && this.#socket.writableLength === 0;
  }

  #serverClosed(): void {
    this.#parser.close();
    this.#socket.destroy();
  }

  #closed(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.onError(this.#error ?? new ClosedEarly());
    this.#options.onClosed(this);
  }
}

/** Bodies up to here are worth the copy. Bytes. */
const oneWriteBytes = 16 * 1024;

class ClosedEarly extends Error {
  readonly code = 'ECONNRESET';

  constructor() {
    super('the server closed the connection');
  }
}

/** Seconds in `timeout=5, max=100`, as milliseconds. */
function keepAliveHint(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /timeout=(\d{1,6})/i.exec(String(header))?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
