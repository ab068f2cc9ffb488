import type { CanonicalRequest, OutputFormat, ReasoningEffort, ReasoningRequest } from '../../canonical.ts';
import { isObject, present } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';
import { booleanAt, numberAt, optionalObjectAt, stringAt, stringsAt } from '../proto-json.ts';
import { jsonSchemaFromOpenApi } from '../schema.ts';
import type { Drops } from './decode-contents.ts';

type Generation = Pick<
  CanonicalRequest,
  | 'maxTokens'
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'stop'
  | 'n'
  | 'seed'
  | 'frequencyPenalty'
  | 'presencePenalty'
  | 'logprobs'
  | 'topLogprobs'
  | 'output'
  | 'reasoning'
>;

const known = new Set([
  'maxOutputTokens',
  'temperature',
  'topP',
  'topK',
  'stopSequences',
  'candidateCount',
  'seed',
  'frequencyPenalty',
  'presencePenalty',
  'responseLogprobs',
  'logprobs',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'responseFormat',
  'thinkingConfig',
  'responseModalities',
]);

/** `generationConfig`; what no other protocol knows is dropped by name. */
export function generationFromWire(value: unknown, drops: Drops): Generation {
  const path = 'generationConfig';
  const config = optionalObjectAt(value, path) ?? {};
  const number = (name: string) => numberAt(config[name], `${path}.${name}`);
  for (const name of Object.keys(config)) if (!known.has(name)) drops.add(`${path}.${name}`);
  if (wantsOtherThanText(config)) drops.add(`${path}.responseModalities`);
  return present({
    maxTokens: number('maxOutputTokens'),
    temperature: number('temperature'),
    topP: number('topP'),
    topK: number('topK'),
    stop: nonEmpty(stringsAt(config.stopSequences, `${path}.stopSequences`)),
    n: number('candidateCount'),
    seed: number('seed'),
    frequencyPenalty: number('frequencyPenalty'),
    presencePenalty: number('presencePenalty'),
    logprobs: booleanAt(config.responseLogprobs, `${path}.responseLogprobs`),
    topLogprobs: number('logprobs'),
    output: outputFromWire(config, drops),
    reasoning: reasoningFromWire(config.thinkingConfig),
  });
}

function nonEmpty(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

function wantsOtherThanText(config: JsonObject): boolean {
  const modalities = stringsAt(config.responseModalities, 'generationConfig.responseModalities') ?? [];
  return modalities.some((modality) => modality.toUpperCase() !== 'TEXT');
}

function outputFromWire(config: JsonObject, drops: Drops): OutputFormat | undefined {
  const { mimeType, schema } = formatOf(config);
  if (mimeType === undefined && schema === undefined) return undefined;
  if (mimeType === 'text/plain') return { kind: 'text' };
  if (mimeType !== undefined && mimeType !== 'application/json') {
    drops.add('generationConfig.responseMimeType');
    return undefined;
  }
  if (schema === undefined) return { kind: 'json' };
  const title = schema.title;
  return { kind: 'json-schema', name: typeof title === 'string' ? toName(title) : 'response', schema };
}

/** Other protocols require a name for a schema, of these characters. */
function toName(title: string): string {
  return title.replace(/[^a-zA-Z0-9_-]+/g, '_').slice(0, 64) || 'response';
}

interface Format {
  readonly mimeType: string | undefined;
  readonly schema: JsonObject | undefined;
}

/** Three generations of the same setting: `responseSchema`, `responseJsonSchema`, `responseFormat.text`. */
function formatOf(config: JsonObject): Format {
  const path = 'generationConfig';
  const mimeType = stringAt(config.responseMimeType, `${path}.responseMimeType`)?.toLowerCase();
  const jsonSchema = config.responseJsonSchema ?? config._responseJsonSchema;
  if (isObject(jsonSchema)) return { mimeType, schema: jsonSchema };
  const openApi = optionalObjectAt(config.responseSchema, `${path}.responseSchema`);
  if (openApi !== undefined) return { mimeType, schema: jsonSchemaFromOpenApi(openApi) };
  return mimeType === undefined ? textFormatOf(config.responseFormat) : { mimeType, schema: undefined };
}

function textFormatOf(value: unknown): Format {
  const formats = Array.isArray(value) ? value : [value];
  const text = formats.map((format) => (isObject(format) ? (format.text ?? format) : undefined)).find(isObject);
  if (text === undefined) return { mimeType: undefined, schema: undefined };
  const word = stringAt(text.mimeType ?? text.mime_type, 'generationConfig.responseFormat.text.mimeType');
  const mimeType = word?.toLowerCase().replace('_', '/');
  return { mimeType, schema: isObject(text.schema) ? text.schema : undefined };
}

const efforts: Readonly<Record<string, ReasoningEffort>> = {
  MINIMAL: 'minimal',
  LOW: 'low',
  MEDIUM: 'medium',
  HIGH: 'high',
};

/** `includeThoughts` asks to see the reasoning; its absence hides it, it does not switch it off. */
function reasoningFromWire(value: unknown): ReasoningRequest | undefined {
  const path = 'generationConfig.thinkingConfig';
  const config = optionalObjectAt(value, path);
  if (config === undefined) return undefined;
  const level = stringAt(config.thinkingLevel, `${path}.thinkingLevel`)?.toUpperCase();
  const budgetTokens = numberAt(config.thinkingBudget, `${path}.thinkingBudget`);
  const isShown = booleanAt(config.includeThoughts, `${path}.includeThoughts`) === true;
  const effort = level === undefined ? undefined : efforts[level];
  if (effort === undefined && budgetTokens === undefined && !isShown) return undefined;
  return present({ effort, budgetTokens, summary: isShown ? 'auto' : undefined });
}
