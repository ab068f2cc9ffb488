import { describe, expect, it } from 'vitest';
import { type ErrorCode, GatewayError } from '../../../src/core/errors.ts';
import { Cooldown } from '../../../src/resilience/cooldown.ts';
import { defaultRetrySettings, retryDelay } from '../../../src/resilience/retry.ts';
import { createFakeClock } from '../../support/clock.ts';

const error = (code: ErrorCode, retryAfterMs?: number) => new GatewayError(code, 'x', { retryAfterMs });
const delayOf = (code: ErrorCode, retry: number, random: number, after?: number) =>
  retryDelay(error(code, after), retry, defaultRetrySettings, () => random);

describe('the delay of a retry', () => {
  it('grows exponentially with full jitter', () => {
    expect([0, 0.5, 0.999].map((random) => delayOf('upstream_failed', 0, random))).toEqual([0, 250, 499]);
    expect(delayOf('upstream_failed', 1, 0.5)).toBe(500);
  });

  it('is the upstream’s own where it names one that is not too long', () => {
    expect(delayOf('upstream_rate_limited', 0, 0.5, 10_000)).toBe(10_000);
    expect(delayOf('upstream_rate_limited', 0, 0.5, 10_001)).toBeUndefined();
  });

  it('ends after so many', () => {
    expect(delayOf('upstream_failed', 2, 0.5)).toBeUndefined();
  });

  it.each([
    'upstream_unauthorized',
    'upstream_model_missing',
    'upstream_context',
    'upstream_incapable',
    'upstream_rejected',
    'queue_full',
    'client_closed',
    'stream_broken',
  ] as const)('does not exist for %s, which comes back the same', (code) => {
    expect(delayOf(code, 0, 0.5)).toBeUndefined();
  });
});

describe('a cooldown', () => {
  it('lasts as long as was asked, a minute at most, five seconds when nothing was said', () => {
    const clock = createFakeClock();
    const cooldown = new Cooldown(clock);
    cooldown.start('asked', 20_000);
    cooldown.start('long', 3_600_000);
    cooldown.start('silent', undefined);
    const cooling = () => ['asked', 'long', 'silent', 'other'].filter((key) => cooldown.isCooling(key));
    expect(cooling()).toEqual(['asked', 'long', 'silent']);
    clock.advance(5_000);
    expect(cooling()).toEqual(['asked', 'long']);
    clock.advance(15_000);
    expect(cooling()).toEqual(['long']);
    clock.advance(40_000);
    expect(cooling()).toEqual([]);
  });

  it('ends with a success', () => {
    const cooldown = new Cooldown(createFakeClock());
    cooldown.start('k', 20_000);
    cooldown.end('k');
    expect(cooldown.isCooling('k')).toBe(false);
  });
});
