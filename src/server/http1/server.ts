import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Batch } from '../../core/batch.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import type { MessageError } from '../../transport/http1/message-error.ts';
import { type ConnectionHost, ServerConnection, type WaitLimits } from './connection.ts';
import type { HttpReply } from './reply.ts';
import type { HttpRequest } from './request.ts';

export interface ServerLimits extends WaitLimits {
  /** Longest time a client may stop reading; 0 for any. Milliseconds. */
  readonly writeMs: number;
}

export interface HttpServerOptions {
  readonly clock: Clock;
  readonly batch: Batch;
  /** Looked at each time: a change holds for connections that are open. */
  readonly limits: () => ServerLimits;
  /** Must not throw. Asks for the body before it returns, or the body is dropped. */
  readonly onRequest: (request: HttpRequest, reply: HttpReply) => void;
  /** The whole answer to what is no request; latin-1. */
  readonly refusal: (error: MessageError) => string;
}

/** How often waiting connections are looked at, at most. Milliseconds. */
const sweepMs = 1_000;

/**
 * An HTTP/1.1 server for many small requests (RFC 9112): a third of what a request costs the router would otherwise be
 * spent on Node's, whose streams and events are made for programs that need more of them.
 */
export class HttpServer implements ConnectionHost {
  readonly clock: Clock;
  readonly batch: Batch;
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #connections = new Set<ServerConnection>();
  #sweep: Timer | undefined;
  #isClosing = false;
  #date = '';
  #dateUntil = 0;
  #promise = { idleMs: -1, end: '' };

  constructor(options: HttpServerOptions) {
    this.clock = options.clock;
    this.batch = options.batch;
    this.#options = options;
    // Node would end our side with the client's, before a large answer has been written.
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      this.#connections.add(new ServerConnection(socket, this));
    });
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  get writeTimeoutMs(): number {
    return this.#options.limits().writeMs;
  }

  get dateField(): string {
    const now = this.clock.now();
    if (now >= this.#dateUntil || now < this.#dateUntil - 1000) {
      this.#date = `\r\ndate: ${new Date(now).toUTCString()}`;
      this.#dateUntil = now - (now % 1000) + 1000;
    }
    return this.#date;
  }

  get keepAliveEnd(): string {
    const { idleMs } = this.#options.limits();
    if (this.#promise.idleMs !== idleMs) {
      const hint = idleMs === 0 ? '' : `\r\nkeep-alive: timeout=${Math.floor(idleMs / 1000)}`;
      this.#promise = { idleMs, end: `\r\nconnection: keep-alive${hint}\r\n\r\n` };
    }
    return this.#promise.end;
  }

  onRequest(request: HttpRequest, reply: HttpReply): void {
    this.#options.onRequest(request, reply);
  }

  refusal(error: MessageError): string {
    return this.#options.refusal(error);
  }

  onClosed(connection: ServerConnection): void {
    this.#connections.delete(connection);
  }

  /** Port 0 takes a free one. Rejects with Node's error (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
  async listen(host: string, port: number): Promise<AddressInfo> {
    this.#server.listen({ host, port, backlog: 1024 });
    // A callback would stay behind after a failure, for the next try to call.
    await once(this.#server, 'listening');
    // A connection that could not be accepted is nobody's.
    this.#server.on('error', ignore);
    this.#armSweep();
    return this.#server.address() as AddressInfo;
  }

  /** Takes no more requests; resolves when the last connection has closed. Safe to repeat. */
  close(): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        this.#sweep?.cancel();
        resolve();
      });
    });
    for (const connection of this.#connections) if (connection.isIdle) connection.destroy();
    return closed;
  }

  /** Cuts everything now. */
  destroy(): void {
    void this.close();
    for (const connection of this.#connections) connection.destroy();
  }

  #armSweep(): void {
    const everyMs = Math.min(sweepMs, this.#options.limits().headMs || sweepMs);
    this.#sweep = this.clock.setTimer(everyMs, () => {
      const now = this.clock.monotonic();
      const limits = this.#options.limits();
      for (const connection of this.#connections) connection.checkWait(now, limits);
      this.#armSweep();
    });
  }
}

const ignore = () => {};
