import type { Socket } from 'node:net';
import type { Batch } from '../../core/batch.ts';
import type { Clock, Timer } from '../../core/clock.ts';

export interface OutletContext {
  readonly clock: Clock;
  /** Takes the writes of one turn. */
  readonly batch: Batch;
  /** Longest time the client may stop reading; 0 for any. Milliseconds. */
  readonly writeTimeoutMs: number;
}

export interface OutletInput {
  readonly socket: Socket;
  readonly context: OutletContext;
  /** All that was written before `end` has been taken. */
  readonly onTaken: () => void;
  /** The client has stopped reading for too long. */
  readonly onStalled: () => void;
}

/** What is written at once of much: a client that takes as much in the time it has is reading. Bytes. */
const pieceBytes = 256 * 1024;

/** What one reply writes to its client's socket: all of a turn together, and no faster than the client reads. */
export class Outlet {
  readonly #socket: Socket;
  readonly #input: OutletInput;
  /** Text (latin-1) that goes out at the end of the turn. */
  #held = '';
  #isHeld = false;
  /** Bytes that wait for the client to take those before them, and go out before the text. */
  readonly #queue: Buffer[] = [];
  #isEnded = false;
  #isClosed = false;
  #onRoom: (() => void) | undefined;
  #awaitsDrain = false;
  #stalled: Timer | undefined;

  constructor(input: OutletInput) {
    this.#socket = input.socket;
    this.#input = input;
  }

  /** `text` is latin-1. False when the client reads slower than we write: wait for `onRoom`. */
  write(text: string): boolean {
    this.#held += text;
    this.#hold();
    return this.#held.length + this.#socket.writableLength < this.#socket.writableHighWaterMark;
  }

  /** Bytes that are not worth a copy, with the text (latin-1) around them. */
  writeLarge(before: string, chunk: Buffer | string, after: string): boolean {
    const first = this.#held + before;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    const isWaiting = this.#queue.length > 0;
    if (!isWaiting && bytes.length <= pieceBytes && !this.#socket.writableNeedDrain) {
      return this.#writeAtOnce(first, bytes, after);
    }
    if (first !== '') this.#queue.push(Buffer.from(first, 'latin1'));
    this.#queue.push(bytes);
    this.#held = after;
    if (!isWaiting) this.#writeQueue();
    return false;
  }

  #writeAtOnce(before: string, bytes: Buffer, after: string): boolean {
    const socket = this.#socket;
    this.#held = '';
    socket.cork();
    if (before !== '') socket.write(before, 'latin1');
    let hasRoom = socket.write(bytes);
    if (after !== '') hasRoom = socket.write(after, 'latin1');
    socket.uncork();
    return hasRoom;
  }

  /** Once, after a write that found no room. */
  onRoom(listener: () => void): void {
    this.#onRoom = listener;
    if (!this.#isHeld && this.#queue.length === 0) this.#awaitDrain();
  }

  /** Nothing more will be written. */
  end(): void {
    this.#isEnded = true;
    this.#hold();
  }

  /** Tells nobody anything any more. Safe to repeat. */
  close(): void {
    this.#isClosed = true;
    this.#stopWatching();
  }

  #hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#input.context.batch.addWrite(this.#letGo);
  }

  readonly #letGo = () => {
    this.#isHeld = false;
    if (this.#queue.length > 0) return;
    const text = this.#held;
    this.#held = '';
    // Of a socket that has been cut nothing is left to be written either.
    if (this.#socket.destroyed) return;
    const hasRoom = text === '' ? !this.#socket.writableNeedDrain : this.#socket.write(text, 'latin1');
    if (this.#isEnded) this.#awaitTaken();
    else if (this.#onRoom === undefined) return;
    else if (hasRoom) this.#tellRoom();
    else this.#awaitDrain();
  };

  /** Piece by piece, as the client takes them: with each its time begins anew. */
  readonly #writeQueue = () => {
    this.#stopWatching();
    for (let bytes = this.#queue[0]; bytes !== undefined; bytes = this.#queue[0]) {
      if (this.#socket.writableNeedDrain) {
        this.#watch();
        this.#socket.once('drain', this.#writeQueue);
        return;
      }
      if (bytes.length > pieceBytes) this.#queue[0] = bytes.subarray(pieceBytes);
      else this.#queue.shift();
      this.#socket.write(bytes.subarray(0, pieceBytes));
    }
    this.#hold();
  };

  #awaitDrain(): void {
    this.#watch();
    if (this.#awaitsDrain) return;
    this.#awaitsDrain = true;
    this.#socket.once('drain', this.#tellRoom);
  }

  readonly #tellRoom = () => {
    this.#awaitsDrain = false;
    // More has been queued since: there is room when that has gone out.
    if (this.#queue.length > 0) return;
    const listener = this.#onRoom;
    this.#onRoom = undefined;
    if (this.#isEnded || this.#isClosed) return;
    this.#stopWatching();
    listener?.();
  };

  /** What the client has not taken yet waits in memory for it, but not for ever. */
  #awaitTaken(): void {
    if (this.#socket.writableLength === 0) return this.#taken();
    this.#watch();
    this.#socket.write('', (error) => {
      if (error == null) this.#taken();
    });
  }

  #taken(): void {
    if (this.#isClosed) return;
    this.close();
    this.#input.onTaken();
  }

  #watch(): void {
    const { clock, writeTimeoutMs } = this.#input.context;
    if (writeTimeoutMs > 0) this.#stalled ??= clock.setTimer(writeTimeoutMs, this.#input.onStalled);
  }

  #stopWatching(): void {
    this.#stalled?.cancel();
    this.#stalled = undefined;
  }
}
