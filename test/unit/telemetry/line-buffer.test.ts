import { describe, expect, it } from 'vitest';
import { LineBuffer } from '../../../src/telemetry/line-buffer.ts';
import { createFakeClock } from '../../support/clock.ts';

function recording() {
  const clock = createFakeClock();
  const writes: string[] = [];
  return { clock, writes, buffer: new LineBuffer({ clock, write: (text) => writes.push(text) }) };
}

describe('LineBuffer', () => {
  it('writes lines that come together at once, a moment later', () => {
    const { clock, writes, buffer } = recording();
    buffer.add(() => 'one\n', false);
    buffer.add(() => 'two\n', false);
    expect(writes).toEqual([]);
    clock.advance(100);
    expect(writes).toEqual(['one\ntwo\n']);
    clock.advance(1_000);
    expect(writes).toHaveLength(1);
  });

  it('sends what is urgent without delay and keeps the order', () => {
    const { writes, buffer } = recording();
    buffer.add(() => 'before\n', false);
    buffer.add(() => 'urgent\n', true);
    expect(writes).toEqual(['before\nurgent\n']);
  });

  it('does not grow without bound', () => {
    const { writes, buffer } = recording();
    for (let i = 0; i < 1_000; i++) buffer.add(() => 'x\n', false);
    expect(writes.map((text) => text.length)).toEqual([1_024]);
  });
});
