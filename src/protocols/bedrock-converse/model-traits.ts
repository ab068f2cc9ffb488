import { protocol as messagesProtocol } from '../anthropic-messages/wire.ts';
import { type ModelTraits as ClaudeTraits, traitsOf as claudeTraitsOf } from '../claude/model-traits.ts';
import type { JsonObject } from '../protocol.ts';
import { protocol } from './wire.ts';

/** Effort in the words that models other than Claude know. */
export type EffortWord = 'low' | 'medium' | 'high';

/** What differs behind the one API. What a model does not take is a 400, so nothing is sent on the off chance. */
export interface ModelTraits {
  readonly isClaude: boolean;
  /** Of Claude and, in what all share, of models that are not known. */
  readonly claude: ClaudeTraits;
  /** Where cache points may stand. */
  readonly caches: { readonly content: boolean; readonly tools: boolean; readonly hour: boolean };
  /** The model's own fields that limit sampling to the likeliest tokens; undefined where it has none. */
  readonly topK: ((count: number) => JsonObject) | undefined;
  /**
   * The model's own fields that ask for an effort; undefined where it has none, and for Claude, which asks for thinking
   * in another way.
   */
  readonly effort: ((word: EffortWord) => JsonObject) | undefined;
  /** Takes its highest effort only without limits on tokens and sampling. */
  readonly isUnboundAtHigh: boolean;
  /** Goes on from an assistant message at the end of the conversation. */
  readonly prefill: boolean;
  /**
   * Whose reasoning it is. Claude signs the same everywhere, so that a conversation may move between Bedrock and
   * Anthropic's own API.
   */
  readonly sealProtocol: string;
}

const noCache = { content: false, tools: false, hour: false };

/** Ids are `anthropic.claude-…`, `us.anthropic.claude-…` (a profile over regions) or an ARN that holds one of them. */
export function traitsOf(model: string): ModelTraits {
  const claude = claudeTraitsOf(model);
  if (/claude/.test(model)) return claudeModel(model, claude);
  const other: ModelTraits = {
    isClaude: false,
    claude,
    caches: noCache,
    topK: undefined,
    effort: undefined,
    isUnboundAtHigh: false,
    prefill: false,
    sealProtocol: protocol,
  };
  const known = knownModels.find(([pattern]) => pattern.test(model))?.[1];
  return { ...other, ...known };
}

/** Caching came with the second half of the 3.5 generation, the cache of an hour with 4.5. */
function claudeModel(model: string, claude: ClaudeTraits): ModelTraits {
  const isCaching = !/claude-(?:3-(?:opus|sonnet|haiku)|v2|instant|3-5-sonnet-20240620)/.test(model);
  return {
    isClaude: true,
    // An effort beside a budget of tokens is a beta that this API has to be asked for.
    claude: claude.thinking === 'budget' ? { ...claude, efforts: [] } : claude,
    caches: { content: isCaching, tools: isCaching, hour: claude.structured },
    topK: claude.sampling === 'none' ? undefined : (count) => ({ top_k: count }),
    effort: undefined,
    isUnboundAtHigh: false,
    prefill: claude.prefill,
    sealProtocol: messagesProtocol,
  };
}

const nova: Partial<ModelTraits> = {
  caches: { content: true, tools: false, hour: false },
  topK: (count) => ({ inferenceConfig: { topK: count } }),
  prefill: true,
};

/** First match wins. */
const knownModels: readonly (readonly [model: RegExp, traits: Partial<ModelTraits>])[] = [
  [
    /amazon\.nova-2/,
    {
      ...nova,
      effort: (word) => ({ reasoningConfig: { type: 'enabled', maxReasoningEffort: word } }),
      isUnboundAtHigh: true,
    },
  ],
  [/amazon\.nova/, nova],
  [/openai\.gpt-oss/, { effort: (word) => ({ reasoning_effort: word }) }],
  [/mistral\./, { topK: (count) => ({ top_k: count }) }],
  [/cohere\./, { topK: (count) => ({ k: count }) }],
];
