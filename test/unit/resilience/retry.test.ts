import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { type ErrorCode, GatewayError } from '../../../src/core/errors.ts';
import { Cooldown } from '../../../src/resilience/cooldown.ts';
import { retryDelay, retrySettings } from '../../../src/resilience/retry.ts';
import { createFakeClock } from '../../support/clock.ts';

const error = (code: ErrorCode, retryAfterMs?: number) => new GatewayError(code, 'x', { retryAfterMs });
type Written = Parameters<typeof configSchema.parse>[0];
const settingsOf = (retry: Written = {}) => retrySettings(configSchema.parse({ routing: { retry } }).routing.retry);
const delayOf = (code: ErrorCode, retry: number, random: number, after?: number) =>
  retryDelay({ error: error(code, after), status: undefined }, { retry, settings: settingsOf(), random: () => random });
/** Whether the first retry happens. */
const isRetried = (
  code: ErrorCode,
  { status, begun, retry }: { status?: number | undefined; begun?: boolean; retry?: Written } = {},
) =>
  retryDelay(
    { error: new GatewayError(code, 'x', { mayHaveBegun: begun }), status },
    { retry: 0, settings: settingsOf(retry), random: () => 0 },
  ) !== undefined;

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

describe('a request that its upstream may have worked on', () => {
  const cases = [
    ['a connection that broke before the answer', 'upstream_connect', undefined, true],
    ['a connection that broke within the answer', 'upstream_failed', 200, true],
    ['an answer of no use', 'upstream_invalid', 200, false],
    ['broken framing', 'upstream_invalid', undefined, true],
  ] as const;

  it.each(cases)('is not sent again after %s, unless on_broken says so', (_name, code, status, begun) => {
    expect(isRetried(code, { status, begun })).toBe(false);
    expect(isRetried(code, { status, begun, retry: { on_timeout: true } })).toBe(false);
    expect(isRetried(code, { status, begun, retry: { on_broken: true } })).toBe(true);
  });

  it.each([undefined, 200])('is not sent again after a timeout, unless on_timeout says so (status %s)', (status) => {
    expect(isRetried('upstream_timeout', { status })).toBe(false);
    expect(isRetried('upstream_timeout', { status, retry: { on_broken: true } })).toBe(false);
    expect(isRetried('upstream_timeout', { status, retry: { on_timeout: true } })).toBe(true);
  });

  it('is sent again when it cannot have arrived, or its upstream says that it failed', () => {
    expect(isRetried('upstream_connect')).toBe(true);
    expect(isRetried('upstream_failed', { status: 200 })).toBe(true);
    expect(isRetried('upstream_timeout', { status: 504 })).toBe(true);
  });

  it('is never sent again with enabled: false or max_retries: 0', () => {
    for (const retry of [{ enabled: false }, { max_retries: 0 }])
      expect(isRetried('upstream_connect', { retry })).toBe(false);
  });
});

describe('a status', () => {
  it('that will not change is not asked for again', () => {
    for (const status of [404, 405, 501, 505, 506, 508, 510, 511]) {
      expect([status, isRetried('upstream_failed', { status })]).toEqual([status, false]);
    }
    for (const status of [500, 502, 504, 507, 520, 599]) {
      expect([status, isRetried('upstream_failed', { status })]).toEqual([status, true]);
    }
  });

  it('that HTTP does not know is not, whatever the settings say', () => {
    const retry = { on_broken: true, on_timeout: true };
    for (const status of [300, 304, 399, 600, 999]) {
      expect([status, isRetried('upstream_invalid', { status, retry })]).toEqual([status, false]);
    }
  });

  it('decides alone where the settings list some', () => {
    const retry = { on_status_codes: [404, 500] };
    expect([404, 500, 503].map((status) => isRetried('upstream_failed', { status, retry }))).toEqual([
      true,
      true,
      false,
    ]);
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
