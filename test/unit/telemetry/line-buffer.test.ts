import { describe, expect, it } from 'vitest';
import { LineBuffer } from '../../../src/telemetry/line-buffer.ts';
import { createFakeClock } from '../../support/clock.ts';

function recording() {
  const clock = createFakeClock();
  const writes: string[] = [];
  return {
    clock,
    writes,
    buffer: new LineBuffer<string>({ clock, render: (line) => `${line}\n`, write: (text) => writes.push(text) }),
  };
}

describe('LineBuffer', () => {
  it('writes lines that come together at once, a moment later', () => {
    const { clock, writes, buffer } = recording();
    buffer.add('one', false);
    buffer.add('two', false);
    expect(writes).toEqual([]);
    clock.advance(100);
    expect(writes).toEqual(['one\ntwo\n']);
    clock.advance(1_000);
    expect(writes).toHaveLength(1);
  });

  it('sends what is urgent without delay and keeps the order', () => {
    const { writes, buffer } = recording();
    buffer.add('before', false);
    buffer.add('urgent', true);
    expect(writes).toEqual(['before\nurgent\n']);
  });

  it('does not grow without bound', () => {
    const { writes, buffer } = recording();
    for (let i = 0; i < 1_000; i++) buffer.add('x', false);
    expect(writes.map((text) => text.length)).toEqual(new Array(15).fill(64 * 'x\n'.length));
  });
});
