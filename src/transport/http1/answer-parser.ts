import { isPersistent, readContentLength, readFields, requireChunked } from './fields.ts';
import { type Framing, hasLoneLineFeed, MessageError, MessageReader, type MessageSink } from './message-reader.ts';

export type AnswerHeaders = Record<string, string | string[]>;

/** What a parser tells, in this order; of an interim answer (1xx) nothing. */
export interface AnswerSink {
  onHead(status: number, headers: AnswerHeaders): void;
  /** A view of the bytes that `push` was given: copy what is kept. */
  onBody(bytes: Buffer): void;
  onEnd(): void;
}

/** Reads the answers of one connection, one after another (RFC 9112). */
export class AnswerParser implements MessageSink {
  readonly #sink: AnswerSink;
  readonly #reader = new MessageReader(this);
  #mayReuse = false;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** Expects the next answer. */
  begin(): void {
    this.#mayReuse = false;
    this.#reader.begin();
  }

  get isOver(): boolean {
    return this.#reader.isOver;
  }

  /** The answer is whole and the server takes another request on this connection. */
  get mayReuse(): boolean {
    return this.#reader.isOver && this.#mayReuse;
  }

  /** Throws a MessageError for what is no answer, and for bytes after its end. */
  push(bytes: Buffer): void {
    this.#reader.push(bytes);
    if (this.#reader.isOver && this.#reader.heldBytes > 0) {
      throw new MessageError('HPE_UNEXPECTED_DATA', 'bytes came that belong to no answer');
    }
  }

  /** The server closed, which is the end of an answer without a length. */
  close(): void {
    this.#reader.close();
  }

  onBeginning(bytes: Buffer, at: number): void {
    const beginning = bytes.toString('latin1', at, Math.min(at + httpVersion.length, bytes.length));
    if (!httpVersion.startsWith(beginning) || hasLoneLineFeed(bytes, at)) throw notHttp();
  }

  onHead(text: string): Framing {
    const { status, headers, isPersistent } = parseHead(text);
    if (status === 101) throw new MessageError('HPE_PAUSED_UPGRADE', 'the server changed the protocol');
    if (status < 200) return 'no-message';
    const framing = framingOf(status, headers);
    // Both fields together are how answers are smuggled (RFC 9112, 6.1).
    const isDoubtful = headers['content-length'] !== undefined && framing === 'chunked';
    this.#mayReuse = isPersistent && framing !== 'until-close' && !isDoubtful;
    this.#sink.onHead(status, headers);
    return framing;
  }

  onBody(bytes: Buffer): void {
    this.#sink.onBody(bytes);
  }

  onEnd(): void {
    this.#sink.onEnd();
  }
}

function framingOf(status: number, headers: AnswerHeaders): Framing {
  const coding = headers['transfer-encoding'];
  const length = headers['content-length'];
  if (status === 204 || status === 304) return 0;
  if (coding !== undefined) {
    requireChunked(coding);
    return 'chunked';
  }
  return length === undefined ? 'until-close' : readContentLength(length);
}

function notHttp(): MessageError {
  return new MessageError('HPE_INVALID_CONSTANT', 'the answer does not begin with an HTTP/1.1 status');
}

const httpVersion = 'HTTP/1.';

interface Head {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly isPersistent: boolean;
}

const statusLine = /^HTTP\/1\.[01] [1-9]\d\d(?: .*)?$/;
const statusAt = 'HTTP/1.1 '.length;

function parseHead(text: string): Head {
  let end = text.indexOf('\r\n');
  if (end === -1) end = text.length;
  if (!statusLine.test(text.slice(0, end))) throw notHttp();
  const headers: AnswerHeaders = {};
  readFields(text, end + 2, (_name, lower, value) => addField(headers, lower, value));
  const isVersion11 = text[httpVersion.length] === '1';
  // HTTP/1.0 knows no codings: its framing cannot be trusted then (RFC 9112, 6.1).
  const isDoubtful = !isVersion11 && headers['transfer-encoding'] !== undefined;
  return {
    status: Number(text.slice(statusAt, statusAt + 3)),
    headers,
    isPersistent: !isDoubtful && isPersistent(headers.connection, isVersion11),
  };
}

/** A field that repeats is a list. */
function addField(headers: AnswerHeaders, name: string, value: string): void {
  const known = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (known === undefined) headers[name] = value;
  else if (typeof known === 'string') headers[name] = [known, value];
  else known.push(value);
}
