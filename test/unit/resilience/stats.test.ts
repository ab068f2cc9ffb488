import { beforeEach, expect, it } from 'vitest';
import { Stats } from '../../../src/resilience/stats.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { candidate } from '../routing/sample.ts';

let clock: FakeClock;
let stats: Stats;
const a = candidate('a');
const other = { ...a, model: { ...a.model, upstreamId: 'other' } };

beforeEach(() => {
  clock = createFakeClock();
  stats = new Stats(clock);
});

it('smooths latencies, for streams and whole answers apart', () => {
  stats.begin(a, 'stream')({ kind: 'answered', latencyMs: 100 });
  stats.begin(a, 'stream')({ kind: 'answered', latencyMs: 200 });
  expect(stats.of(a, 'stream')).toMatchObject({ latencyMs: 130, isTried: true, errorRate: 0 });
  expect(stats.of(a, 'whole')).toMatchObject({ latencyMs: undefined, isTried: false });
});

it('keeps models of one endpoint apart, and counts what the endpoint has in flight for both', () => {
  const end = stats.begin(a, 'whole');
  stats.begin(other, 'whole');
  expect(stats.of(a, 'whole')).toMatchObject({ inFlight: 2, isBeingTried: true });
  end({ kind: 'answered', latencyMs: 5 });
  end({ kind: 'failed' });
  expect(stats.of(a, 'whole')).toMatchObject({ inFlight: 1, isBeingTried: false, errorRate: 0 });
  expect(stats.of(other, 'whole')).toMatchObject({ inFlight: 1, isBeingTried: true, isTried: false });
});

it('knows failures, and that they end', () => {
  for (let index = 0; index < 3; index++) stats.begin(a, 'whole')({ kind: 'failed' });
  expect(stats.of(a, 'whole').errorRate).toBeCloseTo(0.657);
  for (let index = 0; index < 20; index++) stats.begin(a, 'whole')({ kind: 'answered', latencyMs: 1 });
  expect(stats.of(a, 'whole').errorRate).toBeLessThan(0.001);
});

it('learns from one that lost that it was not quicker, and nothing from a client that left', () => {
  stats.begin(a, 'whole')({ kind: 'unknown' });
  expect(stats.of(a, 'whole').isTried).toBe(false);
  stats.begin(a, 'whole')({ kind: 'lost', latencyMs: 50 });
  stats.begin(a, 'whole')({ kind: 'lost', latencyMs: 20 });
  expect(stats.of(a, 'whole')).toMatchObject({ latencyMs: 50, isTried: true, errorRate: 0 });
});

it('takes what is a minute old for unknown', () => {
  stats.begin(a, 'whole')({ kind: 'answered', latencyMs: 5 });
  clock.advance(59_999);
  expect(stats.of(a, 'whole').isTried).toBe(true);
  clock.advance(1);
  expect(stats.of(a, 'whole')).toMatchObject({ latencyMs: undefined, isTried: false });
});
