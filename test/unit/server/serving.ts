import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { Batch } from '../../../src/core/batch.ts';
import type { HttpReply } from '../../../src/server/http-reply.ts';
import type { BodySink, HttpRequest } from '../../../src/server/http-request.ts';
import { HttpServer, type ServerLimits } from '../../../src/server/http-server.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';

/** Last lines of a head, as Node and the limits below make them. */
export const date = 'Date: now\r\n';
export const kept = `${date}Connection: keep-alive\r\nKeep-Alive: timeout=120\r\n\r\n`;
export const closing = `${date}Connection: close\r\n\r\n`;
/** Where it is the server that wants to end the connection. */
export const ending = `connection: close\r\n${date}\r\n`;

export const get = (target: string, ...fields: readonly string[]) =>
  [`GET ${target} HTTP/1.1`, 'Host: h', ...fields, '', ''].join('\r\n');

export const post = (target: string, body: string, ...fields: readonly string[]) =>
  get(target, `Content-Length: ${Buffer.byteLength(body)}`, ...fields).replace('GET', 'POST') + body;

/** One request as its handler meets it, and what it is told. */
export class Visit implements BodySink {
  readonly request: HttpRequest;
  readonly reply: HttpReply;
  /** What the body's sink was told at last, and `onClose`. More than one of a kind fails the test. */
  readonly told: ('end' | 'cut' | 'whole' | 'left')[] = [];
  readonly #bytes: Buffer[] = [];
  readonly #tellings = new EventEmitter();

  constructor(request: HttpRequest, reply: HttpReply) {
    this.request = request;
    this.reply = reply;
    reply.onClose = (isWhole) => this.#tell(isWhole ? 'whole' : 'left');
  }

  get head(): HttpRequest['head'] {
    return this.request.head;
  }

  get target(): string {
    return this.head.target;
  }

  get body(): string {
    return Buffer.concat(this.#bytes).toString();
  }

  /** Takes the body. */
  receive(): this {
    this.request.receive(this);
    return this;
  }

  answer(text = this.target): void {
    this.reply.send(200, [], text);
  }

  async until(what: Visit['told'][number]): Promise<this> {
    while (!this.told.includes(what)) await once(this.#tellings, 'told');
    return this;
  }

  onBody(bytes: Buffer): void {
    if (this.told.includes('end') || this.told.includes('cut')) throw new Error('a body goes on after its end');
    this.#bytes.push(bytes);
  }

  onEnd(): void {
    this.#tell('end');
  }

  onCut(): void {
    this.#tell('cut');
  }

  #tell(what: Visit['told'][number]): void {
    this.told.push(what);
    this.#tellings.emit('told');
  }
}

/** Answers with what was asked for, as soon as the body is there. */
export async function echo(visit: Visit): Promise<void> {
  await visit.receive().until('end');
  visit.answer(`${visit.target} ${visit.body};`);
}

export class Serving {
  readonly clock: FakeClock = createFakeClock();
  readonly limits: { -readonly [name in keyof ServerLimits]: ServerLimits[name] };
  readonly visits: Visit[] = [];
  readonly server: HttpServer;
  port = 0;
  readonly #arrivals = new EventEmitter();

  constructor(handle: (visit: Visit) => void, limits: Partial<ServerLimits> = {}) {
    this.limits = { headMs: 5_000, idleMs: 120_000, writeMs: 300_000, ...limits };
    this.server = new HttpServer({
      clock: this.clock,
      batch: new Batch(),
      limits: () => this.limits,
      onRequest: (request, reply) => {
        const visit = new Visit(request, reply);
        this.visits.push(visit);
        handle(visit);
        this.#arrivals.emit('visit');
      },
      refusal: ({ code }) => ({ status: 400, headers: [], body: code }),
    });
  }

  async visit(index = 0): Promise<Visit> {
    while (this.visits.length <= index) await once(this.#arrivals, 'visit');
    return this.visits[index] as Visit;
  }

  wire(): Wire {
    return new Wire(this.port);
  }

  /** Nothing is left of it, and everything was told once. */
  async end(): Promise<void> {
    this.server.destroy();
    await this.server.close();
    // A socket tells that it has closed after it has stopped to count as one of the server.
    await turn();
    await turn();
    if (this.clock.pending.length > 0) throw new Error(`timers are left: ${this.clock.pending}`);
    for (const { target, told } of this.visits) {
      const bodies = told.filter((one) => one === 'end' || one === 'cut');
      const replies = told.filter((one) => one === 'whole' || one === 'left');
      if (bodies.length > 1 || replies.length !== 1) throw new Error(`${target} was told ${told}`);
    }
  }
}

/** The whole answer to what is no request. */
export const refused = (code: string) =>
  `HTTP/1.1 400 Bad Request\r\ncontent-length: ${code.length}\r\nconnection: close\r\n\r\n${code}`;

/** On a free port, until the test is over. */
export async function serve(
  handle: (visit: Visit) => void = (visit) => visit.answer(),
  limits: Partial<ServerLimits> = {},
): Promise<Serving> {
  const serving = new Serving(handle, limits);
  onTestFinished(() => serving.end());
  serving.port = (await serving.server.listen('127.0.0.1', 0)).port;
  return serving;
}

/** A client's side of one connection. Does not close with the server. */
export class Wire {
  readonly socket: Socket;
  readonly #pieces: Buffer[] = [];
  #change = Promise.withResolvers<void>();

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.socket.on('data', (piece: Buffer) => {
      this.#pieces.push(piece);
      this.#changed();
    });
    this.socket.on('error', () => undefined);
    for (const end of ['end', 'close']) this.socket.on(end, () => this.#changed());
    onTestFinished(() => void this.socket.destroy());
  }

  /** As they came. */
  get pieces(): readonly Buffer[] {
    return this.#pieces;
  }

  /** All that came; latin-1. The time, which Node takes from the system, is `now`. */
  get text(): string {
    return Buffer.concat(this.#pieces)
      .toString('latin1')
      .replace(/^Date: .{29}\r\n/gm, date);
  }

  /** Resolves when the system has taken it, which is not when the server has. */
  write(text: string): Promise<void> {
    return new Promise((resolve) => this.socket.write(text, 'latin1', () => resolve()));
  }

  async until(what: string): Promise<string> {
    while (!this.text.includes(what)) {
      if (this.#isOver) throw new Error(`closed without ${what}: ${this.text}`);
      await this.#change.promise;
    }
    return this.text;
  }

  /** Resolves when nothing more can come. */
  async over(): Promise<string> {
    while (!this.#isOver) await this.#change.promise;
    return this.text;
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  get #isOver(): boolean {
    return this.socket.readableEnded || this.socket.closed;
  }
}

/** Lets the event loop turn once: what is on its way between two sockets may arrive, or not yet. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
