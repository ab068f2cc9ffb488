import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Fault } from './fake-servers/faults.ts';
import { llamacppFake } from './fake-servers/llamacpp.ts';
import { lmStudioFake } from './fake-servers/lm-studio.ts';
import { ollamaFake } from './fake-servers/ollama.ts';
import { openaiFake } from './fake-servers/openai.ts';
import {
  defaultAnswer,
  type FakeAnswer,
  type FakeModel,
  type FakeRequest,
  type FakeState,
  type Personality,
} from './fake-servers/personality.ts';
import { plainWebFake } from './fake-servers/plain-web.ts';
import { play } from './fake-servers/play.ts';
import type { Script } from './fake-servers/script.ts';
import { Stalls } from './fake-servers/stalls.ts';
import { vllmFake } from './fake-servers/vllm.ts';

export { all, type Fault, faults } from './fake-servers/faults.ts';

const personalities = {
  ollama: ollamaFake,
  llamacpp: llamacppFake,
  lm_studio: lmStudioFake,
  vllm: vllmFake,
  openai: openaiFake,
  'plain-web': plainWebFake,
} as const;

export interface FakeOptions {
  /** A word of the table above, or a personality of the test's own. */
  readonly kind: keyof typeof personalities | Personality;
  readonly models?: readonly (FakeModel | string)[] | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly slots?: number | undefined;
  readonly apiKey?: string | undefined;
  readonly version?: string | undefined;
  readonly isLoading?: boolean | undefined;
  readonly answer?: Partial<FakeAnswer> | undefined;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** Closes a connection, unannounced, once it has answered this many requests. */
  readonly requestsPerConnection?: number | undefined;
}

/** Picks what goes wrong with a request; undefined lets it be answered well. */
export type Behaviour = (request: FakeRequest) => Fault | undefined;

interface MutableRequest extends FakeRequest {
  aborted: boolean;
}

interface RequestWaiter {
  readonly accepts: (request: FakeRequest) => boolean;
  readonly resolve: (request: FakeRequest) => void;
}

/** One fake server on a real socket. Made by `startFake`; closing it is the test's duty. */
export class FakeUpstream {
  readonly requests: FakeRequest[] = [];
  readonly #personality: Personality;
  readonly #options: FakeOptions;
  readonly #connections = new Map<Socket, { readonly number: number; requests: number }>();
  /** Connections that this side broke. */
  readonly #broken = new WeakSet<Socket>();
  readonly #stalls = new Stalls();
  readonly #queue: Fault[] = [];
  #chosen: Behaviour | undefined;
  #server: Server | undefined;
  #state: FakeState;
  #connectionCount = 0;
  #open = 0;
  #requestWaiters: RequestWaiter[] = [];

  /** Not listening yet: use `startFake`. */
  constructor(options: FakeOptions) {
    this.#options = options;
    this.#personality = typeof options.kind === 'string' ? personalities[options.kind] : options.kind;
    this.#state = {
      port: options.port ?? 0,
      models: (options.models ?? ['fake-model']).map((model) => (typeof model === 'string' ? { id: model } : model)),
      answer: { ...defaultAnswer, ...options.answer },
      slots: options.slots ?? 4,
      apiKey: options.apiKey,
      version: options.version ?? '0.33.0',
      isLoading: options.isLoading ?? false,
      settings: options.settings ?? {},
    };
  }

  get port(): number {
    return this.#state.port;
  }

  get origin(): string {
    const host = this.#options.host ?? '127.0.0.1';
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  /** `origin` with the version prefix. */
  get baseUrl(): string {
    return `${this.origin}/v1`;
  }

  /** Requests with a body: those that generate. Probes are GETs and do not show here. */
  get calls(): readonly FakeRequest[] {
    return this.requests.filter((request) => request.method === 'POST');
  }

  /** Requests whose answer has not ended yet. */
  get openRequests(): number {
    return this.#open;
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  /** Connections ever accepted. */
  get connectionCount(): number {
    return this.#connectionCount;
  }

  /** The next POSTs meet these faults, one each, in order; then `setBehaviour` holds again. */
  queueFaults(...faults: readonly Fault[]): void {
    this.#queue.push(...faults);
  }

  /** What every request meets from now on: a function of the request, so that probes can be left alone. */
  setBehaviour(choose: Behaviour | undefined): void {
    this.#chosen = choose;
  }

  /** Every POST fails like this from now on; undefined makes it well again. */
  failCalls(fault: Fault | undefined): void {
    this.setBehaviour(fault === undefined ? undefined : (request) => (request.method === 'POST' ? fault : undefined));
  }

  /** Changes what it serves or says; `isLoading` of a server that refuses meanwhile needs `setLoading`. */
  update(
    change: Partial<Pick<FakeState, 'slots' | 'apiKey' | 'version' | 'settings' | 'models'>> & {
      readonly answer?: Partial<FakeAnswer>;
    },
  ): void {
    this.#state = { ...this.#state, ...change, answer: { ...this.#state.answer, ...change.answer } };
  }

  async setLoading(isLoading: boolean): Promise<void> {
    this.#state = { ...this.#state, isLoading };
    if (this.#personality.refusesWhileLoading !== true) return;
    await (isLoading ? this.stop() : this.restart());
  }

  /** Resolves with the next request that arrives after this call, whole, before it is answered. */
  nextRequest(accepts: (request: FakeRequest) => boolean = () => true): Promise<FakeRequest> {
    return new Promise((resolve) => this.#requestWaiters.push({ accepts, resolve }));
  }

  /** `calls[index]`, now or as soon as it has arrived. */
  async call(index: number): Promise<FakeRequest> {
    for (;;) {
      const call = this.calls[index];
      if (call !== undefined) return call;
      await this.nextRequest();
    }
  }

  /** Resolves when the answer to `calls[index]` has ended, and how: `aborted` means that the peer closed it. */
  async waitForClose(index: number): Promise<'finished' | 'aborted' | 'broken'> {
    return (await this.call(index)).closed;
  }

  /** Resolves once an answer stands still at a stall; at once when one does. */
  stalled(): Promise<void> {
    return this.#stalls.next();
  }

  /** Lets all answers that stand still go on, to their next stall. */
  release(): void {
    this.#stalls.release();
  }

  /** Resolves when no connection is open. */
  async idle(): Promise<void> {
    const sockets = [...this.#connections.keys()];
    await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')));
  }

  /** As a killed process: connections are reset, new ones refused. Repeatable. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#connections.keys()) {
      this.#broken.add(socket);
      socket.resetAndDestroy();
    }
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Refuses new connections and lets the running ones be. */
  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  /** Listens again, on the same port. */
  async restart(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ keepAliveTimeout: 0 }, (message, response) => void this.#receive(message, response));
    server.on('connection', (socket: Socket) => this.#connected(socket));
    // A peer that resets its connection is part of the tests.
    server.on('clientError', (_error, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: this.port, host: this.#options.host ?? '127.0.0.1' }, resolve);
    });
    this.#server = server;
    this.#state = { ...this.#state, port: (server.address() as AddressInfo).port };
  }

  async close(): Promise<void> {
    this.release();
    await this.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #connected(socket: Socket): void {
    socket.setNoDelay(true);
    this.#connections.set(socket, { number: this.#connectionCount, requests: 0 });
    this.#connectionCount += 1;
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('error', () => undefined);
  }

  async #receive(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const connection = this.#connections.get(message.socket) ?? { number: -1, requests: 0 };
    const onConnection = connection.requests;
    connection.requests += 1;
    this.#open += 1;
    const closed = this.#watchEnd(message.socket, response, connection.requests);
    const body = await readBody(message);
    if (body === undefined) return;
    const request: MutableRequest = {
      index: this.requests.length,
      method: message.method ?? '',
      path: message.url ?? '',
      headers: message.headers,
      rawHeaders: message.rawHeaders,
      body,
      connection: connection.number,
      onConnection,
      aborted: false,
      closed,
    };
    void closed.then((how) => {
      request.aborted = how === 'aborted';
    });
    this.requests.push(request);
    this.#announce(request);
    await play(this.#scriptFor(request), response, {
      headers: this.#personality.headers,
      stall: () => this.#stalls.hold(closed),
      gone: closed,
      breaks: () => this.#broken.add(message.socket),
    });
  }

  #watchEnd(socket: Socket, response: ServerResponse, served: number): Promise<'finished' | 'aborted' | 'broken'> {
    return new Promise((resolve) => {
      response.once('close', () => {
        this.#open -= 1;
        if (response.writableFinished) resolve('finished');
        else resolve(this.#broken.has(socket) ? 'broken' : 'aborted');
        const limit = this.#options.requestsPerConnection;
        if (limit !== undefined && served >= limit) socket.end();
      });
    });
  }

  #announce(request: FakeRequest): void {
    const ready = this.#requestWaiters.filter((waiter) => waiter.accepts(request));
    this.#requestWaiters = this.#requestWaiters.filter((waiter) => !ready.includes(waiter));
    for (const waiter of ready) waiter.resolve(request);
  }

  #scriptFor(request: FakeRequest): Script {
    const script = this.#personality.answer(request, this.#state);
    const queued = request.method === 'POST' ? this.#queue.shift() : undefined;
    const fault = queued ?? this.#chosen?.(request);
    return fault === undefined ? script : fault(script, { request, personality: this.#personality });
  }
}

/** Undefined when the peer left before the body was whole. */
async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}

/** Starts a fake on a free port of 127.0.0.1, or where the options say. */
export async function startFake(options: FakeOptions): Promise<FakeUpstream> {
  const fake = new FakeUpstream(options);
  await fake.restart();
  if (options.isLoading === true) await fake.setLoading(true);
  return fake;
}
