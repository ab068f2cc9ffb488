import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopbackHost } from '../transport/address.ts';

/** Lower-case names. Of a field that repeats, all values with commas between, or the first one where that means nothing. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

export interface RequestHead {
  readonly method: string;
  /** As written: a path, and from clients that take us for a proxy a whole URL. */
  readonly target: string;
  readonly headers: RequestHeaders;
  /** Flat list, as they came. */
  readonly rawHeaders: readonly string[];
  /** How the end of the body is known: by its length in bytes, or by chunks. */
  readonly framing: number | 'chunked';
  readonly isVersion11: boolean;
  /** The client sends the body only when it is asked to. */
  readonly expectsContinue: boolean;
}

/** Where a body goes. Exactly one of onEnd and onCut comes last. */
export interface BodySink {
  /** The bytes are the sink's own. */
  onBody(bytes: Buffer): void;
  onEnd(): void;
  /** The client left before the end. */
  onCut(): void;
}

/** One request of a connection. */
export class HttpRequest {
  readonly head: RequestHead;
  readonly incoming: IncomingMessage;
  readonly #response: ServerResponse;
  #sink: BodySink | undefined;
  #isSealed = false;
  #isOver = false;

  constructor(incoming: IncomingMessage, response: ServerResponse) {
    this.incoming = incoming;
    this.#response = response;
    this.head = headOf(incoming);
  }

  /** Sent by a program on this machine: what calls itself `localhost` elsewhere is not here. */
  get isFromHere(): boolean {
    const { remoteAddress } = this.incoming.socket;
    return remoteAddress !== undefined && isLoopbackHost(remoteAddress);
  }

  /** All of it has come, whether somebody took it or not. */
  get isComplete(): boolean {
    return this.incoming.complete;
  }

  /** Takes the body; only while the request is being handed over, since a body that was not taken is dropped. */
  receive(sink: BodySink): void {
    if (this.#isSealed) throw new Error('the body of this request was dropped');
    this.#sink = sink;
    if (this.head.framing === 0) return;
    if (this.head.expectsContinue) this.#response.writeContinue();
    this.incoming.on('data', (bytes: Buffer) => {
      if (!this.#isOver) sink.onBody(bytes);
    });
    this.incoming.on('end', () => this.#complete());
  }

  /** For the connection, like all below. */
  seal(): void {
    this.#isSealed = true;
    if (this.#sink !== undefined && this.head.framing === 0) this.#complete();
  }

  /** Safe to repeat, and without effect on a request that is complete. */
  cut(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink?.onCut();
  }

  #complete(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink?.onEnd();
  }
}

function headOf(incoming: IncomingMessage): RequestHead {
  const { rawHeaders, httpVersionMinor } = incoming;
  // Node makes a list of Set-Cookie alone, which means nothing in a request.
  const headers = incoming.headers as RequestHeaders;
  const isVersion11 = httpVersionMinor === 1;
  return {
    method: incoming.method as string,
    target: incoming.url as string,
    headers,
    rawHeaders,
    framing: headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : 'chunked',
    isVersion11,
    expectsContinue: isVersion11 && headers.expect?.toLowerCase() === '100-continue',
  };
}
