import type { CanonicalRequest, ReasoningEffort, ReasoningRequest } from '../../canonical.ts';
import { present } from '../../fields.ts';
import type { ChatBody } from '../wire.ts';
import type { EncodeState } from './encoding.ts';

/** Limits of the API. */
const maxStops = 5;
const maxTemperature = 1;
const topP = { min: 0.01, max: 0.99 } as const;
const maxTopK = 500;
const maxPenalty = 1;

/** The fields that shape the answer, within the API's limits. Undefined where the request says nothing. */
export function encodeParameters(request: CanonicalRequest, state: EncodeState) {
  return present({
    max_tokens: request.maxTokens,
    temperature: encodeTemperature(request.temperature, state),
    // At the limit nothing is left out that anyone would miss: 1 is what clients send for "all of it".
    p: request.topP === undefined ? undefined : Math.min(Math.max(request.topP, topP.min), topP.max),
    // 0 and less switch it off, as saying nothing does.
    k: request.topK === undefined || request.topK <= 0 ? undefined : Math.min(request.topK, maxTopK),
    ...encodePenalties(request, state),
    seed: encodeSeed(request.seed, state),
    stop_sequences: encodeStop(request.stop, state),
    logprobs: request.logprobs === true ? true : undefined,
    response_format: encodeFormat(request),
    thinking: encodeThinking(request.reasoning, state),
  });
}

function encodeTemperature(temperature: number | undefined, { drops }: EncodeState): number | undefined {
  if (temperature === undefined || temperature <= maxTemperature) return temperature;
  drops.add('temperature');
  return maxTemperature;
}

type Penalties = Pick<ChatBody, 'frequency_penalty' | 'presence_penalty'>;

/** The API takes one of the two, and neither below 0; 0 is its default and what many clients send always. */
function encodePenalties({ frequencyPenalty, presencePenalty }: CanonicalRequest, { drops }: EncodeState): Penalties {
  const carried = (value: number | undefined, name: string) => {
    if (value === undefined || value === 0) return undefined;
    if (value < 0 || value > maxPenalty) drops.add(name);
    return value < 0 ? undefined : Math.min(value, maxPenalty);
  };
  const frequency = carried(frequencyPenalty, 'frequency_penalty');
  const presence = carried(presencePenalty, 'presence_penalty');
  if (frequency === undefined) return present({ presence_penalty: presence });
  if (presence !== undefined) drops.add('presence_penalty');
  return { frequency_penalty: frequency };
}

function encodeSeed(seed: number | undefined, { drops }: EncodeState): number | undefined {
  if (seed === undefined || seed >= 0) return seed;
  drops.add('seed');
  return undefined;
}

function encodeStop(stop: readonly string[] | undefined, { drops }: EncodeState): readonly string[] | undefined {
  if (stop === undefined || stop.length === 0) return undefined;
  if (stop.length > maxStops) drops.add('stop');
  return stop.slice(0, maxStops);
}

function encodeFormat({ output }: CanonicalRequest): ChatBody['response_format'] {
  switch (output?.kind) {
    case undefined:
    case 'text':
      return undefined;
    case 'json':
      return { type: 'json_object' };
    case 'json-schema':
      return { type: 'json_object', json_schema: output.schema };
  }
}

/** Efforts in the tokens of the wire; from `high` on the model thinks as long as it likes. */
const budgets: Readonly<Record<Exclude<ReasoningEffort, 'none'>, number | undefined>> = {
  minimal: 512,
  low: 1024,
  medium: 8192,
  high: undefined,
  xhigh: undefined,
  max: undefined,
};

function encodeThinking(reasoning: ReasoningRequest | undefined, state: EncodeState): ChatBody['thinking'] {
  if (reasoning === undefined) return undefined;
  const { effort, budgetTokens } = reasoning;
  if (effort === 'none' || budgetTokens === 0) return state.reasons ? { type: 'disabled' } : undefined;
  if (!state.reasons) {
    state.drops.add('reasoning');
    return undefined;
  }
  const implied = effort === undefined ? undefined : budgets[effort];
  const budget = budgetTokens !== undefined && budgetTokens > 0 ? budgetTokens : implied;
  return present({ type: 'enabled' as const, token_budget: budget });
}

const uncarried = [
  ['n', 'n'],
  ['minP', 'min_p'],
  ['topLogprobs', 'top_logprobs'],
  ['logitBias', 'logit_bias'],
  ['user', 'user'],
  ['metadata', 'metadata'],
  ['serviceTier', 'service_tier'],
] as const satisfies readonly (readonly [keyof CanonicalRequest, string])[];

/** Values that ask for nothing (`n: 1`, `min_p: 0`) lose nothing when left out. */
export function nameUncarried(request: CanonicalRequest, { drops }: EncodeState): void {
  for (const [key, name] of uncarried) {
    const value = request[key];
    const isIdle = value === undefined || value === 0 || (key === 'n' && value === 1);
    if (!isIdle) drops.add(name);
  }
}
