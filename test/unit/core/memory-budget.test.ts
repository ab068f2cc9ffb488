import { expect, it } from 'vitest';
import { MemoryBudget } from '../../../src/core/memory-budget.ts';

it('lets requests hold what there is, and refuses what is more', () => {
  const budget = new MemoryBudget(() => 100);
  const [one, other] = [budget.share(), budget.share()];
  one.take(60);
  expect(() => other.take(41)).toThrow(expect.objectContaining({ code: 'overloaded', status: 503 }));
  other.take(40);
  expect(budget.held).toBe(100);
});

it('tells one that would never find room so', () => {
  const share = new MemoryBudget(() => 100).share();
  share.take(60);
  expect(() => share.take(41)).toThrow(expect.objectContaining({ code: 'too_large' }));
});

it('has back what a request held when it is over, once', () => {
  const budget = new MemoryBudget(() => 100);
  const share = budget.share();
  share.take(60);
  share.give(10);
  expect(budget.held).toBe(50);
  share.release();
  share.release();
  share.give(10);
  share.take(10);
  expect([budget.held, share.bytes]).toEqual([0, 0]);
});

it('goes by the limit of the moment', () => {
  let limit = 100;
  const budget = new MemoryBudget(() => limit);
  const share = budget.share();
  share.take(80);
  limit = 50;
  expect(() => budget.share().take(1)).toThrow();
  share.release();
  budget.share().take(50);
});
