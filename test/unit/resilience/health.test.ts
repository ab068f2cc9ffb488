import { beforeEach, expect, it } from 'vitest';
import { Health } from '../../../src/resilience/health.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';

let clock: FakeClock;
let health: Health;

beforeEach(() => {
  clock = createFakeClock();
  health = new Health(clock);
});

it('believes the probes', () => {
  health.observe([
    { address: 'a', state: 'up' },
    { address: 'b', state: 'down' },
    { address: 'c', state: 'loading' },
  ]);
  expect(['a', 'b', 'c', 'never heard of'].map((address) => health.state(address))).toEqual([
    'up',
    'down',
    'loading',
    'up',
  ]);
});

it('forgets what is not probed any more', () => {
  health.observe([{ address: 'a', state: 'down' }]);
  health.observe([]);
  expect(health.state('a')).toBe('up');
});

it('takes a refusal for down, once, where a probe can find out', () => {
  health.observe([{ address: 'a', state: 'up' }]);
  expect([health.refused('a'), health.refused('a'), health.refused('hosted')]).toEqual([true, false, false]);
  expect([health.state('a'), health.state('hosted')]).toEqual(['down', 'up']);
});

it('does not let one refusal outlive the probe that would have confirmed it', () => {
  health.observe([{ address: 'a', state: 'up' }]);
  health.refused('a');
  clock.advance(5_000);
  expect(health.state('a')).toBe('up');
});

it('keeps a refusal in mind when the probes only speak of others', () => {
  health.observe([{ address: 'a', state: 'up' }]);
  health.refused('a');
  health.observe([
    { address: 'a', state: 'up' },
    { address: 'b', state: 'up' },
  ]);
  expect(health.state('a')).toBe('down');
});

it('is back as soon as a probe that found it down finds it up', () => {
  health.observe([{ address: 'a', state: 'up' }]);
  health.refused('a');
  health.observe([{ address: 'a', state: 'down' }]);
  health.observe([{ address: 'a', state: 'up' }]);
  expect(health.state('a')).toBe('up');
});
