import { crc32 } from 'node:zlib';
import { HeldBody } from '../core/held-body.ts';

/** One message of AWS's binary event stream (`application/vnd.amazon.eventstream`). */
export interface EventStreamMessage {
  /** Headers that are text, by name: `:message-type`, `:event-type`, `:exception-type`. Others are left out. */
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

/** The bytes are not an event stream, or were changed on the way. */
export class EventStreamError extends Error {}

/** Total length, length of the headers, checksum of both: three big-endian numbers. Bytes. */
const preludeBytes = 12;
const checksumBytes = 4;
/** AWS sends at most 24 MB; a broken length must not make us wait for gigabytes. Bytes. */
const maxMessageBytes = 24 * 1024 * 1024;

/** Bytes that the value of a header takes, by the number of its type; the two in `sizedTypes` begin with their length. */
const valueBytes: readonly number[] = [0, 0, 1, 2, 4, 8, 0, 0, 8, 16];
const textType = 7;
const sizedTypes: ReadonlySet<number> = new Set([6, textType]);

/** Cuts a byte stream into messages. Chunks may be cut anywhere. */
export class EventStreamDecoder {
  readonly #held = new HeldBody();
  /** Bytes that have to be there before another look is worth it: joining on every chunk would be quadratic. */
  #wantedBytes = preludeBytes;

  /** Messages completed by this chunk. Throws EventStreamError; the stream is then lost. */
  push(chunk: Buffer): readonly EventStreamMessage[] {
    this.#held.add(chunk);
    if (this.#held.size < this.#wantedBytes) return [];
    const bytes = this.#held.take();
    const messages: EventStreamMessage[] = [];
    let start = 0;
    let length = messageLength(bytes, start);
    while (length !== undefined && start + length <= bytes.length) {
      messages.push(readMessage(bytes.subarray(start, start + length)));
      start += length;
      length = messageLength(bytes, start);
    }
    this.#hold(bytes.subarray(start), length ?? preludeBytes);
    return messages;
  }

  /** True in the middle of a message. */
  get isHolding(): boolean {
    return this.#held.size > 0;
  }

  #hold(rest: Buffer, wantedBytes: number): void {
    if (rest.length > 0) this.#held.add(rest);
    this.#wantedBytes = wantedBytes;
  }
}

/** Length of the message that begins at `start`; undefined while its prelude is not whole. */
function messageLength(bytes: Buffer, start: number): number | undefined {
  if (bytes.length - start < preludeBytes) return undefined;
  const expected = bytes.readUInt32BE(start + 8);
  if (crc32(bytes.subarray(start, start + 8)) !== expected) {
    throw new EventStreamError('the checksum of a message prelude is wrong');
  }
  const length = bytes.readUInt32BE(start);
  const headersLength = bytes.readUInt32BE(start + 4);
  if (length > maxMessageBytes || headersLength + preludeBytes + checksumBytes > length) {
    throw new EventStreamError('a message has an impossible length');
  }
  return length;
}

function readMessage(bytes: Buffer): EventStreamMessage {
  const end = bytes.length - checksumBytes;
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) {
    throw new EventStreamError('the checksum of a message is wrong');
  }
  const headersEnd = preludeBytes + bytes.readUInt32BE(4);
  return { headers: readHeaders(bytes.subarray(preludeBytes, headersEnd)), payload: bytes.subarray(headersEnd, end) };
}

function readHeaders(bytes: Buffer): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 1 + (bytes[at] ?? 0);
    const type = bytes[nameEnd] ?? -1;
    const isSized = sizedTypes.has(type);
    const valueStart = nameEnd + 1 + (isSized ? 2 : 0);
    if (valueBytes[type] === undefined || valueStart > bytes.length)
      throw new EventStreamError('a header is malformed');
    const valueEnd = valueStart + (isSized ? bytes.readUInt16BE(nameEnd + 1) : valueBytes[type]);
    if (valueEnd > bytes.length) throw new EventStreamError('a header exceeds its message');
    if (type === textType)
      headers[bytes.toString('utf8', at + 1, nameEnd)] = bytes.toString('utf8', valueStart, valueEnd);
    at = valueEnd;
  }
  return headers;
}
