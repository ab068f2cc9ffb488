import type { Clock, Timer } from '../core/clock.ts';

export interface LineBufferOptions<Entry> {
  readonly clock: Clock;
  /** One line, with its end. */
  readonly render: (entry: Entry) => string;
  readonly write: (text: string, lines: number) => void;
}

/** Lines are held no longer than this. Milliseconds. */
const holdMs = 100;
/** And no more of them than this. */
const holdLines = 64;

/**
 * Makes and writes lines together: a write to a file or a pipe is a system call that the whole process waits for, and
 * a line made between two requests costs many times what it costs beside its like. What is urgent goes out at once,
 * with all that came before it.
 */
export class LineBuffer<Entry> {
  readonly #options: LineBufferOptions<Entry>;
  #held: Entry[] = [];
  #timer: Timer | undefined;

  constructor(options: LineBufferOptions<Entry>) {
    this.#options = options;
  }

  add(entry: Entry, isUrgent: boolean): void {
    this.#held.push(entry);
    if (isUrgent || this.#held.length >= holdLines) return this.flush();
    this.#timer ??= this.#options.clock.setTimer(holdMs, () => this.flush());
  }

  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#held.length === 0) return;
    const { render, write } = this.#options;
    const entries = this.#held;
    this.#held = [];
    let text = '';
    for (const entry of entries) text += render(entry);
    write(text, entries.length);
  }
}
