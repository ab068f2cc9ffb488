import { expect, it } from 'vitest';
import { Silence } from '../../../src/gateway/silence.ts';
import { createFakeClock } from '../../support/clock.ts';

function watched() {
  const clock = createFakeClock();
  const told: number[] = [];
  const silence = new Silence({ clock, limitMs: 1_000, onSilence: () => told.push(clock.monotonic()) });
  const startedAt = clock.monotonic();
  return { clock, silence, after: () => told.map((at) => at - startedAt) };
}

it('tells once, a limit after the last sign', () => {
  const { clock, silence, after } = watched();
  for (let heard = 0; heard < 5; heard++) {
    clock.advance(700);
    silence.heard(clock.monotonic());
  }
  clock.advance(999);
  expect(after()).toEqual([]);
  clock.advance(60_000);
  expect(after()).toEqual([4_500]);
});

it('does not count the time in which we do not listen', () => {
  const { clock, silence, after } = watched();
  clock.advance(500);
  silence.pause();
  clock.advance(30_000);
  silence.resume();
  clock.advance(999);
  expect(after()).toEqual([]);
  clock.advance(1);
  expect(after()).toEqual([31_500]);
});

it('tells nothing once it is cancelled', () => {
  const { clock, silence, after } = watched();
  silence.cancel();
  clock.advance(60_000);
  expect(after()).toEqual([]);
});
