import { GatewayError } from '../core/errors.ts';
import type { Candidate, Usage } from '../core/model.ts';
import { EventTooLarge, parseEvent, type SseEvent, SseSplitter } from '../transport/sse.ts';
import { LargeEvent } from './large-event.ts';
import type { ErrorFacts, Inspector, JsonObject, StreamDecoder, StreamEncoder } from './protocol.ts';

/**
 * preamble: nothing the user would miss has come; content: something has; finished: a finish reason has come, so the
 * answer is whole.
 */
export type RelayPhase = 'preamble' | 'content' | 'finished';

/**
 * Turns the upstream's bytes into the client's, and knows how far the answer is. When the stream turns out to be a
 * failure, `push` still returns what came before it in the same chunk and sets `failure`; `end` throws a GatewayError.
 */
export interface Relay {
  readonly phase: RelayPhase;
  readonly usage: Usage | undefined;
  readonly failure: GatewayError | undefined;
  /** What it holds of the upstream's bytes, or of what was made of them. Bytes. */
  readonly heldBytes: number;
  /** The finished answer as one body in the client's protocol, where its stream repeats it (Responses). */
  readonly whole: JsonObject | undefined;
  /** What the client may get of this chunk; undefined when nothing yet. */
  push(chunk: Buffer): Buffer | string | undefined;
  /** The upstream closed. Throws `upstream_invalid` when the answer is not whole. */
  end(): Buffer | string | undefined;
  /**
   * What ends this answer for the client after a failure, in the state it is in. Undefined where it did not count its
   * events, so that the protocol's usual error event has to do.
   */
  errorEvent(error: GatewayError, facts: ErrorFacts): string | undefined;
}

export interface PassthroughOptions {
  readonly inspector: Inspector;
  readonly target: Candidate;
  /** Drops chunks that only carry usage: we asked for them, the client did not. */
  readonly dropUsage: boolean;
  /** Finish reasons that make the answer whole: one a choice. */
  readonly choices: number;
  /** Written when the upstream closes after a finish reason without its own end marker. */
  readonly endMarker: string | undefined;
}

const lf = 0x0a;
const cr = 0x0d;

/** An event that is larger is handed on while it comes, unless it begins like one that has to be read. Bytes. */
const largeEventBytes = 256 * 1024;
/** That is read as well, up to here. Bytes. */
const largeReadBytes = 8 * 1024 * 1024;
/** Where the type of an event stands. Bytes. */
const beginningBytes = 4 * 1024;
/** What a translated answer may add up to: some protocols repeat all of it at its end. Characters. */
const maxContent = 16 * 1024 * 1024;
/** How much more such a repetition takes than content that is gone once it is sent: it is told five times. */
const repeatedWeight = 3;

/** Same protocol on both sides: whole events are handed on as they came. */
export class PassthroughRelay implements Relay {
  readonly #options: PassthroughOptions;
  readonly #splitter = new SseSplitter();
  #phase: RelayPhase = 'preamble';
  #usage: Usage | undefined;
  #failure: GatewayError | undefined;
  #whole: JsonObject | undefined;
  #large: LargeEvent | undefined;
  #finishes = 0;
  #sawEnd = false;

  constructor(options: PassthroughOptions) {
    this.#options = options;
  }

  get phase(): RelayPhase {
    return this.#phase;
  }

  get usage(): Usage | undefined {
    return this.#usage;
  }

  get failure(): GatewayError | undefined {
    return this.#failure;
  }

  get whole(): JsonObject | undefined {
    return this.#whole;
  }

  get heldBytes(): number {
    return this.#splitter.heldBytes;
  }

  errorEvent(): undefined {
    return undefined;
  }

  push(chunk: Buffer): Buffer | undefined {
    if (this.#large !== undefined) return this.#pushLarge(this.#large, chunk);
    if (this.#phase === 'content' && !this.#splitter.isHolding && this.#isPlain(chunk)) return chunk;
    const output = this.#pushWhole(chunk);
    if (this.#splitter.heldBytes <= largeEventBytes || !this.#mayHandOn()) return output;
    const begun = this.#splitter.rest() as Buffer;
    this.#large = new LargeEvent(begun);
    return output === undefined ? begun : Buffer.concat([output, begun]);
  }

  #pushWhole(chunk: Buffer): Buffer | undefined {
    const kept: Buffer[] = [];
    const events = this.#splitter.split(chunk);
    try {
      for (const raw of events) if (this.#read(parseEvent(raw))) kept.push(raw);
    } catch (thrown) {
      this.#failure = GatewayError.from(thrown);
    }
    if (kept.length === 0) return undefined;
    if (kept.length === 1) return kept[0];
    if (kept.length === events.length) return joined(kept);
    return Buffer.concat(kept);
  }

  /** The event that is held may go to the client before it is known what it means. */
  #mayHandOn(): boolean {
    if (this.#splitter.heldBytes > largeReadBytes) return true;
    return !this.#options.inspector.interesting.test(this.#splitter.beginning(beginningBytes).toString('latin1'));
  }

  #pushLarge(large: LargeEvent, chunk: Buffer): Buffer | undefined {
    const end = large.push(chunk);
    if (end === undefined) return chunk;
    this.#endLarge(large);
    const rest = end === chunk.length || this.#failure !== undefined ? undefined : this.push(chunk.subarray(end));
    return rest === undefined ? chunk.subarray(0, end) : Buffer.concat([chunk.subarray(0, end), rest]);
  }

  #endLarge(large: LargeEvent): void {
    this.#large = undefined;
    try {
      this.#read(large.event());
      // It has lost its texts.
      this.#whole = undefined;
    } catch (thrown) {
      this.#failure = GatewayError.from(thrown);
    }
  }

  end(): Buffer | string | undefined {
    if (this.#large !== undefined) return this.#endWithin(this.#large);
    const rest = this.#splitter.rest();
    let tail: Buffer | undefined;
    // An event without its blank line is legal at the very end only; it decides whether the answer was whole.
    if (rest !== undefined && this.#read(parseEvent(rest))) tail = Buffer.concat([rest, blankLine]);
    return this.#ended(tail);
  }

  #endWithin(large: LargeEvent): Buffer | string | undefined {
    this.#endLarge(large);
    if (this.#failure !== undefined) throw this.#failure;
    return this.#ended(blankLine);
  }

  #ended(tail: Buffer | undefined): Buffer | string | undefined {
    if (this.#phase !== 'finished') throw incomplete(this.#options.target);
    if (this.#sawEnd || this.#options.endMarker === undefined) return tail;
    return tail === undefined ? this.#options.endMarker : Buffer.concat([tail, Buffer.from(this.#options.endMarker)]);
  }

  /** Whole events, none of which needs reading: the case for nearly every chunk, so it costs one look. */
  #isPlain(chunk: Buffer): boolean {
    const last = chunk.length - 1;
    if (chunk[last] !== lf) return false;
    const before = chunk[last - 1];
    if (before !== lf && !(before === cr && chunk[last - 2] === lf)) return false;
    return !this.#options.inspector.interesting.test(chunk.toString('latin1'));
  }

  #note(usage: Usage): void {
    const { mergeUsage } = this.#options.inspector;
    this.#usage = mergeUsage === undefined ? usage : mergeUsage(this.#usage, usage);
  }

  /** Notes what the event means; false when the client is not to see it. */
  #read({ event, data }: SseEvent): boolean {
    if (data === undefined) return true;
    const meaning = this.#options.inspector.meaning(event, data, this.#options.target);
    if (meaning.kind === 'error') throw meaning.error;
    if (meaning.usage !== undefined) this.#note(meaning.usage);
    if (meaning.kind === 'usage') return !this.#options.dropUsage;
    if (meaning.kind === 'content' && this.#phase === 'preamble') this.#phase = 'content';
    if (meaning.kind === 'finish') {
      this.#finishes++;
      this.#whole = meaning.whole;
      this.#phase = this.#finishes >= this.#options.choices ? 'finished' : 'content';
    }
    if (meaning.kind === 'end') {
      this.#sawEnd = true;
      // Servers that know no `n` answer once and say so by their end marker.
      if (this.#finishes > 0) this.#phase = 'finished';
    }
    return true;
  }
}

export interface TranslatingOptions {
  readonly decoder: StreamDecoder;
  readonly encoder: StreamEncoder;
  readonly target: Candidate;
}

/** Different protocols: decoded to parts, encoded again. */
export class TranslatingRelay implements Relay {
  readonly #decoder: StreamDecoder;
  readonly #encoder: StreamEncoder;
  readonly #target: Candidate;
  /** Of an event whose end has not come. */
  #heldBytes = 0;
  /** Characters of the content so far. */
  #content = 0;
  #phase: RelayPhase = 'preamble';
  #usage: Usage | undefined;
  #failure: GatewayError | undefined;

  constructor({ decoder, encoder, target }: TranslatingOptions) {
    this.#decoder = decoder;
    this.#encoder = encoder;
    this.#target = target;
  }

  get phase(): RelayPhase {
    return this.#phase;
  }

  get usage(): Usage | undefined {
    return this.#usage;
  }

  get failure(): GatewayError | undefined {
    return this.#failure;
  }

  get whole(): JsonObject | undefined {
    return this.#encoder.whole;
  }

  /** All encoders are taken to keep the content until they end; it is little beside a large event. */
  get heldBytes(): number {
    return this.#heldBytes + this.#content * ('whole' in this.#encoder ? repeatedWeight : 1);
  }

  errorEvent(error: GatewayError, facts: ErrorFacts): string {
    return this.#encoder.error(error, facts);
  }

  push(chunk: Buffer): string | undefined {
    let text = '';
    try {
      for (const piece of piecesOf(chunk)) {
        const parts = this.#decoder.push(piece);
        this.#countHeld(piece, parts.length > 0);
        text += this.#encode(parts) ?? '';
      }
    } catch (thrown) {
      this.#failure = this.#named(GatewayError.from(thrown));
    }
    return text === '' ? undefined : text;
  }

  end(): string {
    const text = this.#encode(this.#decoder.end()) ?? '';
    return text + this.#encoder.end();
  }

  /** Nearly: where an event that is dropped ends with Windows' line ends, it is counted on to the next part. */
  #countHeld(piece: Buffer, hasParts: boolean): void {
    const end = piece.lastIndexOf(blankLine);
    if (end !== -1) this.#heldBytes = piece.length - end - blankLine.length;
    else this.#heldBytes = piece.length + (hasParts ? 0 : this.#heldBytes);
    if (this.#content <= maxContent) return;
    const who = this.#target.endpoint.providerId;
    throw new GatewayError('upstream_invalid', `${who} sent an answer over ${maxContent} characters.`);
  }

  #named(error: GatewayError): GatewayError {
    return error instanceof EventTooLarge ? new EventTooLarge(this.#target.endpoint.providerId) : error;
  }

  #encode(parts: ReturnType<StreamDecoder['push']>): string | undefined {
    let text = '';
    for (const part of parts) {
      if (part.kind === 'block-delta') this.#content += part.text?.length ?? 0;
      if (part.kind === 'finish') this.#phase = 'finished';
      else if (part.kind === 'usage') this.#usage = part.usage;
      else if (this.#phase === 'preamble' && startsContent(part)) this.#phase = 'content';
      text += this.#encoder.encode(part);
    }
    return text === '' ? undefined : text;
  }
}

const blankLine = Buffer.from('\n\n');

/** An event at a time where a chunk holds several: one that is an error must not take those before it along. */
function piecesOf(chunk: Buffer): readonly Buffer[] {
  let end = chunk.indexOf(blankLine);
  if (end === -1 || end + 2 === chunk.length) return [chunk];
  const pieces: Buffer[] = [];
  let start = 0;
  for (; end !== -1; end = chunk.indexOf(blankLine, start)) {
    pieces.push(chunk.subarray(start, end + 2));
    start = end + 2;
  }
  if (start < chunk.length) pieces.push(chunk.subarray(start));
  return pieces;
}

function startsContent(part: ReturnType<StreamDecoder['push']>[number]): boolean {
  return part.kind === 'block-delta' || (part.kind === 'block-start' && part.content.kind === 'tool-call');
}

/** Neighbours in one buffer need no copy. */
function joined(pieces: readonly Buffer[]): Buffer {
  const first = pieces[0] as Buffer;
  const last = pieces[pieces.length - 1] as Buffer;
  if (first.buffer !== last.buffer) return Buffer.concat(pieces);
  return Buffer.from(first.buffer, first.byteOffset, last.byteOffset + last.length - first.byteOffset);
}

export function incomplete(target: Candidate): GatewayError {
  return new GatewayError(
    'upstream_invalid',
    `${target.endpoint.providerId} ended its answer before it was complete.`,
    {
      detail: 'the stream closed without a finish reason',
    },
  );
}
