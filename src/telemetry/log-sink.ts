/** Lines that did not reach anybody. */
export interface LogLosses {
  /** Since the start. */
  readonly lines: number;
  /** Of the last one, in words; undefined when all were written. */
  readonly reason: string | undefined;
}

export const noLosses: LogLosses = { lines: 0, reason: undefined };

/** How a write ended. */
export interface Written {
  readonly error: unknown;
  /** Whole lines that were written all the same. */
  readonly lines: number;
}

/** Where a sink writes to. */
export interface LogStream {
  /** Of what was given and is not written yet. Bytes. */
  readonly pendingBytes: number;
  /** `done` is told once: nothing when all was written. Throws nothing. */
  write(text: string, done: (failed?: Written) => void): void;
}

/** Lines to write together. */
export interface LogText {
  readonly text: string;
  readonly lines: number;
  /** The line that tells how many were lost before these, with its end. */
  readonly lossLine: (losses: LogLosses) => string;
}

/** Held for a reader that is slow, or has stopped reading. Bytes. */
const maxPendingBytes = 1024 * 1024;

/**
 * Writes log lines to a stream that may fail, be full, or have no reader any more. None of that is a reason to keep a
 * request waiting or to end: lines that cannot be written are lost and counted, and the next that can be is preceded by
 * one that says how many.
 */
export class LogSink {
  readonly #stream: LogStream;
  #lines = 0;
  #reason: string | undefined;
  /** Lost and not told yet. */
  #untold = 0;
  #writing = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(stream: LogStream) {
    this.#stream = stream;
  }

  get losses(): LogLosses {
    return { lines: this.#lines, reason: this.#reason };
  }

  write({ text, lines, lossLine }: LogText): void {
    if (this.#stream.pendingBytes > maxPendingBytes) return this.#lose(lines, 'nothing reads them');
    const untold = this.#untold;
    this.#untold = 0;
    const note = untold === 0 ? '' : lossLine({ lines: untold, reason: this.#reason });
    this.#begin(note + text, (failed) => {
      if (failed === undefined) return;
      const isTold = note !== '' && failed.lines > 0;
      if (!isTold) this.#untold += untold;
      this.#lose(lines - Math.max(0, failed.lines - (note === '' ? 0 : 1)), reasonOf(failed.error));
    });
  }

  /** Text that is not part of the log, such as a greeting. Nothing tells when it is lost. */
  writePlain(text: string): void {
    if (this.#stream.pendingBytes <= maxPendingBytes) this.#begin(text, () => undefined);
  }

  /** Resolves once all that was given is written or lost; never where nothing reads it. */
  async written(): Promise<void> {
    if (this.#writing === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  #begin(text: string, done: (failed: Written | undefined) => void): void {
    this.#writing++;
    this.#stream.write(text, (failed) => {
      done(failed);
      if (--this.#writing === 0) this.#idle?.resolve();
    });
  }

  #lose(lines: number, reason: string): void {
    if (lines === 0) return;
    this.#lines += lines;
    this.#untold += lines;
    this.#reason = reason;
  }
}

const reasons: Readonly<Record<string, string>> = {
  EPIPE: 'their reader is gone',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is as large as it may be',
  EIO: 'their terminal or disk is gone',
  EROFS: 'the disk is read-only',
};

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return reasons[code ?? ''] ?? message;
}
