import { expect, it } from 'vitest';
import { collectGarbage } from '../../../src/cli/heap.ts';
import { remembered } from '../../../src/core/remembered.ts';

it('asks once for each text', () => {
  const asked: string[] = [];
  const size = remembered((text) => {
    asked.push(text);
    return text.length;
  });
  expect(['a', 'bb', 'a', 'bb'].map(size)).toEqual([1, 2, 1, 2]);
  expect(asked).toEqual(['a', 'bb']);
});

it('does not remember long texts', () => {
  let asked = 0;
  const size = remembered((text) => {
    asked++;
    return text.length;
  });
  const long = 'x'.repeat(300);
  expect([size(long), size(long), asked]).toEqual([300, 300, 2]);
});

it('takes no text for another', () => {
  const same = remembered((text) => text);
  const texts = ['', 'a', 'é', '\u{1f600}', '\ud800', '\ufffd', 'a\0'];
  expect([...texts, ...texts].map(same)).toEqual([...texts, ...texts]);
});

it('answers rightly, and forgets nothing it knows, when there are more texts than it remembers', () => {
  let asked = 0;
  const same = remembered((text) => {
    asked++;
    return text;
  });
  const texts = Array.from({ length: 2_000 }, (_, at) => `text ${at}`);
  expect(texts.map(same)).toEqual(texts);
  expect(asked).toBe(2_000);
  expect(texts.map(same)).toEqual(texts);
  expect(asked).toBeGreaterThan(3_000);
  expect(asked).toBeLessThan(4_000);
});

/** Bytes of what can still be reached. */
function heldBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

it('keeps a text, and not the head that it was a part of', () => {
  const length = remembered((text) => text.length);
  const head = () => Buffer.alloc(64 * 1024, 'h').toString('latin1');
  const before = heldBytes();
  for (let at = 0; at < 400; at++) length(`${at} ${head()}`.slice(0, 20));
  expect(heldBytes() - before).toBeLessThan(4 * 1024 * 1024);
});
