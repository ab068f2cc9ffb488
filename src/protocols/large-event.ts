import { endOfEvent, parseEvent, type SseEvent } from '../transport/sse.ts';
import { SkimmedJson } from './skimmed-json.ts';

/** A blank line that is cut has at most these many bytes of it in front of the cut. */
const seamBytes = 2;

/**
 * One event that is handed on while it comes, since it is too large to be held: an image in base64, mostly. What it
 * says is read from what is left of it without its long strings.
 */
export class LargeEvent {
  readonly #skimmed = new SkimmedJson();
  #seam: Buffer = Buffer.alloc(0);

  /** `begun` is what has come of it, without its end. */
  constructor(begun: Buffer) {
    this.#take(begun);
  }

  /** How many of the chunk's bytes are the event's; undefined when all of them are, and it goes on. */
  push(chunk: Buffer): number | undefined {
    const end = this.#endIn(chunk);
    this.#take(end === undefined ? chunk : chunk.subarray(0, end));
    return end;
  }

  /** The event, its long strings cut to one character. */
  event(): SseEvent {
    return parseEvent(this.#skimmed.bytes());
  }

  #endIn(chunk: Buffer): number | undefined {
    const across = endOfEvent(Buffer.concat([this.#seam, chunk.subarray(0, seamBytes)]), 0);
    if (across !== -1) return across - this.#seam.length;
    const end = endOfEvent(chunk, 0);
    return end === -1 ? undefined : end;
  }

  #take(bytes: Buffer): void {
    this.#skimmed.push(bytes);
    this.#seam = Buffer.concat([this.#seam, bytes.subarray(-seamBytes)]).subarray(-seamBytes);
  }
}
