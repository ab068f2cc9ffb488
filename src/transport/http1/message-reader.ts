import { readFields } from './fields.ts';
import { MessageError } from './message-error.ts';

/** Longest head, and longest trailer. Bytes. */
export const maxHeadBytes = 64 * 1024;

/** Longest line between two chunks, or of a trailer. Bytes. */
const maxLineBytes = 8 * 1024;

/**
 * How the body of a message is delimited: by its length in bytes, by chunks, or by the end of the connection. `no-message`
 * is for a head that stands for itself, before the head of the message.
 */
export type Framing = number | 'chunked' | 'until-close' | 'no-message';

/** What a reader tells, in this order. */
export interface MessageSink {
  /** Throws when what has come of a head from `at` on cannot become one, however it goes on. */
  onBeginning(bytes: Buffer, at: number): void;
  /** `text` is latin-1, without the blank line at its end. Throws a MessageError for what is no head. */
  onHead(text: string): Framing;
  /** A view of the bytes that `push` was given. */
  onBody(bytes: Buffer): void;
  onEnd(): void;
}

/**
 * head: first line and fields; sized: a body of known length; size, data, after-data and trailer: a chunked body;
 * open: a body that lasts until the connection closes; over: between messages.
 */
type Stage = 'head' | 'sized' | 'size' | 'data' | 'after-data' | 'trailer' | 'open' | 'over';

/**
 * Cuts the bytes of one connection into messages (RFC 9112), requests or answers. Where the RFC leaves a choice it
 * refuses: two readers of the same bytes must not see different messages.
 */
export class MessageReader {
  readonly #sink: MessageSink;
  #stage: Stage = 'over';
  /** Start of a head or of a line whose end has not come, or what came after the end. */
  #held: Buffer = none;
  /** Bytes of the body or of the chunk that are still to come. */
  #left = 0;
  #trailerBytes = 0;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  /** Expects the next message; what came after the last one is read with the next `push`. */
  begin(): void {
    this.#stage = 'head';
  }

  get isOver(): boolean {
    return this.#stage === 'over';
  }

  /** Bytes that came and were not looked at: of an unfinished head or line, or of what follows the message. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /** Reads to the end of the message and not beyond it. Throws a MessageError for what is none. */
  push(bytes: Buffer): void {
    let all = bytes;
    if (this.#held.length > 0) {
      all = bytes.length === 0 ? this.#held : Buffer.concat([this.#held, bytes]);
      this.#held = none;
    }
    for (let at = 0; at < all.length; ) {
      const next = this.#take(all, at);
      if (next === undefined) {
        this.#held = Buffer.from(all.subarray(at));
        return;
      }
      at = next;
    }
  }

  /** The other side closed, which is the end of a message without a length. */
  close(): void {
    if (this.#stage === 'open') this.#end();
  }

  /** Where to go on; undefined when the rest has to wait. */
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
        return undefined;
    }
  }

  #takeHead(bytes: Buffer, at: number): number | undefined {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1');
    if ((end === -1 ? bytes.length : end) - at > maxHeadBytes) throw overflow();
    if (end === -1) {
      this.#sink.onBeginning(bytes, at);
      return undefined;
    }
    const framing = this.#sink.onHead(bytes.toString('latin1', at, end));
    if (framing !== 'no-message') this.#beginBody(framing);
    return end + 4;
  }

  #beginBody(framing: number | 'chunked' | 'until-close'): void {
    if (framing === 0) return this.#end();
    if (framing === 'chunked') this.#stage = 'size';
    else if (framing === 'until-close') this.#stage = 'open';
    else {
      this.#left = framing;
      this.#stage = 'sized';
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
    this.#trailerBytes = 0;
    this.#stage = this.#left === 0 ? 'trailer' : 'data';
    return end + 2;
  }

  #takeAfterData(bytes: Buffer, at: number): number | undefined {
    if (bytes.length - at < 2) return undefined;
    if (bytes[at] !== cr || bytes[at + 1] !== lf)
      throw new MessageError('HPE_STRICT', 'a chunk is longer than it says');
    this.#stage = 'size';
    return at + 2;
  }

  /** Trailer fields are read and dropped; what is none may be the next message in another reader's eyes. */
  #takeTrailer(bytes: Buffer, at: number): number | undefined {
    const end = endOfLine(bytes, at);
    if (end === undefined) return undefined;
    this.#trailerBytes += end - at;
    if (this.#trailerBytes > maxHeadBytes) throw overflow();
    if (end === at) this.#end();
    else readFields(bytes.toString('latin1', at, end), 0, ignore);
    return end + 2;
  }

  #end(): void {
    this.#stage = 'over';
    this.#sink.onEnd();
  }
}

const ignore = () => {};
const none = Buffer.alloc(0);
const cr = 0x0d;
const lf = 0x0a;

/** Without a new object where the whole of the bytes is meant. */
function view(bytes: Buffer, from: number, end: number): Buffer {
  return from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end);
}

/** Of the line's CR; undefined while it has not come with its LF. */
function endOfLine(bytes: Buffer, from: number): number | undefined {
  for (let at = from; at + 1 < bytes.length; at++) if (bytes[at] === cr && bytes[at + 1] === lf) return at;
  if (bytes.length - from > maxLineBytes) throw overflow();
  return undefined;
}

/** Lines that end in LF alone would never make the blank line that is waited for. */
export function hasLoneLineFeed(bytes: Buffer, at: number): boolean {
  const end = bytes.indexOf(lf, at);
  return end !== -1 && bytes[end - 1] !== cr;
}

function overflow(): MessageError {
  return new MessageError('HPE_HEADER_OVERFLOW', 'the head is too long');
}

function chunkSize(line: string): number {
  // An extension may follow; none has a meaning here.
  const digits = /^([0-9A-Fa-f]{1,12})[ \t]*(?:;.*)?$/.exec(line)?.[1];
  if (digits === undefined) throw new MessageError('HPE_INVALID_CHUNK_SIZE', 'the size of a chunk is malformed');
  return Number.parseInt(digits, 16);
}
