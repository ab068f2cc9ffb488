import type { CanonicalRequest, Extensions, OutputFormat, ReasoningEffort, ReasoningRequest } from '../../canonical.ts';
import { unknownFields } from '../../extensions.ts';
import { at, badField, isObject, optionalBoolean, optionalNumber, optionalObject } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';
import { protocol } from '../wire.ts';

/** What shapes an answer, the same for `/api/chat` and `/api/generate`. */
export type Settings = Pick<
  CanonicalRequest,
  | 'output'
  | 'maxTokens'
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'minP'
  | 'frequencyPenalty'
  | 'presencePenalty'
  | 'seed'
  | 'stop'
  | 'logprobs'
  | 'topLogprobs'
  | 'reasoning'
  | 'extensions'
>;

const settingFields = ['format', 'logprobs', 'options', 'think', 'top_logprobs'] as const;

/** Options that other protocols know too; all others (`num_ctx`, `repeat_penalty`, …) are kept as Ollama's own. */
const sharedOptions = new Set([
  'temperature',
  'top_k',
  'top_p',
  'min_p',
  'seed',
  'stop',
  'num_predict',
  'presence_penalty',
  'frequency_penalty',
]);

/** `known` are the top-level fields that the caller reads itself; the rest is kept as Ollama's own. */
export function decodeSettings(body: JsonObject, known: readonly string[]): Settings {
  const options = optionalObject(body, 'options') ?? {};
  return {
    output: decodeFormat(body),
    ...decodeOptions(options),
    logprobs: optionalBoolean(body, 'logprobs'),
    topLogprobs: optionalNumber(body, 'top_logprobs'),
    reasoning: decodeThink(body),
    extensions: ownFields(body, options, known),
  };
}

function ownFields(body: JsonObject, options: JsonObject, known: readonly string[]): Extensions | undefined {
  const fields = unknownFields(body, new Set([...settingFields, ...known]), protocol)?.[protocol];
  const extra = unknownFields(options, sharedOptions, protocol)?.[protocol];
  return fields === undefined && extra === undefined ? undefined : { [protocol]: { ...extra, ...fields } };
}

function decodeOptions(options: JsonObject) {
  const number = (key: string) => optionalNumber(options, key, 'options');
  const limit = number('num_predict');
  return {
    // -1 is "no limit", -2 "until the context is full"; 0 is what clients send that mean neither.
    maxTokens: limit !== undefined && limit > 0 ? limit : undefined,
    temperature: number('temperature'),
    topP: number('top_p'),
    topK: number('top_k'),
    minP: number('min_p'),
    frequencyPenalty: number('frequency_penalty'),
    presencePenalty: number('presence_penalty'),
    seed: number('seed'),
    stop: decodeStop(options.stop),
  };
}

function decodeStop(stop: unknown): readonly string[] | undefined {
  if (stop === undefined || stop === null) return undefined;
  const list: readonly unknown[] = Array.isArray(stop) ? stop : [stop];
  return list.map((text, i) => {
    if (typeof text !== 'string') throw badField(at('options.stop', i), 'a string');
    return text;
  });
}

function decodeFormat({ format }: JsonObject): OutputFormat | undefined {
  if (format === undefined || format === null || format === '') return undefined;
  if (format === 'json') return { kind: 'json' };
  if (isObject(format)) return { kind: 'json-schema', name: 'response', schema: format };
  throw badField('format', '"json" or a JSON schema');
}

const efforts = new Set<string>(['minimal', 'low', 'medium', 'high', 'xhigh', 'max']);

function isEffort(value: unknown): value is ReasoningEffort {
  return typeof value === 'string' && efforts.has(value);
}

/** Switched on without a level, how much is the model's own affair. */
function decodeThink({ think }: JsonObject): ReasoningRequest | undefined {
  if (think === undefined || think === null || think === '') return undefined;
  if (think === true) return { budgetTokens: -1 };
  if (think === false) return { effort: 'none' };
  if (isEffort(think)) return { effort: think };
  throw badField('think', 'true, false, "low", "medium" or "high"');
}
