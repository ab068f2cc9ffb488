import { expect, it } from 'vitest';
import { collectGarbage } from '../../../src/cli/heap.ts';
import { Turns } from '../../../src/routing/turns.ts';

it('counts the turns of each name, and looks at the next without taking it', () => {
  const turns = new Turns();
  expect([turns.take('a'), turns.take('a'), turns.take('b'), turns.peek('a'), turns.peek('a')]).toEqual([
    0, 1, 0, 2, 2,
  ]);
});

it('forgets the name that was longest out of use when there are too many', () => {
  const turns = new Turns();
  turns.take('often');
  for (let at = 0; at < 3_000; at++) {
    turns.take(`junk ${at}`);
    turns.take('often');
  }
  expect([turns.peek('often'), turns.peek('junk 0'), turns.peek('junk 2999')]).toEqual([3_001, 0, 1]);
});

it('keeps names of a megabyte apart, and does not keep them', () => {
  const turns = new Turns();
  const name = (at: number) => `${'x'.repeat(1_000_000)}${at}`;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let at = 0; at < 50; at++) turns.take(name(at));
  collectGarbage();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(5e6);
  expect([turns.take(name(7)), turns.take(name(50))]).toEqual([1, 0]);
});
