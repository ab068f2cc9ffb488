import { fstatSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { LogStream, Written } from '../telemetry/log-sink.ts';

/** Writes bytes to a file; returns how many it took. */
export type WriteBytes = (bytes: Buffer, offset: number) => number;

/**
 * A stream of the process as a place for log lines: its failures are told to the writes, and it does not hold them up.
 * A file is written to directly, since Node's stream for it takes a part that was written for the whole.
 */
export function logStreamOf(stream: NodeJS.WriteStream & { readonly fd: number }): LogStream {
  if (isFile(stream.fd)) return new FileLog((bytes, offset) => writeSync(stream.fd, bytes, offset));
  if (stream.isTTY) unblock(stream);
  return {
    get pendingBytes() {
      return stream.writableLength;
    },
    write: (text, done) => void stream.write(text, (error) => done(error ? { error, lines: 0 } : undefined)),
  };
}

/** A terminal that was stopped (Ctrl-S) would hold up the whole process with the first line that it does not take. */
function unblock(stream: NodeJS.WriteStream): void {
  const { _handle: handle } = stream as { _handle?: { setBlocking?: (isBlocking: boolean) => void } };
  handle?.setBlocking?.(false);
}

function isFile(fd: number): boolean {
  try {
    const { isFile, isCharacterDevice } = kindOf(fd);
    return isFile || (isCharacterDevice && !isatty(fd));
  } catch {
    return false;
  }
}

function kindOf(fd: number): { readonly isFile: boolean; readonly isCharacterDevice: boolean } {
  const stats = fstatSync(fd);
  return { isFile: stats.isFile(), isCharacterDevice: stats.isCharacterDevice() };
}

const lineEnd = 0x0a;

/** Lines in a file. A line that was cut off by a full disk is ended before the next one. */
export class FileLog implements LogStream {
  readonly pendingBytes = 0;
  readonly #write: WriteBytes;
  #isCut = false;

  constructor(write: WriteBytes) {
    this.#write = write;
  }

  write(text: string, done: (failed?: Written) => void): void {
    const start = this.#isCut ? 1 : 0;
    const bytes = Buffer.from(start === 0 ? text : `\n${text}`);
    let written = 0;
    try {
      while (written < bytes.length) written += this.#write(bytes, written);
    } catch (error) {
      if (written > 0) this.#isCut = bytes[written - 1] !== lineEnd;
      return done({ error, lines: linesIn(bytes.subarray(Math.min(start, written), written)) });
    }
    this.#isCut = false;
    done();
  }
}

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(lineEnd); at !== -1; at = bytes.indexOf(lineEnd, at + 1)) lines++;
  return lines;
}
