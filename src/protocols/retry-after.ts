import type { UpstreamHeaders } from './protocol.ts';

/**
 * How long an upstream asks us to wait, in milliseconds: `retry-after-ms`, or `Retry-After` in seconds or as a date. A
 * date is measured against the answer's own `Date`, so that a clock that is off does no harm; without one it is unknown.
 */
export function retryAfterMs(headers: UpstreamHeaders): number | undefined {
  const exact = positive(Number(first(headers['retry-after-ms'])));
  if (exact !== undefined) return exact;
  const value = first(headers['retry-after']);
  if (value === undefined) return undefined;
  const seconds = positive(Number(value));
  if (seconds !== undefined) return seconds * 1000;
  const sent = first(headers.date);
  return sent === undefined ? undefined : positive(Date.parse(value) - Date.parse(sent));
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** Undefined for what is not a number or lies in the past. */
function positive(value: number): number | undefined {
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}
