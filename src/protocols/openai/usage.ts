import type { CompletionUsage } from 'openai/resources/completions';
import type { Usage } from '../../core/model.ts';
import { asNumber, asObject, isEmpty, present } from '../fields.ts';

/** Reads `usage` of chat, completions and embeddings. Undefined when there is none or it has no counts. */
export function decodeUsage(value: unknown): Usage | undefined {
  const usage = asObject(value);
  const input = asNumber(usage?.prompt_tokens);
  if (usage === undefined || input === undefined) return undefined;
  const prompt = asObject(usage.prompt_tokens_details);
  const completion = asObject(usage.completion_tokens_details);
  return {
    input,
    output: asNumber(usage.completion_tokens) ?? 0,
    // The second spelling is DeepSeek's.
    cachedInput: asNumber(prompt?.cached_tokens) ?? asNumber(usage.prompt_cache_hit_tokens),
    cacheWrite: asNumber(prompt?.cache_write_tokens),
    reasoning: asNumber(completion?.reasoning_tokens),
    audioInput: asNumber(prompt?.audio_tokens),
    audioOutput: asNumber(completion?.audio_tokens),
  };
}

export function encodeUsage(usage: Usage): CompletionUsage {
  const prompt = present({
    cached_tokens: usage.cachedInput,
    cache_write_tokens: usage.cacheWrite,
    audio_tokens: usage.audioInput,
  });
  const completion = present({ reasoning_tokens: usage.reasoning, audio_tokens: usage.audioOutput });
  return present({
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: isEmpty(prompt) ? undefined : prompt,
    completion_tokens_details: isEmpty(completion) ? undefined : completion,
  });
}
