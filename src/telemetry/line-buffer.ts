import type { Clock, Timer } from '../core/clock.ts';

export interface LineBufferOptions {
  readonly clock: Clock;
  readonly write: (text: string) => void;
}

/** Lines are held no longer than this. Milliseconds. */
const holdMs = 100;
/** And no more of them than this. */
const holdLines = 512;

/**
 * Makes and writes lines together: a write to a file or a pipe is a system call that the whole process waits for, and
 * a line made between two requests costs many times what it costs beside its like. What is urgent goes out at once,
 * with all that came before it.
 */
export class LineBuffer {
  readonly #options: LineBufferOptions;
  #held: (() => string)[] = [];
  #timer: Timer | undefined;

  constructor(options: LineBufferOptions) {
    this.#options = options;
  }

  add(line: () => string, isUrgent: boolean): void {
    this.#held.push(line);
    if (isUrgent || this.#held.length >= holdLines) return this.flush();
    this.#timer ??= this.#options.clock.setTimer(holdMs, () => this.flush());
  }

  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#held.length === 0) return;
    const lines = this.#held;
    this.#held = [];
    let text = '';
    for (const line of lines) text += line();
    this.#options.write(text);
  }
}
