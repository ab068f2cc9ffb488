import type { ReasoningRequest } from '../canonical.ts';

/**
 * Efforts by the tokens they are worth, for callers that give a budget (Anthropic, Gemini): the largest whose budget
 * is not above the caller's.
 */
const efforts = [
  { effort: 'high', budget: 16_384 },
  { effort: 'medium', budget: 4096 },
  { effort: 'low', budget: 1 },
] as const;

/** OpenAI's wires know efforts only. A budget of -1 leaves it to the model, as saying nothing does. */
export function encodeEffort(reasoning: ReasoningRequest | undefined): string | undefined {
  if (reasoning?.effort !== undefined) return reasoning.effort;
  const budget = reasoning?.budgetTokens;
  if (budget === undefined || budget < 0) return undefined;
  return efforts.find((row) => budget >= row.budget)?.effort ?? 'none';
}
