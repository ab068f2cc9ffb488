import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ClientKey, KeyRing } from '../access/keys.ts';
import { checkOrigin, type OriginRules } from '../access/origin.ts';
import type { Config } from '../config/schema.ts';
import type { Batch } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import { Departure } from '../core/departure.ts';
import { GatewayError } from '../core/errors.ts';
import { type Exchange, newTrail } from '../gateway/exchange.ts';
import type { Pipeline } from '../gateway/pipeline.ts';
import type { ErrorRenderer, InboundFormat } from '../protocols/protocol.ts';
import { BodyReader } from './body.ts';
import { checkType, parseJson, withoutByteOrderMark } from './json-body.ts';
import { refuseConnection } from './refuse-connection.ts';
import { renderError } from './render-error.ts';
import { NodeReply, type ReplyOptions } from './reply.ts';
import type { ErrorDialect, Route, RouteMatch, RouteTable } from './routes.ts';

export interface ListenerDeps {
  readonly clock: Clock;
  readonly batch: Batch;
  readonly config: () => Config;
  readonly routes: RouteTable;
  readonly dialects: readonly ErrorDialect[];
  readonly pipeline: Pipeline;
  readonly origin: () => OriginRules;
  /** Undefined while auth is off. */
  readonly keys: () => KeyRing | undefined;
  readonly isAdmin: (headers: IncomingMessage['headers']) => boolean;
}

/** Header block that a client may send. Bytes. */
const maxHeaderBytes = 64 * 1024;

/** Sockets in, exchanges out. Knows HTTP and nothing of models. */
export class Listener {
  readonly #deps: ListenerDeps;
  readonly #server: Server;
  readonly #open = new Set<Departure>();
  readonly #bodies: BodyReader;
  readonly #replyOptions: ReplyOptions;
  #begun = 0;
  #isClosing = false;

  constructor(deps: ListenerDeps) {
    this.#deps = deps;
    const { server } = deps.config();
    this.#server = createServer({
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: server.read_timeout,
      requestTimeout: 0,
      keepAliveTimeout: server.idle_timeout,
      connectionsCheckingInterval: Math.min(1_000, server.read_timeout),
      noDelay: true,
    });
    this.#bodies = new BodyReader(deps.clock, deps.batch);
    this.#replyOptions = {
      clock: deps.clock,
      writeTimeoutMs: () => deps.config().server.write_timeout,
      isClosing: () => this.#isClosing,
    };
    this.#server.on('request', (request, response) => this.#serve(request, response));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
      refuseConnection(error, socket, { clock: deps.clock, renderer: lastOf(deps.dialects), maxHeaderBytes }),
    );
    this.#server.on('checkContinue', (request, response) => {
      // Only a body that is wanted is asked for: whoever is refused has nothing to send.
      request.once('resume', () => {
        if (!response.headersSent) response.writeContinue();
      });
      this.#serve(request, response);
    });
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Requests begun since the start. */
  get begun(): number {
    return this.#begun;
  }

  get inFlight(): number {
    return this.#open.size;
  }

  /** Port 0 takes a free one. Rejects with Node's error (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
  listen(host: string, port: number): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: 1024 }, () => {
        this.#server.off('error', reject);
        resolve(this.#server.address() as AddressInfo);
      });
    });
  }

  /** Takes no more requests and lets those in flight end; after `graceMs` they are cut. Safe to repeat. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = this.#deps.clock.setTimer(graceMs, () => this.destroy(), { keepAlive: true });
    await closed;
    timer.cancel();
  }

  /** Cuts everything now. */
  destroy(): void {
    this.#isClosing = true;
    for (const departure of this.#open) departure.leave();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const visit = this.#visit(request, response);
    this.#answer(visit).then(
      () => this.#tidy(request),
      (thrown) => {
        this.#renderError(visit, GatewayError.from(thrown), []);
        this.#tidy(request);
      },
    );
  }

  #visit(request: IncomingMessage, response: ServerResponse): Visit {
    const departure = new Departure();
    this.#open.add(departure);
    this.#begun++;
    response.on('close', () => {
      this.#open.delete(departure);
      if (!response.writableFinished) departure.leave();
      // Node closes what is idle when the end begins; what becomes idle later would be waited for.
      if (this.#isClosing) this.#server.closeIdleConnections();
    });
    // A client that resets its connection is told by 'close'; the error itself must not end the process.
    response.on('error', ignore);
    const url = originForm(request.url ?? '/');
    const mark = url.indexOf('?');
    return {
      id: randomUUID(),
      startedAt: this.#deps.clock.monotonic(),
      request,
      reply: new NodeReply(response, this.#replyOptions),
      departure,
      path: mark === -1 ? url : url.slice(0, mark),
      query: mark === -1 ? noQuery : new URLSearchParams(url.slice(mark + 1)),
    };
  }

  /** What is left of a refused body would be read as the next request. */
  #tidy(request: IncomingMessage): void {
    if (!request.complete && !request.destroyed) this.#drain(request);
  }

  async #answer(visit: Visit): Promise<void> {
    const { headers } = visit.request;
    const refused = checkOrigin(headers, this.#deps.origin());
    if (refused !== undefined) throw refused;
    const match = this.#route(visit);
    if (match === undefined) return visit.reply.send(204, ['allow', 'GET, HEAD, POST'], '');
    const key = this.#authenticate(match.route, headers);
    if (match.route.kind === 'page') return this.#page(visit, match, key);
    const { inbound, takesAnyType } = match.route;
    if (!takesAnyType) checkType(headers['content-type']);
    const exchange = this.#exchange(visit, {
      inbound,
      match,
      key,
      body: withoutByteOrderMark(await this.#read(visit)),
    });
    const result = await this.#deps.pipeline.handle(exchange);
    if (result.kind === 'failed') this.#renderError(visit, result.error, result.headers, exchange);
  }

  #route(visit: Visit): RouteMatch | undefined {
    const method = visit.request.method ?? 'GET';
    if (method === 'OPTIONS') return undefined;
    const found = this.#deps.routes.find(visit.path, method);
    if (found.kind === 'found') return found.match;
    if (found.kind === 'wrong-method') {
      throw new GatewayError(
        'method_not_allowed',
        `${visit.path} takes ${found.allowed.join(' or ')}, not ${method}.`,
        {
          detail: found.allowed.join(', '),
        },
      );
    }
    throw new GatewayError('not_found', `There is nothing at ${visit.path.slice(0, 200)}.`, {
      hint: pathHint(visit.path, this.#deps.routes),
    });
  }

  #authenticate(route: Route, headers: IncomingMessage['headers']): ClientKey | undefined {
    if (route.kind === 'page' && route.access === 'open') return undefined;
    if (route.kind === 'page' && route.access === 'admin') {
      if (this.#deps.isAdmin(headers)) return undefined;
      throw new GatewayError('unauthorized', 'The admin token is missing or wrong.');
    }
    return this.#deps.keys()?.authenticate(headers);
  }

  async #page(visit: Visit, match: RouteMatch, key: ClientKey | undefined): Promise<void> {
    const { request, reply } = visit;
    const { route } = match;
    if (route.kind !== 'page') return;
    const body = request.method === 'POST' ? await this.#read(visit) : undefined;
    const page = await route.page({
      method: request.method ?? 'GET',
      path: visit.path,
      rest: match.rest,
      query: visit.query,
      headers: request.headers,
      key,
      body: body === undefined || body.length === 0 ? undefined : parseJson(body),
      signal: visit.departure.signal,
    });
    const headers = ['content-type', page.contentType, 'x-router-request-id', visit.id, ...(page.headers ?? [])];
    reply.send(page.status, headers, request.method === 'HEAD' ? '' : page.body);
  }

  #exchange(
    visit: Visit,
    about: { inbound: InboundFormat; match: RouteMatch; key: ClientKey | undefined; body: Buffer },
  ): Exchange {
    const { request } = visit;
    const { inbound, match, key, body } = about;
    return {
      id: visit.id,
      method: request.method ?? 'POST',
      path: visit.path,
      rawHeaders: request.rawHeaders,
      headers: request.headers,
      inbound,
      route: { model: match.rest, action: match.action, query: visit.query, headers: request.headers },
      body,
      json: parseJson(body),
      key,
      reply: visit.reply,
      departure: visit.departure,
      startedAt: visit.startedAt,
      trail: newTrail(),
    };
  }

  #read(visit: Visit): Promise<Buffer> {
    return this.#bodies.read(visit.request, this.#deps.config().server);
  }

  #renderError(visit: Visit, error: GatewayError, headers: readonly string[], exchange?: Exchange): void {
    if (visit.reply.isStarted) return visit.reply.abort();
    const rendered = renderError(error, {
      renderer: this.#dialect(visit.path),
      requestId: visit.id,
      attempts: exchange?.trail.attempts ?? [],
      headers: headers.length === 0 ? ['x-router-request-id', visit.id] : headers,
    });
    const extra = error.code === 'method_not_allowed' && error.detail !== undefined ? ['allow', error.detail] : [];
    visit.reply.send(
      rendered.status,
      [...rendered.headers, ...extra],
      visit.request.method === 'HEAD' ? '' : rendered.body,
    );
  }

  #dialect(path: string): ErrorRenderer {
    const found = this.#deps.dialects.find(({ paths }) => paths.test(path));
    return found?.renderer ?? lastOf(this.#deps.dialects);
  }

  /** Reads and forgets a little of an unread body so that the answer arrives, then closes. */
  #drain(request: IncomingMessage): void {
    request.resume();
    const timer = this.#deps.clock.setTimer(2_000, () => request.destroy());
    request.once('close', () => timer.cancel());
  }
}

/** One request before it is known what it wants. */
interface Visit {
  readonly id: string;
  readonly startedAt: number;
  readonly request: IncomingMessage;
  readonly reply: NodeReply;
  readonly departure: Departure;
  readonly path: string;
  readonly query: URLSearchParams;
}

const noQuery = new URLSearchParams();

/** Clients that take us for a proxy write the whole URL, which a server has to accept (RFC 9112, 3.2.2). */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const parsed = URL.parse(target);
  return parsed === null ? target : parsed.pathname + parsed.search;
}

const ignore = () => {};

/** The one for paths that no other claims. */
function lastOf(dialects: readonly ErrorDialect[]): ErrorRenderer {
  return (dialects.at(-1) as ErrorDialect).renderer;
}

/** A wrong path gets the right one named: a doubled or missing version prefix is the usual mistake. */
function pathHint(path: string, routes: RouteTable): string {
  const tail = path.replace(/^(\/(v1|v1beta|api|openai))+/, '').replace(/\/$/, '');
  const known = routes.paths().filter((one) => tail.length > 1 && one.endsWith(tail));
  const best = known.find((one) => one.startsWith('/v1/')) ?? known[0];
  return best === undefined ? 'the OpenAI API is at /v1/chat/completions' : `did you mean ${best}?`;
}
