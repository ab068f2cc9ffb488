import type { RequestHead } from './request-head.ts';

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
  readonly #askForBody: () => void;
  #sink: BodySink | undefined;
  #isSealed = false;
  #isOver = false;

  constructor(head: RequestHead, askForBody: () => void) {
    this.head = head;
    this.#askForBody = askForBody;
  }

  /** Takes the body; only while the request is being handed over, since a body that nobody took is dropped. */
  receive(sink: BodySink): void {
    if (this.#isSealed) throw new Error('the body of this request was dropped');
    this.#sink = sink;
    if (this.head.expectsContinue && this.head.framing !== 0) this.#askForBody();
  }

  /** For the connection, like all below. */
  seal(): void {
    this.#isSealed = true;
  }

  /** A client that waits to be asked for the body has not been. */
  get isUnasked(): boolean {
    return this.head.expectsContinue && this.head.framing !== 0 && this.#sink === undefined;
  }

  push(bytes: Buffer): void {
    this.#sink?.onBody(bytes);
  }

  complete(): void {
    this.#isOver = true;
    this.#sink?.onEnd();
  }

  /** Safe to repeat, and without effect on a request that is complete. */
  cut(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink?.onCut();
  }
}
