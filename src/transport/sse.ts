import { GatewayError } from '../core/errors.ts';
import { HeldBody } from '../core/held-body.ts';
import { LineEnds } from './line-ends.ts';

/** One server-sent event. `raw` spans its bytes including the blank line that ended it. */
export interface SseEvent {
  /** '' when the event has no name. */
  readonly event: string;
  /** Data lines joined with \n; undefined when it has none (a comment, a lone field, bare text). */
  readonly data: string | undefined;
  readonly raw: Buffer;
}

/** Largest event that is held; a megabyte of base64 image in one delta is legal, a runaway line is not. Bytes. */
const maxEventBytes = 16 * 1024 * 1024;

const lf = 0x0a;
const cr = 0x0d;

/** Index just past the first blank line at or after `from`, or -1. Knows LF and CRLF line ends; `LineEnds` makes the third kind one of them. */
export function endOfEvent(bytes: Buffer, from: number): number {
  for (let i = bytes.indexOf(lf, from); i !== -1; i = bytes.indexOf(lf, i + 1)) {
    if (bytes[i + 1] === lf) return i + 2;
    if (bytes[i + 1] === cr && bytes[i + 2] === lf) return i + 3;
  }
  return -1;
}

/** A blank line that is cut has at most these many bytes of it in front of the cut. */
const seamBytes = 2;
const noBytes = Buffer.alloc(0);

function lastBytes(bytes: Buffer, before: Buffer): Buffer {
  if (bytes.length >= seamBytes) return bytes.subarray(-seamBytes);
  return Buffer.concat([before, bytes]).subarray(-seamBytes);
}

/** Whether a blank line ends in `chunk`, which follows on `seam`. An event of many lines is not joined before that. */
function endsEvent(chunk: Buffer, seam: Buffer): boolean {
  if (chunk.indexOf(lf) === -1) return false;
  return endOfEvent(Buffer.concat([seam, chunk.subarray(0, seamBytes)]), 0) !== -1 || endOfEvent(chunk, 0) !== -1;
}

/** An event is too large to be held. Who knows the upstream's name says it. */
export class EventTooLarge extends GatewayError {
  constructor(who = 'The upstream') {
    super('upstream_invalid', `${who} sent an event over ${maxEventBytes} bytes.`);
  }
}

/**
 * Splits a byte stream into whole events. Chunks may be cut anywhere, also inside a character. Throws
 * `upstream_invalid` for an event that is too large to be held.
 */
export class SseSplitter {
  /** An event that is not whole, not yet joined: joining on every chunk would be quadratic for a huge one. */
  readonly #held = new HeldBody();
  readonly #lineEnds = new LineEnds();
  /** The last of what is held: a blank line may be cut anywhere. */
  #seam: Buffer = noBytes;

  /** Whole events completed by this chunk. */
  push(chunk: Buffer): readonly SseEvent[] {
    const events: SseEvent[] = [];
    for (const raw of this.split(chunk)) events.push(parseEvent(raw));
    return events;
  }

  /** Bytes of whole events completed by this chunk, unparsed. Lone CR line ends have become LF. */
  split(given: Buffer): readonly Buffer[] {
    const chunk = this.#lineEnds.push(given);
    let bytes = chunk;
    let from = 0;
    if (this.#held.size > 0) {
      this.#hold(chunk);
      const seam = this.#seam;
      this.#seam = lastBytes(chunk, seam);
      if (!endsEvent(chunk, seam)) return [];
      bytes = this.#held.take();
      from = Math.max(0, bytes.length - chunk.length - seamBytes);
    }
    const events: Buffer[] = [];
    let start = 0;
    for (let end = endOfEvent(bytes, from); end !== -1; end = endOfEvent(bytes, end)) {
      events.push(bytes.subarray(start, end));
      start = end;
    }
    if (start < bytes.length) {
      const rest = start === 0 ? bytes : bytes.subarray(start);
      // A few bytes must not hold the large event before them.
      this.#hold(bytes === chunk ? rest : Buffer.from(rest));
      this.#seam = lastBytes(rest, noBytes);
    }
    return events;
  }

  /** What is left when the stream ends: an event without its blank line, or nothing. */
  rest(): Buffer | undefined {
    const last = this.#lineEnds.rest();
    if (last !== undefined) this.#hold(last);
    return this.#held.size > 0 ? this.#held.take() : undefined;
  }

  /** The first bytes of an event whose end has not come. */
  beginning(length: number): Buffer {
    return this.#held.beginning(length);
  }

  get isHolding(): boolean {
    return this.#held.size > 0 || this.#lineEnds.isHolding;
  }

  /** Bytes of an event whose end has not come. */
  get heldBytes(): number {
    return this.#held.size;
  }

  #hold(bytes: Buffer): void {
    this.#held.add(bytes);
    if (this.#held.size > maxEventBytes) throw new EventTooLarge();
  }
}

/** Reads the fields of one event. Takes `data:` with and without the space, CRLF, several data lines and comments. */
export function parseEvent(raw: Buffer): SseEvent {
  const text = raw.toString('utf8');
  let event = '';
  let data: string | undefined;
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf('\n', start);
    if (end === -1) end = text.length;
    const lineEnd = end > start && text.charCodeAt(end - 1) === cr ? end - 1 : end;
    if (text.startsWith('data:', start)) {
      const from = text.charCodeAt(start + 5) === 0x20 ? start + 6 : start + 5;
      const line = text.slice(from, lineEnd);
      data = data === undefined ? line : `${data}\n${line}`;
    } else if (text.startsWith('event:', start)) {
      const from = text.charCodeAt(start + 6) === 0x20 ? start + 7 : start + 6;
      event = text.slice(from, lineEnd);
    }
    start = end + 1;
  }
  return { event, data, raw };
}
