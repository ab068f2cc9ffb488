import { describe, expect, it } from 'vitest';
import { LogSink, type LogStream, type Written } from '../../../src/telemetry/log-sink.ts';

/** A stream whose writes end when the test says so. */
class Scripted implements LogStream {
  pendingBytes = 0;
  readonly texts: string[] = [];
  #ends: ((failed?: Written) => void)[] = [];

  write(text: string, done: (failed?: Written) => void): void {
    this.texts.push(text);
    this.#ends.push(done);
  }

  end(failed?: Written): void {
    this.#ends.shift()?.(failed);
  }
}

const failing = (code: string, lines = 0): Written => ({ error: Object.assign(new Error(code), { code }), lines });
const lossLine = ({ lines, reason }: { lines: number; reason: string | undefined }) => `lost ${lines}: ${reason}\n`;

function arrange() {
  const stream = new Scripted();
  const sink = new LogSink(stream);
  return { stream, sink, write: (text: string, lines = 1) => sink.write({ text, lines, lossLine }) };
}

describe('a sink', () => {
  it('tells what was lost before the next lines that get through, once', () => {
    const { stream, sink, write } = arrange();
    write('a\nb\n', 2);
    stream.end(failing('ENOSPC'));
    write('c\n');
    stream.end(failing('ENOSPC'));
    expect(sink.losses).toEqual({ lines: 3, reason: 'the disk is full' });
    write('d\n');
    stream.end();
    write('e\n');
    stream.end();
    expect(stream.texts).toEqual(['a\nb\n', 'lost 2: the disk is full\nc\n', 'lost 3: the disk is full\nd\n', 'e\n']);
    expect(sink.losses.lines).toBe(3);
  });

  it('counts only lines that are not there', () => {
    const { stream, sink, write } = arrange();
    write('a\nb\nc\n', 3);
    stream.end(failing('ENOSPC', 1));
    expect(sink.losses.lines).toBe(2);
    write('d\ne\n', 2);
    // The line about the loss, and one more.
    stream.end(failing('ENOSPC', 2));
    expect(sink.losses.lines).toBe(3);
    write('f\n');
    expect(stream.texts.at(-1)).toBe('lost 1: the disk is full\nf\n');
  });

  it('holds a mebibyte for a slow reader, and takes more once that is read', () => {
    const { stream, sink, write } = arrange();
    stream.pendingBytes = 1024 * 1024;
    write('a\n');
    stream.pendingBytes += 1;
    write('b\n');
    sink.writePlain('banner');
    stream.pendingBytes = 0;
    write('c\n');
    expect(stream.texts).toEqual(['a\n', 'lost 1: nothing reads them\nc\n']);
  });

  it('knows when all is written', async () => {
    const { stream, sink, write } = arrange();
    await sink.written();
    write('a\n');
    write('b\n');
    let isWritten = false;
    const written = sink.written().then(() => {
      isWritten = true;
    });
    stream.end();
    await Promise.resolve();
    expect(isWritten).toBe(false);
    stream.end(failing('EPIPE'));
    await written;
    write('c\n');
    const again = sink.written();
    stream.end();
    await again;
  });

  it.each([
    ['EPIPE', 'their reader is gone'],
    ['EIO', 'their terminal or disk is gone'],
    ['EWHATEVER', 'EWHATEVER'],
  ])('names the reason: %s', (code, reason) => {
    const { stream, sink, write } = arrange();
    write('a\n');
    stream.end(failing(code));
    expect(sink.losses.reason).toBe(reason);
  });
});
