import type { CanonicalRequest, ReasoningEffort } from '../../canonical.ts';
import { encodeThinking } from '../../claude/encode-thinking.ts';
import type { JsonObject } from '../../protocol.ts';
import type { EffortWord } from '../model-traits.ts';
import type { Encoding } from './encoding.ts';

/** What only the model behind the API knows, and whether it will think at length. */
export interface ModelFields {
  readonly fields: JsonObject;
  readonly isThinking: boolean;
}

const efforts: Readonly<Record<Exclude<ReasoningEffort, 'none'>, EffortWord>> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

/** `request.maxTokens` must be the limit that is sent. */
export function encodeModelFields(request: CanonicalRequest, isToolForced: boolean, encoding: Encoding): ModelFields {
  const reasoning = encoding.traits.isClaude
    ? claudeThinking(request, isToolForced, encoding)
    : { fields: effortFields(request, encoding), isThinking: false };
  return {
    fields: { ...reasoning.fields, ...topKFields(request, reasoning.isThinking, encoding) },
    isThinking: reasoning.isThinking,
  };
}

function claudeThinking(request: CanonicalRequest, isToolForced: boolean, encoding: Encoding): ModelFields {
  const { thinking, effort } = encodeThinking(request, isToolForced, encoding.claude);
  return {
    fields: {
      ...(thinking === undefined ? undefined : { thinking }),
      ...(effort === undefined ? undefined : { output_config: { effort } }),
    },
    isThinking: thinking?.type === 'enabled' || thinking?.type === 'adaptive',
  };
}

function effortFields(request: CanonicalRequest, encoding: Encoding): JsonObject {
  const { reasoning, maxTokens, temperature, topP } = request;
  const { effort: fieldsOf, isUnboundAtHigh } = encoding.traits;
  // Models that reason only when they are asked to need no word to leave it.
  if (reasoning === undefined || reasoning.effort === 'none' || reasoning.budgetTokens === 0) return {};
  if (fieldsOf === undefined || reasoning.effort === undefined) {
    encoding.drops.add('reasoning');
    return {};
  }
  const word = efforts[reasoning.effort];
  const isBound = maxTokens !== undefined || temperature !== undefined || topP !== undefined;
  return fieldsOf(word === 'high' && isUnboundAtHigh && isBound ? 'medium' : word);
}

function topKFields({ topK }: CanonicalRequest, isThinking: boolean, encoding: Encoding): JsonObject {
  const fieldsOf = encoding.traits.topK;
  if (topK === undefined) return {};
  if (fieldsOf !== undefined && !isThinking) return fieldsOf(topK);
  encoding.drops.add('top_k');
  return {};
}
