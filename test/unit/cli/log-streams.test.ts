import { describe, expect, it } from 'vitest';
import { FileLog } from '../../../src/cli/log-streams.ts';
import type { Written } from '../../../src/telemetry/log-sink.ts';

describe('a file', () => {
  /** A disk with so much room; what a write takes at once is bounded too. */
  function disk(room: number, atOnce = Number.POSITIVE_INFINITY) {
    const state = { room, text: '' };
    const file = new FileLog((bytes, offset) => {
      const taken = Math.min(state.room, atOnce, bytes.length - offset);
      if (taken === 0) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      state.room -= taken;
      state.text += bytes.toString('latin1', offset, offset + taken);
      return taken;
    });
    return { state, file };
  }

  const write = (file: FileLog, text: string) => {
    let failed: Written | undefined;
    file.write(text, (end) => {
      failed = end;
    });
    return failed?.lines;
  };

  it('is written to until all is in it', () => {
    const { state, file } = disk(100, 3);
    expect(write(file, 'one\ntwo\n')).toBeUndefined();
    expect(state.text).toBe('one\ntwo\n');
  });

  it('that was full in the middle of a line goes on with the next one', () => {
    const { state, file } = disk(6);
    expect(write(file, 'one\ntwo\n')).toBe(1);
    expect(write(file, 'three\n')).toBe(0);
    state.room = 100;
    expect(write(file, 'four\n')).toBeUndefined();
    expect(write(file, 'five\n')).toBeUndefined();
    expect(state.text).toBe('one\ntw\nfour\nfive\n');
  });

  it('that was full between two lines has no empty one', () => {
    const { state, file } = disk(4);
    expect(write(file, 'one\ntwo\n')).toBe(1);
    state.room = 100;
    write(file, 'three\n');
    expect(state.text).toBe('one\nthree\n');
  });

  it('that takes only the end of a cut line is not cut any more', () => {
    const { state, file } = disk(2);
    expect(write(file, 'one\n')).toBe(0);
    state.room = 1;
    expect(write(file, 'two\n')).toBe(0);
    state.room = 100;
    write(file, 'three\n');
    expect(state.text).toBe('on\nthree\n');
  });
});
