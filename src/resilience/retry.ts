import type { Config } from '../config/schema.ts';
import type { GatewayError } from '../core/errors.ts';

export interface RetrySettings {
  /** Further tries of the last candidate left. */
  readonly maxRetries: number;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly multiplier: number;
  /** Upstream statuses that are asked again; undefined leaves our own reading of them. */
  readonly statusCodes: ReadonlySet<number> | undefined;
  /** Also an upstream that did not answer in time. */
  readonly onTimeout: boolean;
  /** Also one whose connection broke in the middle of its work, or whose answer was of no use. */
  readonly onBroken: boolean;
}

/** What `routing.retry` says. */
export function retrySettings(config: Config['routing']['retry']): RetrySettings {
  return {
    maxRetries: config.enabled ? config.max_retries : 0,
    initialDelayMs: config.initial_delay,
    maxDelayMs: config.max_delay,
    multiplier: config.multiplier,
    statusCodes: config.on_status_codes === undefined ? undefined : new Set(config.on_status_codes),
    onTimeout: config.on_timeout,
    onBroken: config.on_broken,
  };
}

/** One attempt's end. */
export interface FailedAttempt {
  readonly error: GatewayError;
  /** The upstream's own; undefined when it sent none. */
  readonly status: number | undefined;
}

/** What may be gone a moment later; a missing model or a refused credential will not be. */
const transient: ReadonlySet<string> = new Set([
  'upstream_connect',
  'upstream_timeout',
  'upstream_failed',
  'upstream_busy',
  'upstream_rate_limited',
  'not_ready',
]);

/** Statuses that the same request gets every time: a wrong path or method, something that does not exist, a loop. */
const lastingStatuses: ReadonlySet<number> = new Set([404, 405, 501, 505, 506, 508, 510, 511]);

export interface RetryNumber {
  /** From 0. */
  readonly retry: number;
  readonly settings: RetrySettings;
  readonly random: () => number;
}

/**
 * Milliseconds to wait before try number `retry` (from 0) of the same candidate, or undefined when it would be useless.
 * Exponential with full jitter; the upstream's Retry-After is kept up to `maxDelayMs`, a longer one is the client's
 * to wait.
 */
export function retryDelay(failed: FailedAttempt, about: RetryNumber): number | undefined {
  const { error } = failed;
  const { retry, settings, random } = about;
  if (retry >= settings.maxRetries || !mayHelp(failed, settings)) return undefined;
  if (error.retryAfterMs !== undefined) {
    return error.retryAfterMs > settings.maxDelayMs ? undefined : error.retryAfterMs;
  }
  const ceiling = Math.min(settings.maxDelayMs, settings.initialDelayMs * settings.multiplier ** retry);
  return Math.floor(random() * ceiling);
}

/**
 * A request goes to the same upstream again when that cannot have begun to work on it, or has said itself that it
 * failed. Where it may have done the work, all or part of it, only a setting can ask for it twice.
 */
function mayHelp({ error, status }: FailedAttempt, settings: RetrySettings): boolean {
  if (status !== undefined && status >= 400) {
    const isTransient = transient.has(error.code) && !lastingStatuses.has(status) && status < 600;
    return settings.statusCodes?.has(status) ?? isTransient;
  }
  if (error.code === 'upstream_timeout') return settings.onTimeout;
  const isRedirect = status !== undefined && status >= 300;
  if (error.mayHaveBegun || error.code === 'upstream_invalid') return settings.onBroken && !isRedirect;
  return transient.has(error.code);
}
