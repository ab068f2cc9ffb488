import type { AddressInfo } from 'node:net';
import type { Admission, Admitted } from '../access/admission.ts';
import type { ClientKey, KeyRing } from '../access/keys.ts';
import { checkOrigin, type OriginRules } from '../access/origin.ts';
import type { Config } from '../config/schema.ts';
import type { Batch } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import { Departure } from '../core/departure.ts';
import { GatewayError } from '../core/errors.ts';
import type { EventBus } from '../core/events.ts';
import { type LoopMark, passedHeader } from '../core/loop-mark.ts';
import { type MemoryBudget, type MemoryShare, uncountedBytes } from '../core/memory-budget.ts';
import { nextTurnIfLong } from '../core/next-turn.ts';
import { operationTraits } from '../core/operations.ts';
import type { Exchange } from '../gateway/exchange.ts';
import type { Pipeline } from '../gateway/pipeline.ts';
import { decodeForm, fieldsOfForm } from '../protocols/form.ts';
import type { InboundFormat } from '../protocols/protocol.ts';
import { BodyReader } from './body.ts';
import { bytesWhileAnswered } from './body-cost.ts';
import { requireForm } from './form-body.ts';
import type { HttpReply } from './http-reply.ts';
import type { HttpRequest, RequestHeaders } from './http-request.ts';
import { HttpServer } from './http-server.ts';
import { checkType, parseJson, withoutByteOrderMark } from './json-body.ts';
import { Lifecycle, type RequestLife } from './lifecycle.ts';
import { problemOf, refusal } from './refusal.ts';
import { type RenderedError, renderError } from './render-error.ts';
import type { RequestError } from './request-rules.ts';
import type { Route, RouteMatch, RouteTable } from './routes.ts';

export interface ListenerDeps {
  readonly clock: Clock;
  readonly events: EventBus;
  readonly batch: Batch;
  readonly config: () => Config;
  readonly routes: RouteTable;
  readonly pipeline: Pipeline;
  readonly origin: () => OriginRules;
  /** Undefined while auth is off. */
  readonly keys: () => KeyRing | undefined;
  readonly admission: Admission;
  readonly isAdmin: (headers: RequestHeaders) => boolean;
  readonly mark: LoopMark;
  readonly memory: MemoryBudget;
}

/** Sockets in, exchanges out. Knows HTTP and nothing of models. */
export class Listener {
  readonly #deps: ListenerDeps;
  readonly #server: HttpServer;
  #inFlight = 0;
  readonly #bodies: BodyReader;
  readonly #lifecycle: Lifecycle;
  #begun = 0;

  constructor(deps: ListenerDeps) {
    this.#deps = deps;
    this.#lifecycle = new Lifecycle(deps);
    this.#server = new HttpServer({
      clock: deps.clock,
      batch: deps.batch,
      limits: () => {
        const { server } = deps.config();
        return { headMs: server.read_timeout, idleMs: server.idle_timeout, writeMs: server.write_timeout };
      },
      onRequest: (request, reply) => void this.#answer(this.#visit(request, reply)),
      refusal: (error, reply) => this.#refusal(error, reply),
    });
    this.#bodies = new BodyReader(deps.clock, deps.batch);
  }

  get isClosing(): boolean {
    return this.#server.isClosing;
  }

  /** Requests begun since the start. */
  get begun(): number {
    return this.#begun;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Port 0 takes a free one. Rejects with Node's error (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
  listen(host: string, port: number): Promise<AddressInfo> {
    return this.#server.listen(host, port);
  }

  /** Takes no more requests and lets those in flight end; after `graceMs` they are cut. Safe to repeat. */
  async close(graceMs: number): Promise<void> {
    const closed = this.#server.close();
    const timer = this.#deps.clock.setTimer(graceMs, () => this.destroy(), { keepAlive: true });
    await closed;
    timer.cancel();
    await this.#lifecycle.idle(lastStepsMs);
  }

  /** Cuts everything now. */
  destroy(): void {
    this.#server.destroy();
  }

  #visit(request: HttpRequest, reply: HttpReply): Visit {
    const { method, target } = request.head;
    const departure = new Departure();
    const memory = this.#deps.memory.share();
    const url = originForm(target);
    const mark = url.indexOf('?');
    const path = mark === -1 ? url : url.slice(0, mark);
    const life = this.#lifecycle.begin({ method, path, reply });
    this.#inFlight++;
    this.#begun++;
    reply.onRefusal = (error) => {
      life.refusal = error;
      return life.id;
    };
    reply.onClose = (isWhole) => {
      this.#inFlight--;
      memory.release();
      if (!isWhole) departure.leave();
      life.answered(isWhole);
    };
    const query = mark === -1 ? noQuery : new URLSearchParams(url.slice(mark + 1));
    return { life, request, reply, departure, memory, path, query };
  }

  #refusal(error: RequestError, reply: HttpReply | undefined): RenderedError {
    const problem = problemOf(error);
    const requestId = reply?.onRefusal?.(problem) ?? this.#lifecycle.refuse(problem);
    return refusal(problem, { renderer: this.#deps.routes.errors, requestId });
  }

  /** Never rejects. */
  async #answer(visit: Visit): Promise<void> {
    const { life } = visit;
    try {
      const { request } = visit;
      const { headers } = request.head;
      // First: by another name of this machine the router would otherwise only be told that it may not call itself so.
      if (this.#deps.mark.isLoop(headers[passedHeader])) throw loopError();
      const refused = checkOrigin({ headers, isFromHere: () => request.isFromHere }, this.#deps.origin());
      if (refused !== undefined) throw refused;
      const match = this.#route(visit);
      if (match === undefined) {
        life.isPreflight = true;
        return visit.reply.send(204, ['allow', 'GET, HEAD, POST'], '');
      }
      life.route = match.route;
      const key = this.#authenticate(match.route, headers);
      life.key = key;
      if (match.route.kind === 'page') return await this.#page(visit, match, key);
      const later = this.#admit(visit, key);
      if (later !== undefined) await later;
      const { inbound, takesAnyType } = match.route;
      const formType = typeOfForm(inbound, headers);
      if (formType === undefined && !takesAnyType) checkType(headers['content-type']);
      const body = withoutByteOrderMark(await this.#read(visit));
      const form = formType === undefined ? undefined : await this.#form(visit, body, formType);
      const exchange = this.#exchange(visit, { inbound, match, key, body, form });
      const turn = nextTurnIfLong(body);
      if (turn !== undefined) await turn;
      const result = await this.#deps.pipeline.handle(exchange);
      if (result.kind === 'failed') this.#renderError(visit, result.error, result.headers);
    } catch (thrown) {
      this.#renderError(visit, GatewayError.from(thrown), []);
    } finally {
      life.handled();
    }
  }

  #route(visit: Visit): RouteMatch | undefined {
    const { method } = visit.request.head;
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

  #authenticate(route: Route, headers: RequestHeaders): ClientKey | undefined {
    if (route.kind === 'page' && route.access === 'open') return undefined;
    if (route.kind === 'page' && route.access === 'admin') {
      if (this.#deps.isAdmin(headers)) return undefined;
      throw new GatewayError('unauthorized', 'The admin token is missing or wrong.');
    }
    return this.#deps.keys()?.authenticate(headers);
  }

  /** Before the body is read. Resolves at once while nothing is limited. Throws `rate_limited`. */
  #admit({ reply }: Visit, key: ClientKey | undefined): Promise<void> | undefined {
    const decide = ({ headers, refusal }: Admitted) => {
      if (headers.length > 0) reply.addHeaders(headers);
      if (refusal !== undefined) throw refusal;
    };
    const admitted = this.#deps.admission.admit(key);
    if (admitted instanceof Promise) return admitted.then(decide);
    decide(admitted);
    return undefined;
  }

  async #page(visit: Visit, match: RouteMatch, key: ClientKey | undefined): Promise<void> {
    const { reply } = visit;
    const { method, headers } = visit.request.head;
    const { route } = match;
    if (route.kind !== 'page') return;
    const body = method === 'POST' ? await this.#read(visit) : undefined;
    const page = await route.page({
      method,
      path: visit.path,
      rest: match.rest,
      query: visit.query,
      headers,
      key,
      body: body === undefined || body.length === 0 ? undefined : parseJson(body),
      signal: visit.departure.signal,
      trail: visit.life.trail,
    });
    if (page.body.length > uncountedBytes) visit.memory.take(page.body.length);
    const about = ['content-type', page.contentType, 'x-router-request-id', visit.life.id, ...(page.headers ?? [])];
    reply.send(page.status, about, page.body);
  }

  /** Its files are held once more than in the body, and once more in what is sent. */
  #form({ memory }: Visit, body: Buffer, contentType: string): Promise<FormData> {
    if (body.length > uncountedBytes) memory.take(body.length);
    return decodeForm(body, contentType);
  }

  #exchange(visit: Visit, about: Asked): Exchange {
    const { method, headers, rawHeaders } = visit.request.head;
    const { inbound, match, key, body, form } = about;
    return {
      id: visit.life.id,
      method,
      path: visit.path,
      rawHeaders,
      headers,
      inbound,
      route: { model: match.rest, action: match.action, query: visit.query, headers },
      body,
      json: form === undefined ? parseJson(body) : fieldsOfForm(form),
      form,
      key,
      reply: visit.reply,
      departure: visit.departure,
      memory: visit.memory,
      startedAt: visit.life.startedAt,
      trail: visit.life.trail,
    };
  }

  async #read({ life, request, memory }: Visit): Promise<Buffer> {
    const limits = this.#deps.config().server;
    const body = await this.#bodies.read(request, { limits, memory });
    const { framing } = request.head;
    life.bytesIn = framing === 'chunked' ? body.length : framing;
    if (body.length <= uncountedBytes) return body;
    memory.take(bytesWhileAnswered(body));
    await nextTurnIfLong(body);
    return body;
  }

  #renderError(visit: Visit, error: GatewayError, headers: readonly string[]): void {
    const { life } = visit;
    life.error = error;
    if (visit.reply.isStarted) return visit.reply.abort();
    const rendered = renderError(error, {
      renderer: this.#deps.routes.errorsAt(visit.path, visit.request.head.method),
      requestId: life.id,
      attempts: life.trail.attempts,
      headers: headers.length === 0 ? ['x-router-request-id', life.id] : headers,
    });
    const extra = error.code === 'method_not_allowed' && error.detail !== undefined ? ['allow', error.detail] : [];
    visit.reply.send(rendered.status, [...rendered.headers, ...extra], rendered.body);
  }
}

/** What a request wants, and what it brought. */
interface Asked {
  readonly inbound: InboundFormat;
  readonly match: RouteMatch;
  readonly key: ClientKey | undefined;
  readonly body: Buffer;
  readonly form: FormData | undefined;
}

/** One request before it is known what it wants. */
interface Visit {
  readonly life: RequestLife;
  readonly request: HttpRequest;
  readonly reply: HttpReply;
  readonly departure: Departure;
  readonly memory: MemoryShare;
  readonly path: string;
  readonly query: URLSearchParams;
}

const noQuery = new URLSearchParams();

/** What is left to do for requests whose clients have gone. Milliseconds. */
const lastStepsMs = 1_000;
/** Undefined for an operation that takes no form. Throws `unsupported_media` for one that does and gets something else. */
function typeOfForm({ id }: InboundFormat, headers: RequestHeaders): string | undefined {
  return operationTraits[id.operation].body === 'form' ? requireForm(headers['content-type']) : undefined;
}

/** Clients that take us for a proxy write the whole URL, which a server has to accept (RFC 9112, 3.2.2). */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const parsed = URL.parse(target);
  return parsed === null ? target : parsed.pathname + parsed.search;
}

function loopError(): GatewayError {
  return new GatewayError('loop_detected', 'This request has passed this router before: it is its own upstream.', {
    hint: 'a provider leads back to this router, itself or through another one; correct its address',
  });
}

/** A wrong path gets the right one named: a doubled or missing version prefix is the usual mistake. */
function pathHint(path: string, routes: RouteTable): string {
  const tail = path.replace(/^(\/(v1|v1beta|api|ai|openai))+/, '').replace(/\/$/, '');
  const known = routes.paths().filter((one) => tail.length > 1 && one.endsWith(tail));
  const best = known.find((one) => one.startsWith('/v1/')) ?? known[0];
  return best === undefined ? 'the OpenAI API is at /v1/chat/completions' : `did you mean ${best}?`;
}
