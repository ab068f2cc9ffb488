import type { Pricing, Usage } from '../core/model.ts';

const perMillion = 1_000_000;

/** US dollars for one request. `usage.input` includes what came from a cache and what was written to one. */
export function costOf(usage: Usage, pricing: Pricing): number {
  const cached = usage.cachedInput ?? 0;
  const written = usage.cacheWrite ?? 0;
  const plain = Math.max(0, usage.input - cached - written);
  const total =
    plain * pricing.input +
    cached * (pricing.cached_input ?? pricing.input) +
    written * (pricing.cache_write ?? pricing.input) +
    usage.output * pricing.output;
  return total / perMillion;
}
