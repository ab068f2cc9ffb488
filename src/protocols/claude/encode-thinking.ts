import { protocol, type RequestBody, type ThinkingConfigParam } from '../anthropic-messages/wire.ts';
import type { CanonicalRequest, ReasoningEffort, ReasoningRequest } from '../canonical.ts';
import type { Encoding } from './encoding.ts';

/** The API's smallest budget. Tokens. */
const minBudget = 1024;
/** Above this a budget takes streaming and patience that naming an effort does not ask for. Tokens. */
const maxImpliedBudget = 32_000;

/** Share of the answer's tokens that each effort may spend on thinking. */
const budgetShare: Readonly<Record<Exclude<ReasoningEffort, 'none'>, number>> = {
  minimal: 0.1,
  low: 0.2,
  medium: 0.5,
  high: 0.8,
  xhigh: 0.9,
  max: 0.95,
};

const effortOrder: readonly ReasoningEffort[] = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

export interface EncodedThinking {
  readonly thinking?: ThinkingConfigParam;
  readonly effort?: NonNullable<NonNullable<RequestBody['output_config']>['effort']>;
}

type WireEffort = NonNullable<EncodedThinking['effort']>;

/** The highest effort that the model knows and that is not above what was asked; its lowest where all are above. */
function wireEffort(asked: ReasoningEffort | undefined, encoding: Encoding): WireEffort | undefined {
  const known = encoding.traits.efforts.filter((effort): effort is WireEffort => effortOrder.indexOf(effort) > 0);
  if (asked === undefined || asked === 'none') return undefined;
  const rank = effortOrder.indexOf(asked);
  return known.findLast((effort) => effortOrder.indexOf(effort) <= rank) ?? known[0];
}

function isSwitchedOff(reasoning: ReasoningRequest): boolean {
  return reasoning.effort === 'none' || reasoning.budgetTokens === 0;
}

/** Under a budget the API wants the turn that called tools to begin with its own thinking, which others never gave. */
function lacksOwnThinking(request: CanonicalRequest): boolean {
  const last = request.messages.findLast((message) => message.role === 'assistant');
  if (last === undefined || !last.content.some((part) => part.kind === 'tool-call')) return false;
  return !last.content.some((part) => part.kind === 'reasoning' && part.seal?.protocol === protocol);
}

function budgetThinking(
  request: CanonicalRequest,
  reasoning: ReasoningRequest,
  maxTokens: number,
): ThinkingConfigParam | undefined {
  if (maxTokens <= minBudget || lacksOwnThinking(request)) return undefined;
  const effort = reasoning.effort === undefined || reasoning.effort === 'none' ? 'medium' : reasoning.effort;
  const implied = Math.min(Math.floor(maxTokens * budgetShare[effort]), maxImpliedBudget);
  const asked = reasoning.budgetTokens ?? -1;
  const budget = Math.min(Math.max(asked > 0 ? asked : implied, minBudget), maxTokens - 1);
  return { type: 'enabled', budget_tokens: budget };
}

function switchOff(encoding: Encoding): EncodedThinking {
  if (encoding.traits.thinking === 'none') return {};
  if (encoding.traits.canStopThinking) return { thinking: { type: 'disabled' } };
  encoding.drops.add('reasoning.effort');
  return { effort: 'low' };
}

/** Thinking by the model's own judgement. Its text is omitted by default where it is the only way, so it is asked for. */
function adaptiveThinking(reasoning: ReasoningRequest, encoding: Encoding): ThinkingConfigParam {
  if ((reasoning.budgetTokens ?? -1) > 0) encoding.drops.add('reasoning.budget_tokens');
  return encoding.traits.thinking === 'adaptive' ? { type: 'adaptive', display: 'summarized' } : { type: 'adaptive' };
}

function switchOn(request: CanonicalRequest, reasoning: ReasoningRequest, encoding: Encoding): EncodedThinking {
  const kind = encoding.traits.thinking;
  const effort = wireEffort(reasoning.effort, encoding);
  const hasEffort = effort === undefined ? {} : { effort };
  const isByBudget = kind === 'budget' || (kind === 'either' && (reasoning.budgetTokens ?? -1) > 0);
  if (kind !== 'none' && !isByBudget) return { thinking: adaptiveThinking(reasoning, encoding), ...hasEffort };
  const thinking = kind === 'none' ? undefined : budgetThinking(request, reasoning, request.maxTokens ?? 0);
  if (thinking !== undefined) return { thinking, ...hasEffort };
  encoding.drops.add('reasoning');
  return hasEffort;
}

/**
 * How the model is to think. `request.maxTokens` must be the limit that is sent. A forced tool call and thinking
 * exclude each other at the API; the tool call is what the caller insists on.
 */
export function encodeThinking(request: CanonicalRequest, isToolForced: boolean, encoding: Encoding): EncodedThinking {
  const reasoning = request.reasoning;
  if (isToolForced) {
    if (reasoning !== undefined && !isSwitchedOff(reasoning)) encoding.drops.add('reasoning');
    const mustStop = encoding.traits.thinksUnasked && encoding.traits.canStopThinking;
    return mustStop ? { thinking: { type: 'disabled' } } : {};
  }
  if (reasoning === undefined) return {};
  return isSwitchedOff(reasoning) ? switchOff(encoding) : switchOn(request, reasoning, encoding);
}
