import type { Config } from '../config/schema.ts';
import type { Count, Window } from '../core/shared-state.ts';
import type { ClientKey } from './keys.ts';

/** One limit that a request is under. */
export interface RateLimit extends Window {
  /** `requests` are counted as they come, `tokens` once an answer tells them. */
  readonly unit: 'requests' | 'tokens';
  readonly limit: number;
  /** Who is limited, in messages: `this router`, `the key laptop`. */
  readonly who: string;
  /** The setting to change, in hints. */
  readonly setting: string;
}

const minuteMs = 60_000;

/** The limits of a request with this key, the narrowest first; empty while nothing is limited. */
export function rateLimitsOf(config: Config, key: ClientKey | undefined): readonly RateLimit[] {
  const limits: RateLimit[] = [];
  const add = (
    unit: RateLimit['unit'],
    limit: number | undefined,
    about: Pick<RateLimit, 'name' | 'who' | 'setting'>,
  ) => {
    // 0 is no limit.
    if (limit !== undefined && limit > 0) limits.push({ unit, limit, windowMs: minuteMs, ...about });
  };
  const { rate_limiting: rates } = config;
  if (!rates.enabled) return limits;
  if (key !== undefined) {
    const who = `the key ${key.name}`;
    const setting = (word: string) => `${word} of the key ${key.name} under auth.keys`;
    add('requests', key.rpm ?? rates.key_rpm, { name: `rpm:key:${key.name}`, who, setting: setting('rpm') });
    add('tokens', key.tpm ?? rates.key_tpm, { name: `tpm:key:${key.name}`, who, setting: setting('tpm') });
  }
  const who = 'this router';
  add('requests', rates.global_rpm, { name: 'rpm', who, setting: 'rate_limiting.global_rpm' });
  add('tokens', rates.global_tpm, { name: 'tpm', who, setting: 'rate_limiting.global_tpm' });
  return limits;
}

/** A limit and how much of it has been used. */
export interface Standing {
  readonly limit: RateLimit;
  readonly count: Count;
}

/** `x-ratelimit-*` of the limit that is reached first, for requests and for tokens. A flat list; resets in seconds. */
export function rateLimitHeaders(standings: readonly Standing[]): string[] {
  return (['requests', 'tokens'] as const).flatMap((unit) => {
    const ofUnit = standings.filter(({ limit }) => limit.unit === unit);
    const [tightest] = ofUnit.toSorted((one, other) => remainingOf(one) - remainingOf(other));
    if (tightest === undefined) return [];
    return [
      `x-ratelimit-limit-${unit}`,
      String(tightest.limit.limit),
      `x-ratelimit-remaining-${unit}`,
      String(remainingOf(tightest)),
      `x-ratelimit-reset-${unit}`,
      String(Math.ceil(tightest.count.resetMs / 1_000)),
    ];
  });
}

function remainingOf({ limit, count }: Standing): number {
  return Math.max(0, limit.limit - count.value);
}
