import { beforeEach, expect, it } from 'vitest';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';

const defaults = { enabled: true, failureThreshold: 3, successThreshold: 2, cooldownMs: 1_000 };

let settings = defaults;

let clock: FakeClock;
let told: string[];
let breaker: CircuitBreaker;

beforeEach(() => {
  clock = createFakeClock();
  settings = defaults;
  told = [];
  breaker = new CircuitBreaker(clock, () => settings, {
    opened: (key) => told.push(`opened ${key}`),
    closed: (key) => told.push(`closed ${key}`),
  });
});

function fail(count: number): void {
  for (let at = 0; at < count; at++) breaker.failed('k', undefined);
}

it('opens after failures in a row, and not before', () => {
  fail(2);
  breaker.succeeded('k', undefined);
  fail(2);
  expect([breaker.state('k'), breaker.isPreferred('k')]).toEqual(['closed', true]);
  fail(1);
  expect([breaker.state('k'), breaker.isPreferred('k'), told]).toEqual(['open', false, ['opened k']]);
});

it('keeps keys apart', () => {
  fail(3);
  expect(breaker.state('other')).toBe('closed');
});

it('is half-open after its cooldown, for one probe at a time', () => {
  fail(3);
  clock.advance(999);
  expect(breaker.state('k')).toBe('open');
  clock.advance(1);
  expect([breaker.state('k'), breaker.isPreferred('k')]).toEqual(['half-open', true]);
  const probe = breaker.begin('k');
  expect(probe).toBeDefined();
  expect(breaker.isPreferred('k')).toBe(false);
  breaker.released('k', probe);
  expect(breaker.isPreferred('k')).toBe(true);
});

it('closes after successes of its probes', () => {
  fail(3);
  clock.advance(1_000);
  for (const state of ['half-open', 'closed']) {
    breaker.succeeded('k', breaker.begin('k'));
    expect(breaker.state('k')).toBe(state);
  }
  expect(told).toEqual(['opened k', 'closed k']);
});

it('opens again for a whole cooldown when a probe fails', () => {
  fail(3);
  clock.advance(1_000);
  breaker.failed('k', breaker.begin('k'));
  clock.advance(999);
  expect(breaker.state('k')).toBe('open');
  clock.advance(1);
  expect(breaker.state('k')).toBe('half-open');
});

it('forgets everything when an active check says so', () => {
  fail(3);
  breaker.reset('k');
  fail(2);
  expect([breaker.state('k'), told]).toEqual(['closed', ['opened k', 'closed k']]);
});

it('keeps no more circuits than there may be candidates, the open ones longest', () => {
  fail(3);
  for (let at = 0; at < 5_000; at++) breaker.failed(`junk ${at}`, undefined);
  expect(breaker.size).toBeLessThanOrEqual(1_024);
  expect(breaker.state('k')).toBe('open');
});

it('forgets the oldest of too many that are open', () => {
  fail(3);
  for (let at = 0; at < 2_000; at++) for (let time = 0; time < 3; time++) breaker.failed(`junk ${at}`, undefined);
  expect(breaker.size).toBeLessThanOrEqual(1_024);
  expect([breaker.state('k'), breaker.state('junk 1999')]).toEqual(['closed', 'open']);
});

it('makes room for the next probe when the probe ends, not when another request does', () => {
  fail(3);
  clock.advance(1_000);
  const probe = breaker.begin('k');
  expect(breaker.begin('k')).toBeUndefined();
  breaker.released('k', undefined);
  expect(breaker.isPreferred('k')).toBe(false);
  breaker.succeeded('k', probe);
  expect(breaker.isPreferred('k')).toBe(true);
});

it('follows settings that change, without forgetting', () => {
  fail(2);
  settings = { ...defaults, failureThreshold: 2, cooldownMs: 5_000 };
  fail(1);
  expect(breaker.state('k')).toBe('open');
  clock.advance(4_999);
  expect(breaker.state('k')).toBe('open');
  settings = { ...settings, cooldownMs: 100, successThreshold: 1 };
  expect(breaker.state('k')).toBe('half-open');
  breaker.succeeded('k', breaker.begin('k'));
  expect(breaker.state('k')).toBe('closed');
});

it('holds nothing back and counts nothing while it is off', () => {
  fail(3);
  settings = { ...defaults, enabled: false };
  expect([breaker.state('k'), breaker.isPreferred('k'), breaker.begin('k')]).toEqual(['closed', true, undefined]);
  for (let at = 0; at < 9; at++) breaker.failed('new', undefined);
  settings = defaults;
  expect([breaker.state('k'), breaker.state('new')]).toEqual(['open', 'closed']);
});
