import type { Usage } from '../../core/model.ts';
import { asNumber, asObject } from '../fields.ts';
import type { WireUsage } from './wire.ts';

/** Reads `usage`. Undefined when there is none or it has no counts; llama.cpp leaves out the details of the output. */
export function decodeUsage(value: unknown): Usage | undefined {
  const usage = asObject(value);
  const input = asNumber(usage?.input_tokens);
  if (usage === undefined || input === undefined) return undefined;
  const inputDetails = asObject(usage.input_tokens_details);
  const outputDetails = asObject(usage.output_tokens_details);
  return {
    input,
    output: asNumber(usage.output_tokens) ?? 0,
    cachedInput: asNumber(inputDetails?.cached_tokens),
    cacheWrite: asNumber(inputDetails?.cache_write_tokens),
    reasoning: asNumber(outputDetails?.reasoning_tokens),
  };
}

/** All counts are there, zero where the upstream does not tell: typed clients refuse an answer without them. */
export function encodeUsage(usage: Usage): WireUsage {
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cachedInput ?? 0, cache_write_tokens: usage.cacheWrite ?? 0 },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens: usage.input + usage.output,
  };
}
