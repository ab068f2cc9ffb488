import type { GatewayError } from '../core/errors.ts';

export interface RetrySettings {
  /** Further tries of the last candidate left. */
  readonly maxRetries: number;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly multiplier: number;
}

export const defaultRetrySettings: RetrySettings = {
  maxRetries: 2,
  initialDelayMs: 500,
  maxDelayMs: 10_000,
  multiplier: 2,
};

/** What may be gone a moment later; a missing model or a refused credential will not be. */
const transient: ReadonlySet<string> = new Set([
  'upstream_connect',
  'upstream_timeout',
  'upstream_failed',
  'upstream_invalid',
  'upstream_busy',
  'upstream_rate_limited',
  'not_ready',
]);

/**
 * Milliseconds to wait before try number `retry` (from 0) of the same candidate, or undefined when it is no use.
 * Exponential with full jitter; the upstream's Retry-After is kept up to `maxDelayMs`, a longer one is the client's
 * to wait.
 */
export function retryDelay(
  error: GatewayError,
  retry: number,
  settings: RetrySettings,
  random: () => number,
): number | undefined {
  if (retry >= settings.maxRetries || !transient.has(error.code)) return undefined;
  if (error.retryAfterMs !== undefined) {
    return error.retryAfterMs > settings.maxDelayMs ? undefined : error.retryAfterMs;
  }
  const ceiling = Math.min(settings.maxDelayMs, settings.initialDelayMs * settings.multiplier ** retry);
  return Math.floor(random() * ceiling);
}
