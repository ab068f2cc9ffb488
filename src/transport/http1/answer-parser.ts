import { maxInterimAnswers } from '../upstream-pool.ts';
import { isPersistent, lineEnd, readFields, requireChunked } from './fields.ts';
import { HeadReader, type HeadReading } from './head-reader.ts';
import { MessageError } from './message-error.ts';
import { type Framing, hasLoneLineFeed, MessageReader, type MessageSink } from './message-reader.ts';

/** Lower-case names; a field that repeats is a list. Without Content-Length, which is the framing's. */
export type AnswerHeaders = Readonly<Record<string, string | string[]>>;

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
  readonly #heads = new HeadReader(answerHeads);
  #mayReuse = false;
  #interimAnswers = 0;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** Expects the next answer. */
  begin(): void {
    this.#mayReuse = false;
    this.#interimAnswers = 0;
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
    const { status, headers, framing, isPersistent } = this.#heads.read(text);
    if (framing === 'no-message') {
      if (++this.#interimAnswers > maxInterimAnswers) throw endlessInterim();
      return framing;
    }
    this.#mayReuse = isPersistent && framing !== 'until-close';
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

function notHttp(): MessageError {
  return new MessageError('HPE_INVALID_CONSTANT', 'the answer does not begin with an HTTP/1.1 status');
}

function endlessInterim(): MessageError {
  return new MessageError(
    'HPE_ENDLESS_INTERIM',
    `more than ${maxInterimAnswers} interim answers came before the answer`,
  );
}

const httpVersion = 'HTTP/1.';

interface AnswerHead {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly framing: Framing;
  readonly isPersistent: boolean;
}

const statusLine = /^HTTP\/1\.[01] [1-9]\d\d(?: .*)?$/;
const statusAt = 'HTTP/1.1 '.length;

export const answerHeads: HeadReading<AnswerHead> = {
  read(text) {
    const end = lineEnd(text, 0);
    if (!statusLine.test(text.slice(0, end))) throw notHttp();
    const status = Number(text.slice(statusAt, statusAt + 3));
    const headers: Record<string, string | string[]> = {};
    const length = readFields(text, end + 2, (_name, lower, value) => addField(headers, lower, value));
    const isVersion11 = text[httpVersion.length] === '1';
    const coding = headers['transfer-encoding'];
    // HTTP/1.0 knows no codings, and a length beside one is how answers are smuggled (RFC 9112, 6.1).
    const isDoubtful = coding !== undefined && (!isVersion11 || length !== undefined);
    return {
      status,
      headers,
      framing: framingOf(status, headers, length),
      isPersistent: !isDoubtful && isPersistent(headers.connection, isVersion11),
    };
  },
  withLength: (head, length) => ({ ...head, framing: framingOf(head.status, head.headers, length) }),
};

function framingOf(status: number, headers: AnswerHeaders, length: number | undefined): Framing {
  if (status === 101) throw new MessageError('HPE_PAUSED_UPGRADE', 'the server changed the protocol');
  if (status < 200) return 'no-message';
  if (status === 204 || status === 304) return 0;
  const coding = headers['transfer-encoding'];
  if (coding === undefined) return length ?? 'until-close';
  requireChunked(coding);
  return 'chunked';
}

/** A field that repeats is a list. */
function addField(headers: Record<string, string | string[]>, name: string, value: string): void {
  const known = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (known === undefined) headers[name] = value;
  else if (typeof known === 'string') headers[name] = [known, value];
  else known.push(value);
}
