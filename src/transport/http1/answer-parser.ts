/** Longest head, and longest line between two chunks. Bytes. */
const maxHeadBytes = 64 * 1024;

export type AnswerHeaders = Record<string, string | string[]>;

/** What a parser tells, in this order; of an interim answer (1xx) nothing. */
export interface AnswerSink {
  onHead(status: number, headers: AnswerHeaders): void;
  /** A view of the bytes that `push` was given: copy what is kept. */
  onBody(bytes: Buffer): void;
  onEnd(): void;
}

/** `code` is named like those of Node's own parser. */
export class AnswerError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * head: status line and fields; sized: a body of known length; size, data, after-data and trailer: a chunked body;
 * open: a body that lasts until the connection closes; over: between answers.
 */
type Stage = 'head' | 'sized' | 'size' | 'data' | 'after-data' | 'trailer' | 'open' | 'over';

/**
 * Reads the answers of one connection, one after another (RFC 9112). Where the RFC leaves a choice it refuses: two
 * readers of the same bytes must not see different answers.
 */
export class AnswerParser {
  readonly #sink: AnswerSink;
  #stage: Stage = 'over';
  /** Start of a head or of a line whose end has not come. */
  #held: Buffer | undefined;
  /** Bytes of the body or of the chunk that are still to come. */
  #left = 0;
  #mayReuse = false;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** Expects the next answer. */
  begin(): void {
    this.#stage = 'head';
    this.#mayReuse = false;
    this.#held = undefined;
  }

  get isOver(): boolean {
    return this.#stage === 'over';
  }

  /** The answer is whole and the server takes another request on this connection. */
  get mayReuse(): boolean {
    return this.#stage === 'over' && this.#mayReuse;
  }

  /** Throws an AnswerError for what is no answer, and for bytes after its end. */
  push(bytes: Buffer): void {
    let all = bytes;
    if (this.#held !== undefined) {
      all = Buffer.concat([this.#held, bytes]);
      this.#held = undefined;
    }
    for (let at = 0; at < all.length; ) {
      const next = this.#take(all, at);
      if (next === undefined) {
        if (all.length - at > maxHeadBytes) throw overflow();
        this.#held = Buffer.from(all.subarray(at));
        return;
      }
      at = next;
    }
  }

  /** The server closed, which is the end of an answer without a length. */
  close(): void {
    if (this.#stage === 'open') this.#end();
  }

  /** Where to go on; undefined when more bytes are needed first. */
  #take(bytes: Buffer, at: number): number | undefined {
    switch (this.#stage) {
      case 'head':
        return this.#takeHead(bytes, at);
      case 'sized':
      case 'data':
        return this.#takeBody(bytes, at);
      case 'open':
        this.#sink.onBody(view(bytes, at, bytes.length));
        return bytes.length;
      case 'size':
        return this.#takeSize(bytes, at);
      case 'after-data':
        return this.#takeAfterData(bytes, at);
      case 'trailer':
        return this.#takeTrailer(bytes, at);
      case 'over':
        throw new AnswerError('HPE_UNEXPECTED_DATA', 'bytes came that belong to no answer');
    }
  }

  #takeHead(bytes: Buffer, at: number): number | undefined {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1');
    if (end === -1) return requireHttp(bytes, at);
    if (end - at > maxHeadBytes) throw overflow();
    const { status, headers, isPersistent } = parseHead(bytes.toString('latin1', at, end));
    if (status === 101) throw new AnswerError('HPE_PAUSED_UPGRADE', 'the server changed the protocol');
    if (status < 200) return end + 4;
    this.#mayReuse = isPersistent;
    this.#sink.onHead(status, headers);
    this.#beginBody(status, headers);
    return end + 4;
  }

  #beginBody(status: number, headers: AnswerHeaders): void {
    const coding = headers['transfer-encoding'];
    const length = headers['content-length'];
    if (status === 204 || status === 304) return this.#end();
    if (coding !== undefined) {
      // Both fields together are how answers are smuggled; the connection is not used again (RFC 9112, 6.1).
      if (length !== undefined) this.#mayReuse = false;
      if (!isChunked(coding)) throw new AnswerError('HPE_INVALID_TRANSFER_ENCODING', 'the transfer coding is unknown');
      this.#stage = 'size';
    } else if (length === undefined) {
      this.#mayReuse = false;
      this.#stage = 'open';
    } else {
      this.#left = contentLength(length);
      if (this.#left === 0) this.#end();
      else this.#stage = 'sized';
    }
  }

  #takeBody(bytes: Buffer, at: number): number {
    const isSized = this.#stage === 'sized';
    const end = Math.min(at + this.#left, bytes.length);
    this.#left -= end - at;
    this.#sink.onBody(view(bytes, at, end));
    if (this.#left === 0) {
      if (isSized) this.#end();
      else this.#stage = 'after-data';
    }
    return end;
  }

  #takeSize(bytes: Buffer, at: number): number | undefined {
    const end = endOfLine(bytes, at);
    if (end === undefined) return undefined;
    this.#left = chunkSize(bytes.toString('latin1', at, end));
    this.#stage = this.#left === 0 ? 'trailer' : 'data';
    return end + 2;
  }

  #takeAfterData(bytes: Buffer, at: number): number | undefined {
    if (bytes.length - at < 2) return undefined;
    if (bytes[at] !== cr || bytes[at + 1] !== lf) throw new AnswerError('HPE_STRICT', 'a chunk is longer than it says');
    this.#stage = 'size';
    return at + 2;
  }

  /** Trailer fields are read and dropped. */
  #takeTrailer(bytes: Buffer, at: number): number | undefined {
    const end = endOfLine(bytes, at);
    if (end === undefined) return undefined;
    if (end === at) this.#end();
    return end + 2;
  }

  #end(): void {
    this.#stage = 'over';
    this.#sink.onEnd();
  }
}

const cr = 0x0d;
const lf = 0x0a;

/** Without a new object where the whole of the bytes is meant. */
function view(bytes: Buffer, from: number, end: number): Buffer {
  return from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end);
}

/** Of the line's CR; undefined while it has not come with its LF. */
function endOfLine(bytes: Buffer, from: number): number | undefined {
  for (let at = from; at + 1 < bytes.length; at++) if (bytes[at] === cr && bytes[at + 1] === lf) return at;
  return undefined;
}

/** The beginning of a head may be awaited; what is something else already will not become one. */
function requireHttp(bytes: Buffer, at: number): undefined {
  const beginning = bytes.toString('latin1', at, at + httpVersion.length);
  if (!httpVersion.startsWith(beginning)) throw notHttp();
  // Lines that end in LF alone would never make the blank line that is waited for.
  const end = bytes.indexOf(lf, at);
  if (end !== -1 && bytes[end - 1] !== cr) throw notHttp();
  return undefined;
}

function overflow(): AnswerError {
  return new AnswerError('HPE_HEADER_OVERFLOW', 'the head is too long');
}

function notHttp(): AnswerError {
  return new AnswerError('HPE_INVALID_CONSTANT', 'the answer does not begin with an HTTP/1.1 status');
}

const httpVersion = 'HTTP/1.';

interface Head {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly isPersistent: boolean;
}

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: .*)?$/;
const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const forbiddenInValue = /[\0\r\n]/;

function parseHead(text: string): Head {
  let end = text.indexOf('\r\n');
  if (end === -1) end = text.length;
  const first = statusLine.exec(text.slice(0, end));
  if (first === null) throw notHttp();
  const headers: AnswerHeaders = {};
  for (let at = end + 2; at < text.length; at = end + 2) {
    end = text.indexOf('\r\n', at);
    if (end === -1) end = text.length;
    addField(headers, text, { from: at, end });
  }
  return {
    status: Number(first[2]),
    headers,
    isPersistent: isPersistent(headers, first[1] === '1'),
  };
}

function addField(headers: AnswerHeaders, text: string, { from, end }: { from: number; end: number }): void {
  const colon = text.indexOf(':', from);
  const name = colon === -1 || colon > end ? '' : text.slice(from, colon);
  const raw = text.slice(colon + 1, end);
  if (!fieldName.test(name) || forbiddenInValue.test(raw)) {
    throw new AnswerError('HPE_INVALID_HEADER_TOKEN', 'a header field is malformed');
  }
  const value = raw.trim();
  const lower = name.toLowerCase();
  const known = Object.hasOwn(headers, lower) ? headers[lower] : undefined;
  if (known === undefined) headers[lower] = value;
  else if (typeof known === 'string') headers[lower] = [known, value];
  else known.push(value);
}

function isPersistent(headers: AnswerHeaders, isVersion11: boolean): boolean {
  const { connection } = headers;
  if (connection === undefined) return isVersion11;
  const words = String(connection).toLowerCase();
  if (words.includes('close')) return false;
  // HTTP/1.0 knows no codings: its framing cannot be trusted then (RFC 9112, 6.1).
  return isVersion11 || (words.includes('keep-alive') && headers['transfer-encoding'] === undefined);
}

function isChunked(coding: string | string[]): boolean {
  return typeof coding === 'string' && coding.toLowerCase() === 'chunked';
}

function contentLength(length: string | string[]): number {
  if (typeof length !== 'string' || !/^\d{1,15}$/.test(length)) {
    throw new AnswerError('HPE_INVALID_CONTENT_LENGTH', 'the content length is malformed');
  }
  return Number(length);
}

function chunkSize(line: string): number {
  // An extension may follow; none has a meaning here.
  const digits = /^([0-9A-Fa-f]{1,12})[ \t]*(?:;.*)?$/.exec(line)?.[1];
  if (digits === undefined) throw new AnswerError('HPE_INVALID_CHUNK_SIZE', 'the size of a chunk is malformed');
  return Number.parseInt(digits, 16);
}
