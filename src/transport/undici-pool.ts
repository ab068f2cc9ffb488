import type { LookupFunction } from 'node:net';
import { getCACertificates } from 'node:tls';
import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import type { Endpoint } from '../core/model.ts';
import { isReset, networkError } from './network-error.ts';
import { isSendable, requireSendablePath } from './sendable.ts';
import {
  type AnswerHandler,
  maxInterimAnswers,
  type Sending,
  type UpstreamPool,
  type UpstreamRequest,
} from './upstream-pool.ts';

export interface UndiciPoolOptions {
  readonly endpoint: Endpoint;
  /** Scheme, host and port. */
  readonly origin: string;
  readonly lookup: LookupFunction;
  /** HTTP_PROXY, HTTPS_PROXY, NO_PROXY in either case; undefined where no proxy may come between. */
  readonly proxies: Readonly<Record<string, string | undefined>> | undefined;
}

/** Connections with TLS, and those that may go through a proxy. */
export class UndiciPool implements UpstreamPool {
  readonly #origin: string;
  readonly #dispatcher: Dispatcher;
  /** Connections opened so far; tells a reused socket from a fresh one. */
  #connects = 0;

  constructor(options: UndiciPoolOptions) {
    this.#origin = options.origin;
    this.#dispatcher = openDispatcher(options);
    this.#dispatcher.on('connect', () => {
      this.#connects++;
    });
  }

  get connects(): number {
    return this.#connects;
  }

  send(request: UpstreamRequest, path: string, handler: AnswerHandler): Sending {
    const exchange = new UndiciExchange(this, { request, path, handler });
    exchange.start();
    return exchange;
  }

  /** Throws for what cannot be sent: undici would refuse it too, but then count the connection as busy for ever. */
  dispatch({ method, body, ...request }: UpstreamRequest, path: string, handler: Dispatcher.DispatchHandler): void {
    requireSendablePath(path);
    const headers = sendableFields(request.headers);
    this.#dispatcher.dispatch({ origin: this.#origin, path, method, headers, body: body ?? null }, handler);
  }

  close(): Promise<void> {
    return this.#dispatcher.close();
  }

  destroy(): Promise<void> {
    return this.#dispatcher.destroy();
  }
}

function openDispatcher({ endpoint, origin, lookup, proxies }: UndiciPoolOptions): Dispatcher {
  const certificates = origin.startsWith('https:') ? trustedCertificates() : undefined;
  const options: Pool.Options = {
    // Our own timers rule: a model that loads for minutes is no failure of the connection.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    pipelining: 1,
    connections: endpoint.poolSize ?? null,
    connect: {
      timeout: endpoint.timeouts.connectMs,
      lookup,
      noDelay: true,
      ...(certificates === undefined ? {} : { ca: certificates }),
    },
  };
  if (proxies === undefined) return new Pool(origin, options);
  const read = (name: string) => proxies[name.toLowerCase()] ?? proxies[name] ?? '';
  // What `connect` says holds for hosts that NO_PROXY names; through a proxy undici only asks these.
  const tls = certificates === undefined ? {} : { requestTls: { ca: certificates }, proxyTls: { ca: certificates } };
  return new EnvHttpProxyAgent({
    ...options,
    ...tls,
    connectTimeout: endpoint.timeouts.connectMs,
    connections: options.connections ?? null,
    httpProxy: read('HTTP_PROXY'),
    httpsProxy: read('HTTPS_PROXY') || read('HTTP_PROXY'),
    noProxy: read('NO_PROXY'),
  } as EnvHttpProxyAgent.Options);
}

/** Node's own list and the system's: a company's own authority is in the latter only. */
function trustedCertificates(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}

function sendableFields(headers: readonly string[]): string[] {
  const fields: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const [name, value] = [headers[at] as string, headers[at + 1] as string];
    if (isSendable(name, value)) fields.push(name, value);
  }
  return fields;
}

class EndlessInterim extends Error {
  readonly code = 'HPE_ENDLESS_INTERIM';

  constructor() {
    super(`more than ${maxInterimAnswers} interim answers came before the answer`);
  }
}

class Aborted extends Error {}
const aborted = new Aborted('aborted by the router');

/** One request through undici's raw handlers: the promise API costs a third more per request. */
class UndiciExchange implements Dispatcher.DispatchHandler, Sending {
  readonly #pool: UndiciPool;
  readonly #request: UpstreamRequest;
  readonly #path: string;
  readonly #handler: AnswerHandler;
  #controller: Dispatcher.DispatchController | undefined;
  #connectsBefore = 0;
  #isRepeated = false;
  #interimAnswers = 0;
  #isAborted = false;
  #hasAnswered = false;
  #isDone = false;

  constructor(pool: UndiciPool, about: { request: UpstreamRequest; path: string; handler: AnswerHandler }) {
    this.#pool = pool;
    this.#request = about.request;
    this.#path = about.path;
    this.#handler = about.handler;
  }

  start(): void {
    this.#connectsBefore = this.#pool.connects;
    try {
      this.#pool.dispatch(this.#request, this.#path, this);
    } catch (thrown) {
      queueMicrotask(() => this.#fail(thrown));
    }
  }

  abort(): void {
    this.#isAborted = true;
    this.#isDone = true;
    this.#controller?.abort(aborted);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isAborted) controller.abort(aborted);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.#isDone) return;
    if (status < 200) {
      if (++this.#interimAnswers > maxInterimAnswers) controller.abort(new EndlessInterim());
      return;
    }
    this.#hasAnswered = true;
    this.#handler.onHeaders(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isDone) this.#handler.onData(chunk);
  }

  onResponseEnd(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#handler.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#isDone) return;
    if (this.#mayRepeat(error)) {
      this.#isRepeated = true;
      this.start();
      return;
    }
    this.#fail(error);
  }

  /** A server may close an idle connection just as we write to it; that says nothing about the request. */
  #mayRepeat(error: Error): boolean {
    const wasReused = this.#connectsBefore > 0 && this.#pool.connects === this.#connectsBefore;
    return !this.#isRepeated && !this.#hasAnswered && wasReused && isReset(error);
  }

  #fail(thrown: unknown): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#handler.onError(networkError(thrown, this.#request.endpoint, this.#hasAnswered));
  }
}
