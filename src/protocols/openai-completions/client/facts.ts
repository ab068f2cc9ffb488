import type { RequestFacts } from '../../canonical.ts';
import { estimateTokens } from '../../estimate.ts';
import { asArray, asNumber, asObject, asText } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';

export function requestFacts(body: JsonObject): RequestFacts {
  return {
    model: asText(body.model),
    stream: body.stream === true,
    includeUsage: asObject(body.stream_options)?.include_usage === true,
    needs: new Set(),
    promptTokens: promptSize(body.prompt),
    maxTokens: asNumber(body.max_tokens),
    choices: promptCount(body.prompt) * (asNumber(body.n) ?? 1),
  };
}

/** Each of several prompts has an answer of its own. An array of numbers is one, in tokens. */
function promptCount(prompt: unknown): number {
  return Array.isArray(prompt) && typeof prompt[0] !== 'number' ? Math.max(1, prompt.length) : 1;
}

/** Tokens of a prompt in any form. */
function promptSize(prompt: unknown): number {
  if (typeof prompt === 'string') return estimateTokens(prompt.length);
  if (typeof prompt === 'number') return 1;
  return asArray(prompt).reduce<number>((sum, item) => sum + promptSize(item), 0);
}
