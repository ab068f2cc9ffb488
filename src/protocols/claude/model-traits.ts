import type { ReasoningEffort } from '../canonical.ts';

/**
 * What Anthropic's models take differs by generation, and what one does not take is a 400. Found by the model's own
 * name, since the same models answer under Anthropic, Vertex, Bedrock and resellers.
 */
export interface ModelTraits {
  /** `one`: temperature or top_p, not both; `none`: neither these nor top_k. */
  readonly sampling: 'all' | 'one' | 'none';
  /** How thinking is asked for: by tokens, by the model's own judgement, in either way, or not at all. */
  readonly thinking: 'budget' | 'adaptive' | 'either' | 'none';
  readonly thinksUnasked: boolean;
  readonly canStopThinking: boolean;
  /** Values of `output_config.effort`, rising; empty when the field is refused. */
  readonly efforts: readonly ReasoningEffort[];
  /** Takes messages of role `system` after a user turn. */
  readonly midSystem: boolean;
  /** Continues an assistant message at the end of the conversation. */
  readonly prefill: boolean;
  /** Takes `output_config.format` and strict tools. */
  readonly structured: boolean;
  /** Largest `max_tokens`, where it is known for sure. */
  readonly maxOutput: number | undefined;
}

/** Servers that speak this protocol with models of their own: the long-standing core of the API, nothing newer. */
const foreignModel: ModelTraits = {
  sampling: 'all',
  thinking: 'budget',
  thinksUnasked: false,
  canStopThinking: true,
  efforts: [],
  midSystem: false,
  prefill: true,
  structured: true,
  maxOutput: undefined,
};

const modelName = /claude-(?:(opus|sonnet|haiku|fable|mythos)-)?(?:(\d)(?:[-.](\d{1,2})(?!\d))?|preview)/;

/** Version as one number: 4.8 is 408. A preview without a number belongs to the newest generation. */
function parse(model: string): { readonly family: string; readonly version: number } | undefined {
  const match = modelName.exec(model);
  if (match === null) return undefined;
  const [, family = '', major = '5', minor = '0'] = match;
  return { family, version: Number(major) * 100 + Number(minor) };
}

function effortsOf(family: string, version: number): readonly ReasoningEffort[] {
  if (version >= 500 || (family === 'opus' && version >= 407)) return ['low', 'medium', 'high', 'xhigh', 'max'];
  if (version >= 406) return ['low', 'medium', 'high', 'max'];
  return family === 'opus' && version === 405 ? ['low', 'medium', 'high'] : [];
}

function thinkingOf(isAdaptiveOnly: boolean, version: number): ModelTraits['thinking'] {
  if (isAdaptiveOnly) return 'adaptive';
  if (version >= 406) return 'either';
  return version >= 307 ? 'budget' : 'none';
}

function maxOutputOf(family: string, version: number): number | undefined {
  if (version >= 406) return undefined;
  if (version >= 405 || (version >= 400 && family !== 'opus')) return 64_000;
  if (version >= 400) return 32_000;
  if (version >= 307) return 64_000;
  return version >= 305 ? 8_192 : 4_096;
}

export function traitsOf(model: string): ModelTraits {
  const parsed = parse(model);
  if (parsed === undefined) return foreignModel;
  const { family, version } = parsed;
  const isAdaptiveOnly = version >= 500 || (family === 'opus' && version >= 407);
  const alwaysThinks = version > 500 || family === 'fable' || family === 'mythos';
  const oneSampler = version >= 401 ? 'one' : 'all';
  return {
    sampling: isAdaptiveOnly ? 'none' : oneSampler,
    thinking: thinkingOf(isAdaptiveOnly, version),
    thinksUnasked: version >= 500,
    canStopThinking: !alwaysThinks,
    efforts: effortsOf(family, version),
    midSystem: version >= 500 || (family === 'opus' && version >= 408),
    prefill: version < 406,
    structured: version >= 405,
    maxOutput: maxOutputOf(family, version),
  };
}
