import type { ReasoningEffort, ReasoningRequest } from '../../canonical.ts';
import { present } from '../../fields.ts';
import type { ModelTraits } from '../model-traits.ts';
import type { WireGenerationConfig } from '../wire.ts';

type WireThinking = NonNullable<WireGenerationConfig['thinkingConfig']>;

/** Google's own equivalents of effort, from its OpenAI-compatible endpoint; cut to what the model allows. */
const budgets: Readonly<Record<ReasoningEffort, number>> = {
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: 32_768,
};

/**
 * The request's reasoning as this model can be told it; undefined where the model has no such setting. Thoughts are
 * asked for unless reasoning is off: without them a client would wait through silence.
 */
export function thinkingToWire(reasoning: ReasoningRequest, traits: ModelTraits): WireThinking | undefined {
  if (traits.thinking === 'none') return undefined;
  const includeThoughts = isWanted(reasoning);
  const { budgetTokens, effort } = reasoning;
  if (traits.thinking === 'budget') {
    return present({ thinkingBudget: budgetOf(reasoning, traits), includeThoughts });
  }
  // Current models still take a budget, but not beside a level.
  if (budgetTokens !== undefined && effort === undefined) return { thinkingBudget: budgetTokens, includeThoughts };
  return present({ thinkingLevel: effort === undefined ? undefined : levelOf(effort, traits), includeThoughts });
}

function isWanted({ effort, budgetTokens, summary }: ReasoningRequest): boolean {
  if (effort === 'none' || (effort === undefined && budgetTokens === 0)) return false;
  return summary !== 'none';
}

function budgetOf({ budgetTokens, effort }: ReasoningRequest, traits: ModelTraits): number | undefined {
  const wanted = budgetTokens ?? (effort === undefined ? undefined : budgets[effort]);
  if (wanted === undefined || wanted === -1) return wanted;
  return Math.min(traits.maxBudget, Math.max(traits.minBudget, wanted));
}

/** Current models cannot be told not to think; the lowest level is the nearest. */
function levelOf(effort: ReasoningEffort, traits: ModelTraits): WireThinking['thinkingLevel'] {
  switch (effort) {
    case 'none':
    case 'minimal':
      return traits.hasMinimalLevel ? 'MINIMAL' : 'LOW';
    case 'low':
      return 'LOW';
    case 'medium':
      return 'MEDIUM';
    case 'high':
    case 'xhigh':
    case 'max':
      return 'HIGH';
  }
}
