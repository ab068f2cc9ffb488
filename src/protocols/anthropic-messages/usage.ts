import type { Usage } from '../../core/model.ts';
import { isObject } from '../fields.ts';
import type { MessageDeltaUsage, Usage as WireUsage } from './wire.ts';

function tokens(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/**
 * The wire counts cache reads and writes beside `input_tokens`; the canonical input includes both. Undefined when
 * there is no usage object.
 */
export function decodeUsage(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined;
  const cachedInput = tokens(value.cache_read_input_tokens);
  const cacheWrite = tokens(value.cache_creation_input_tokens);
  const details = isObject(value.output_tokens_details) ? value.output_tokens_details : {};
  return {
    input: (tokens(value.input_tokens) ?? 0) + (cachedInput ?? 0) + (cacheWrite ?? 0),
    output: tokens(value.output_tokens) ?? 0,
    cachedInput,
    cacheWrite,
    reasoning: tokens(details.thinking_tokens),
  };
}

/**
 * Cumulative counts of one stream: `message_start` knows the input, `message_delta` the output and, on some servers
 * only there, the input. A later zero or absence never erases an earlier count.
 */
export function mergeUsage(earlier: Usage | undefined, later: Usage): Usage {
  if (earlier === undefined) return later;
  return {
    input: Math.max(later.input, earlier.input),
    output: Math.max(later.output, earlier.output),
    cachedInput: later.cachedInput ?? earlier.cachedInput,
    cacheWrite: later.cacheWrite ?? earlier.cacheWrite,
    reasoning: later.reasoning ?? earlier.reasoning,
  };
}

export function encodeDeltaUsage(usage: Usage | undefined): MessageDeltaUsage {
  const cached = usage?.cachedInput ?? 0;
  const written = usage?.cacheWrite ?? 0;
  return {
    input_tokens: Math.max(0, (usage?.input ?? 0) - cached - written),
    output_tokens: usage?.output ?? 0,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached,
    output_tokens_details: usage?.reasoning === undefined ? null : { thinking_tokens: usage.reasoning },
    server_tool_use: null,
  };
}

export function encodeUsage(usage: Usage | undefined): WireUsage {
  const counts = encodeDeltaUsage(usage);
  return {
    ...counts,
    input_tokens: counts.input_tokens ?? 0,
    cache_creation: null,
    inference_geo: null,
    service_tier: null,
    speed: null,
  };
}
