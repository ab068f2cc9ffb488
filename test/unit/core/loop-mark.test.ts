import { expect, it } from 'vitest';
import { LoopMark } from '../../../src/core/loop-mark.ts';

it('knows a request that has been here, wherever it went in between', () => {
  const [one, other] = [new LoopMark(), new LoopMark()];
  const sent = one.after(undefined);
  expect([one.isLoop(undefined), one.isLoop(sent), other.isLoop(sent)]).toEqual([false, true, false]);
  const back = other.after(sent);
  expect(one.isLoop(back)).toBe(true);
  expect(one.isLoop(back.split(', '))).toBe(true);
  expect(new LoopMark().isLoop(back)).toBe(false);
});

it('ends a chain that has no end', () => {
  let passed: string | undefined;
  let routers = 0;
  for (; routers < 100; routers += 1) {
    const next = new LoopMark();
    if (next.isLoop(passed)) break;
    passed = next.after(passed);
  }
  expect(routers).toBe(8);
});

it('passes on nothing that a client made up but short names', () => {
  const mark = new LoopMark();
  expect(mark.after('a, b c,, é, x\r\ny, "q", d')).toBe(`a, d, ${mark.id}`);
  expect(mark.after('z'.repeat(100_000))).toBe(mark.id);
  expect(mark.after(','.repeat(100_000))).toBe(mark.id);
});
