import { expect, it } from 'vitest';
import { TimeLimits } from '../../../src/core/time-limits.ts';
import { createFakeClock } from '../../support/clock.ts';

function limits() {
  const clock = createFakeClock();
  const passed: string[] = [];
  const all = new TimeLimits(clock);
  const set = (limitMs: number, name: string) => all.set(limitMs, () => passed.push(name));
  return { clock, passed, all, set };
}

it('passes each exactly when its time is over, and once', () => {
  const { clock, passed, set } = limits();
  set(100, 'a');
  clock.advance(30);
  set(100, 'b');
  set(50, 'short');
  clock.advance(49);
  expect(passed).toEqual([]);
  clock.advance(1);
  expect(passed).toEqual(['short']);
  clock.advance(19);
  expect(passed).toEqual(['short']);
  clock.advance(1);
  expect(passed).toEqual(['short', 'a']);
  clock.advance(29);
  expect(passed).toEqual(['short', 'a']);
  clock.advance(1_000);
  expect(passed).toEqual(['short', 'a', 'b']);
  expect(clock.pending).toEqual([]);
});

it('forgets what is lifted, first, last or twice, and leaves no timer behind', () => {
  const { clock, passed, set } = limits();
  const [first, middle, last] = [set(100, 'first'), set(100, 'middle'), set(100, 'last')];
  first?.lift();
  first?.lift();
  clock.advance(60);
  const later = set(100, 'later');
  last?.lift();
  clock.advance(40);
  expect(passed).toEqual(['middle']);
  middle?.lift();
  expect(clock.pending).toEqual([60]);
  later?.lift();
  expect(clock.pending).toEqual([]);
});

it('has one timer for all of one length', () => {
  const { clock, set } = limits();
  for (let at = 0; at < 100; at++) set(100, String(at));
  set(200, 'other');
  expect(clock.pending).toEqual([100, 200]);
});

it('lets what passes set and lift others', () => {
  const { clock, passed, all, set } = limits();
  all.set(100, () => {
    passed.push('first');
    set(100, 'again');
    third.lift();
  });
  const second = set(100, 'second');
  clock.advance(10);
  const third = set(100, 'third');
  set(100, 'fourth');
  clock.advance(90);
  expect(passed).toEqual(['first', 'second']);
  second.lift();
  clock.advance(10);
  expect(passed).toEqual(['first', 'second', 'fourth']);
  clock.advance(89);
  expect(passed).toHaveLength(3);
  clock.advance(1);
  expect(passed).toEqual(['first', 'second', 'fourth', 'again']);
  expect(clock.pending).toEqual([]);
});

it('passes what has no time at all at once', () => {
  const { clock, passed, set } = limits();
  set(0, 'now');
  expect(passed).toEqual([]);
  clock.advance(0);
  expect(passed).toEqual(['now']);
});
