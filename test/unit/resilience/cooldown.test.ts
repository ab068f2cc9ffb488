import { expect, it } from 'vitest';
import { Cooldown } from '../../../src/resilience/cooldown.ts';
import { createFakeClock } from '../../support/clock.ts';

it('pauses for as long as the upstream says, up to a minute', () => {
  const clock = createFakeClock();
  const cooldown = new Cooldown(clock);
  cooldown.start('a', 2_000);
  cooldown.start('b', 3_600_000);
  clock.advance(2_000);
  expect([cooldown.isCooling('a'), cooldown.isCooling('b')]).toEqual([false, true]);
  clock.advance(58_000);
  expect(cooldown.isCooling('b')).toBe(false);
});

it('keeps no more pauses than there may be candidates: those that are over go first, then those that end first', () => {
  const clock = createFakeClock();
  const cooldown = new Cooldown(clock);
  cooldown.start('long', 60_000);
  for (let at = 0; at < 1_000; at++) cooldown.start(`over ${at}`, 1_000);
  clock.advance(1_000);
  for (let at = 0; at < 5_000; at++) cooldown.start(`junk ${at}`, 30_000 + at);
  expect(cooldown.size).toBeLessThanOrEqual(1_024);
  expect([cooldown.isCooling('long'), cooldown.isCooling('junk 4999'), cooldown.isCooling('junk 0')]).toEqual([
    true,
    true,
    false,
  ]);
});
