import type { Usage } from '../../core/model.ts';
import { asNumber, asObject } from '../fields.ts';

/** The wire counts cache reads and writes beside `inputTokens`; the canonical input includes both. */
export function decodeUsage(value: unknown): Usage | undefined {
  const usage = asObject(value);
  if (usage === undefined) return undefined;
  const cachedInput = asNumber(usage.cacheReadInputTokens);
  const cacheWrite = asNumber(usage.cacheWriteInputTokens);
  return {
    input: (asNumber(usage.inputTokens) ?? 0) + (cachedInput ?? 0) + (cacheWrite ?? 0),
    output: asNumber(usage.outputTokens) ?? 0,
    cachedInput,
    cacheWrite,
  };
}
