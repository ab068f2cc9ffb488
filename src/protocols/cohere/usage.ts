import type { Usage } from '../../core/model.ts';
import { asNumber, asObject, present } from '../fields.ts';

/**
 * Reads `usage` of chats and `meta` of embeddings and reranks. The model's own counts come first: what is billed leaves
 * out what the API adds to a prompt. Undefined where neither is told.
 */
export function decodeUsage(value: unknown): Usage | undefined {
  const usage = asObject(value);
  const tokens = asObject(usage?.tokens);
  const billed = asObject(usage?.billed_units);
  const cachedInput = asNumber(usage?.cached_tokens);
  const input = asNumber(tokens?.input_tokens) ?? asNumber(billed?.input_tokens);
  const output = asNumber(tokens?.output_tokens) ?? asNumber(billed?.output_tokens);
  if (input === undefined && output === undefined) return undefined;
  // Cached tokens are not billed; the canonical input includes them.
  return present({ input: Math.max(input ?? 0, cachedInput ?? 0), output: output ?? 0, cachedInput });
}
