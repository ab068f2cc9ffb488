import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Timer } from '../core/clock.ts';
import type { HalfClosed, HalfClosedConnection } from './half-closed.ts';
import { HttpReply, type ReplyContext } from './http-reply.ts';
import { HttpRequest } from './http-request.ts';
import { refusalText } from './refusal.ts';
import type { RenderedError } from './render-error.ts';
import { RequestLine } from './request-line.ts';
import { brokenOff, isAboutMessage, RequestError, refusedBy } from './request-rules.ts';

/** What a connection knows of its server. */
export interface ConnectionHost extends ReplyContext {
  readonly halfClosed: HalfClosed;
  /** Must not throw. Asks for the body before it returns, or the body is dropped. */
  onRequest(request: HttpRequest, reply: HttpReply): void;
  /** The answer to what is not a request; `reply` is that of a request which turned out to be none, if it was that. */
  refusal(error: RequestError, reply?: HttpReply): RenderedError;
  onClosed(socket: Socket): void;
}

interface Turn {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
}

/** Requests that are held while one is being answered; more are left with the client. */
const maxWaiting = 16;

/**
 * How long a client may go on sending what is not read any more, so that it comes to read its answer: one that has not
 * ended its body first would find the connection reset. In all, and without a byte. Milliseconds.
 */
const lingering = { most: 30_000, silent: 5_000 };

/** One client's connection: has its requests answered one after the other, and ends it so that the answer arrives. */
export class ClientConnection implements HalfClosedConnection {
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #closeWhenWritten: () => void;
  #request: HttpRequest | undefined;
  #reply: HttpReply | undefined;
  readonly #waiting: Turn[] = [];
  readonly #line = new RequestLine();
  /** What came after the last request and is not one: looked at when all before it are answered. */
  #broken: RequestError | undefined;
  /** The client has been told that this is the end: what it sends is read and forgotten. */
  #isEnding = false;
  #lingering: Timer | undefined;

  constructor(socket: Socket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    this.#closeWhenWritten = socket.destroySoon.bind(socket);
    // Node closes by this after a last answer, also where the client is still sending.
    socket.destroySoon = () => this.#end();
    // Before Node's parser sees it. Where a later request begins is not known: it may have come with the last one.
    socket.prependListener('data', this.#look);
    socket.on('end', () => this.#clientEnded());
    socket.on('close', () => this.#closed());
  }

  /** A request has come whole, and its answer is under way. */
  get isAnswering(): boolean {
    return this.#request?.isComplete === true && this.#reply?.isOver === false;
  }

  get isSilent(): boolean {
    return this.#socket.bytesRead === 0;
  }

  destroy(): void {
    this.#reply?.cutOff();
    this.#socket.destroy();
  }

  take(turn: Turn): void {
    this.#socket.off('data', this.#look);
    if (this.#isEnding || this.#broken !== undefined) return void turn.incoming.resume();
    if (this.#reply === undefined || this.#reply.isOver) return this.#begin(turn);
    this.#waiting.push(turn);
    // Not at once: with every request that it finds in what has been read already, Node resumes the socket.
    if (this.#waiting.length === maxWaiting) setImmediate(() => this.#pauseWhenFull());
  }

  /** What has come is not a request, or comes too slowly, or the connection is broken. */
  failed(error: RequestError): void {
    if (this.#isEnding || this.#broken !== undefined) return;
    if (!isAboutMessage(error) || this.isSilent) return void this.#socket.destroy();
    this.#broken = error;
    const [request, reply] = [this.#request, this.#reply];
    if (request === undefined || reply === undefined) return this.#refuse();
    if (request.isComplete) {
      // It may be about the body of the last request that waits.
      if (this.#latest?.complete === false) this.#waiting.pop();
      if (reply.isOver) this.#refuse();
      return;
    }
    request.cut();
    if (reply.isOver) this.#end();
    else if (!reply.isStarted) this.#refuse();
    else if (!reply.isSaid) this.#socket.destroy();
  }

  readonly #look = (bytes: Buffer) => {
    if (this.#line.accepts(bytes)) return;
    this.failed(new RequestError('HPE_INVALID_METHOD', 'its first line has an empty word'));
  };

  /** The last request of which the head has come. */
  get #latest(): IncomingMessage | undefined {
    return this.#waiting.at(-1)?.incoming ?? this.#request?.incoming;
  }

  #begin({ incoming, response }: Turn): void {
    this.#stopLingering();
    const request = new HttpRequest(incoming, response);
    const { head } = request;
    const reply = new HttpReply({ head, response, context: this.#host, onWhole: this.#answered });
    this.#request = request;
    this.#reply = reply;
    const error = refusedBy(incoming);
    if (error === undefined) {
      this.#host.onRequest(request, reply);
      return request.seal();
    }
    const { status, headers, body } = this.#host.refusal(error);
    reply.send(status, [...headers, 'connection', 'close'], body);
  }

  readonly #answered = () => {
    this.#host.halfClosed.delete(this);
    if (this.#isEnding) return;
    if (this.#reply?.isConsistent === false) return this.#end();
    const next = this.#waiting.shift();
    if (next !== undefined) {
      if (this.#waiting.length < maxWaiting) this.#socket.resume();
      return this.#begin(next);
    }
    if (this.#broken !== undefined) return this.#request?.isComplete === true ? this.#refuse() : this.#end();
    if (this.#host.isClosing) this.#end();
    else if (this.#request?.isComplete === false) this.#linger();
  };

  #pauseWhenFull(): void {
    if (this.#waiting.length >= maxWaiting && !this.#isEnding) this.#socket.pause();
  }

  /** With an answer of its own, since what came is not a request that could have one. */
  #refuse(): void {
    const error = this.#broken as RequestError;
    const reply = this.#reply?.isOver === false ? this.#reply : undefined;
    if (brokenOff.has(error.code)) {
      reply?.cut();
      return this.#end();
    }
    const refusal = refusalText(this.#host.refusal(error, reply));
    reply?.cut();
    this.#isEnding = true;
    this.#socket.end(refusal, 'latin1');
    this.#socket.resume();
    this.#linger();
  }

  #end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const isAllRead = this.#request?.isComplete !== false && this.#waiting.length === 0 && this.#broken === undefined;
    this.#waiting.length = 0;
    if (isAllRead) return this.#closeWhenWritten();
    this.#socket.end();
    this.#socket.resume();
    this.#linger();
  }

  /** Reads on for a while: a socket that is closed while bytes come in is reset, and the reset overtakes the answer. */
  #linger(): void {
    const { clock } = this.#host;
    const until = clock.monotonic() + lingering.most;
    let seen = this.#socket.bytesRead;
    const look = () => {
      if (!this.#isEnding && this.#request?.isComplete === true) return;
      const { bytesRead } = this.#socket;
      if (bytesRead === seen || clock.monotonic() >= until) return void this.#socket.destroy();
      seen = bytesRead;
      this.#lingering = clock.setTimer(lingering.silent, look);
    };
    this.#stopLingering();
    this.#lingering = clock.setTimer(lingering.silent, look);
  }

  #stopLingering(): void {
    this.#lingering?.cancel();
    this.#lingering = undefined;
  }

  probe(): void {
    const probe = this.#reply?.probe ?? '';
    if (probe !== '') this.#socket.write(probe, 'latin1');
  }

  #clientEnded(): void {
    if (!this.#isEnding && this.isAnswering) this.#host.halfClosed.add(this);
  }

  #closed(): void {
    this.#host.halfClosed.delete(this);
    this.#stopLingering();
    this.#request?.cut();
    this.#reply?.cut();
    this.#host.onClosed(this.#socket);
  }
}
