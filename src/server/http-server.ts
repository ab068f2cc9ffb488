import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Batch } from '../core/batch.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { ClientConnection, type ConnectionHost } from './client-connection.ts';
import { HalfClosed } from './half-closed.ts';
import type { HttpReply } from './http-reply.ts';
import type { HttpRequest } from './http-request.ts';
import type { RenderedError } from './render-error.ts';
import { maxHeadBytes, RequestError } from './request-rules.ts';

export interface ServerLimits {
  /** Longest time for a head to arrive; 0 for any. Milliseconds. */
  readonly headMs: number;
  /** Longest time between an answer and the next request; 0 for any. Milliseconds. */
  readonly idleMs: number;
  /** Longest time a client may stop reading; 0 for any. Milliseconds. */
  readonly writeMs: number;
}

export interface HttpServerOptions {
  readonly clock: Clock;
  readonly batch: Batch;
  /** Looked at with each request: a change holds for connections that are open. */
  readonly limits: () => ServerLimits;
  /** Must not throw. Asks for the body before it returns, or the body is dropped. */
  readonly onRequest: (request: HttpRequest, reply: HttpReply) => void;
  /** The answer to what is not a request. */
  readonly refusal: (error: RequestError, reply: HttpReply | undefined) => RenderedError;
}

/** How often connections are looked at for late heads: by a fraction of their time, within these. Milliseconds. */
const checking = { most: 1_000, least: 50, fraction: 4 };

/** How long a request that has not come whole may take when the server ends. Milliseconds. */
const unfinishedMs = 2_000;

/** Node's HTTP server, with connections that are stricter with requests and gentler with the ends of answers. */
export class HttpServer implements ConnectionHost {
  readonly clock: Clock;
  readonly batch: Batch;
  readonly halfClosed = new HalfClosed();
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #connections = new Map<Socket, ClientConnection>();
  #unfinished: Timer | undefined;
  #isClosing = false;

  constructor(options: HttpServerOptions) {
    this.clock = options.clock;
    this.batch = options.batch;
    this.#options = options;
    const { headMs } = options.limits();
    this.#server = createServer({
      insecureHTTPParser: false,
      maxHeaderSize: maxHeadBytes,
      // Ours rules, which counts the pauses of a body.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.max(checking.least, Math.min(checking.most, headMs / checking.fraction)),
      // Several hosts are refused too, in JSON.
      requireHostHeader: false,
      optimizeEmptyRequests: true,
    });
    this.#serve();
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  get writeTimeoutMs(): number {
    return this.#options.limits().writeMs;
  }

  onRequest(request: HttpRequest, reply: HttpReply): void {
    this.#options.onRequest(request, reply);
  }

  refusal(error: RequestError, reply?: HttpReply): RenderedError {
    return this.#options.refusal(error, reply);
  }

  onClosed(socket: Socket): void {
    this.#connections.delete(socket);
  }

  /** Port 0 takes a free one. Rejects with Node's error (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
  async listen(host: string, port: number): Promise<AddressInfo> {
    this.#server.listen({ host, port, backlog: 1024 });
    // A callback would stay behind after a failure, for the next try to call.
    await once(this.#server, 'listening');
    // A connection that could not be accepted belongs to no client.
    this.#server.on('error', ignore);
    return this.#server.address() as AddressInfo;
  }

  /** Takes no more requests; resolves when the last connection has closed. Safe to repeat. */
  close(): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        this.#unfinished?.cancel();
        resolve();
      });
    });
    this.#unfinished ??= this.clock.setTimer(unfinishedMs, () => this.#destroy((one) => !one.isAnswering));
    // To Node these are late with a request.
    this.#destroy((one) => one.isSilent);
    return closed;
  }

  /** Cuts everything now. */
  destroy(): void {
    void this.close();
    this.#destroy(() => true);
  }

  #destroy(isMeant: (connection: ClientConnection) => boolean): void {
    for (const connection of this.#connections.values()) if (isMeant(connection)) connection.destroy();
  }

  #serve(): void {
    const server = this.#server;
    // All of them count: what is left out here another reader might have seen.
    server.maxHeadersCount = 0;
    // A client that ends its side after its request is answered all the same.
    Object.assign(server, { httpAllowHalfOpen: true });
    server.on('connection', (socket: Socket) => {
      this.#applyLimits();
      this.#connections.set(socket, new ClientConnection(socket, this));
    });
    const take = (incoming: IncomingMessage, response: ServerResponse) => {
      this.#applyLimits();
      this.#connections.get(incoming.socket)?.take({ incoming, response });
    };
    for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, take);
    server.on('clientError', (error: NodeJS.ErrnoException & { reason?: string }, socket) => {
      const { code = '', reason = error.message } = error;
      this.#connections.get(socket as Socket)?.failed(new RequestError(code, reason));
    });
    server.on('connect', ({ socket }: IncomingMessage) => {
      this.#connections.get(socket)?.failed(new RequestError('HPE_INVALID_METHOD', 'CONNECT asks for a proxy'));
    });
  }

  #applyLimits(): void {
    const { headMs, idleMs } = this.#options.limits();
    this.#server.headersTimeout = headMs;
    this.#server.keepAliveTimeout = idleMs;
  }
}

const ignore = () => {};
