import type { CanonicalRequest, OutputFormat, ReasoningEffort, ReasoningRequest } from '../canonical.ts';
import {
  asNumber,
  asText,
  at,
  badField,
  isObject,
  optionalArray,
  optionalBoolean,
  optionalNumber,
  optionalObject,
  optionalString,
  requiredObject,
  requiredString,
} from '../fields.ts';
import type { JsonObject } from '../protocol.ts';

/** What shapes the answer, without the conversation and its tools. */
export type Parameters = Omit<
  CanonicalRequest,
  'model' | 'messages' | 'tools' | 'toolChoice' | 'stream' | 'includeUsage' | 'extensions'
>;

/** The fields that `decodeParameters` reads. */
export const parameterFields = [
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'max_completion_tokens',
  'max_tokens',
  'metadata',
  'min_p',
  'n',
  'parallel_tool_calls',
  'presence_penalty',
  'reasoning',
  'reasoning_effort',
  'response_format',
  'seed',
  'service_tier',
  'stop',
  'temperature',
  'thinking',
  'top_k',
  'top_logprobs',
  'top_p',
  'user',
] as const;

export function decodeParameters(body: JsonObject, drops: Set<string>): Parameters {
  return {
    parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls'),
    output: decodeOutput(body, drops),
    maxTokens: optionalNumber(body, 'max_completion_tokens') ?? optionalNumber(body, 'max_tokens'),
    temperature: optionalNumber(body, 'temperature'),
    topP: optionalNumber(body, 'top_p'),
    topK: optionalNumber(body, 'top_k'),
    minP: optionalNumber(body, 'min_p'),
    frequencyPenalty: optionalNumber(body, 'frequency_penalty'),
    presencePenalty: optionalNumber(body, 'presence_penalty'),
    seed: optionalNumber(body, 'seed'),
    stop: decodeStop(body),
    n: optionalNumber(body, 'n'),
    logprobs: optionalBoolean(body, 'logprobs'),
    topLogprobs: optionalNumber(body, 'top_logprobs'),
    logitBias: decodeRecord(body, 'logit_bias', isNumber),
    reasoning: decodeReasoningRequest(body, drops),
    user: optionalString(body, 'user'),
    metadata: decodeRecord(body, 'metadata', isString),
    serviceTier: optionalString(body, 'service_tier'),
  };
}

function decodeStop(body: JsonObject): readonly string[] | undefined {
  const { stop } = body;
  if (typeof stop === 'string') return [stop];
  const list = optionalArray(body, 'stop');
  return list?.map((text, i) => {
    if (typeof text !== 'string') throw badField(at('stop', i), 'a string');
    return text;
  });
}

const isString = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';

function decodeRecord<T>(
  body: JsonObject,
  key: string,
  is: (value: unknown) => value is T,
): Readonly<Record<string, T>> | undefined {
  const object = optionalObject(body, key);
  if (object === undefined) return undefined;
  const record: Record<string, T> = {};
  for (const [name, value] of Object.entries(object)) {
    if (!is(value)) throw badField(at(key, name), 'of the right type');
    record[name] = value;
  }
  return record;
}

function decodeOutput(body: JsonObject, drops: Set<string>): OutputFormat | undefined {
  const format = optionalObject(body, 'response_format');
  if (format === undefined) return undefined;
  const type = requiredString(format, 'type', 'response_format');
  switch (type) {
    case 'text':
      return { kind: 'text' };
    case 'json_object':
      return { kind: 'json' };
    case 'json_schema':
      return decodeSchema(requiredObject(format, 'json_schema', 'response_format'));
    default:
      drops.add('response_format');
      return undefined;
  }
}

function decodeSchema(schema: JsonObject): OutputFormat {
  const path = 'response_format.json_schema';
  return {
    kind: 'json-schema',
    name: optionalString(schema, 'name', path) ?? 'response',
    description: optionalString(schema, 'description', path),
    schema: optionalObject(schema, 'schema', path) ?? {},
    strict: optionalBoolean(schema, 'strict', path),
  };
}

const efforts = new Set<string>(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);

function isEffort(value: string): value is ReasoningEffort {
  return efforts.has(value);
}

/** OpenAI's `reasoning_effort`, OpenRouter's and Ollama's `reasoning`, DeepSeek's `thinking`. */
function decodeReasoningRequest(body: JsonObject, drops: Set<string>): ReasoningRequest | undefined {
  const { reasoning, thinking } = body;
  const nested = isObject(reasoning) ? reasoning : {};
  const switched = isObject(thinking) ? thinking : {};
  const word = optionalString(body, 'reasoning_effort') ?? asText(nested.effort);
  const isOff = nested.enabled === false || switched.type === 'disabled';
  const effort = word === undefined && isOff ? 'none' : word;
  if (effort !== undefined && !isEffort(effort)) drops.add('reasoning_effort');
  const request = {
    effort: effort !== undefined && isEffort(effort) ? effort : undefined,
    budgetTokens: asNumber(nested.max_tokens) ?? asNumber(switched.budget_tokens),
    summary: asText(nested.summary),
  };
  return Object.values(request).some((value) => value !== undefined) ? request : undefined;
}
