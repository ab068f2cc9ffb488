import { expect } from 'vitest';
import { countSteps, type Steps } from '../support/steps.ts';

/** Long enough for what is not linear to show, short enough for a quick test. */
const short = 100;
const long = 4 * short;
/** What is linear grows by the ratio of the lengths; tables that double now and then take it a little further. */
const allowance = 1.25;
/** More arguments than this in a call were a list of the client's. */
const widestAllowed = 100;

/** Holds the steps of `work` to linear growth. `prepare` makes what it works on, which is not counted. */
export function expectLinear<T>(prepare: (count: number) => T, work: (input: T) => void): void {
  const { widestCall } = expectLinearSteps(prepare, work);
  expect.soft(widestCall, 'arguments of one call').toBeLessThan(widestAllowed);
}

/** The same for work in which libraries take part, whose calls are theirs. */
export function expectLinearSteps<T>(prepare: (count: number) => T, work: (input: T) => void): Steps {
  const small = prepare(short);
  const large = prepare(long);
  // What is made once (tables, patterns) is made here.
  work(prepare(1));
  const few = countSteps(() => work(small));
  const many = countSteps(() => work(large));
  // Nothing to do, or hardly: a refused request, a field that is not read.
  const growth = many.taken / Math.max(few.taken, short);
  expect
    .soft(growth, `${few.taken} steps for ${short}, ${many.taken} for ${long}`)
    .toBeLessThan((long / short) * allowance);
  return many;
}
