import type { Candidate } from '../../../core/model.ts';
import type { CanonicalRequest } from '../../canonical.ts';
import { encodeOutputSchema } from '../../claude/encode-schema.ts';
import { foreignFields, lostFields, type UncarriedFields } from '../../extensions.ts';
import { isEmpty, present } from '../../fields.ts';
import { modelSegment } from '../../path-segment.ts';
import type { EncodedRequest } from '../../protocol.ts';
import { traitsOf } from '../model-traits.ts';
import { type InferenceConfig, protocol, type RequestBody } from '../wire.ts';
import { encodeMessages } from './encode-messages.ts';
import { encodeModelFields } from './encode-model-fields.ts';
import { encodeTools } from './encode-tools.ts';
import { Encoding, incapable } from './encoding.ts';

/** Room for an answer beside the thinking that was asked for without a limit. Tokens. */
const thinkingMaxTokens = 32_000;
/** Where Claude tells which stop sequence it hit, in an answer and in a stream. */
const stopSequencePaths = ['/stop_sequence', '/delta/stop_sequence'];
const maxMetadataEntries = 16;

/** The client's limit within what the model takes. Without one the API's own default is the model's most. */
function tokenLimit(request: CanonicalRequest, target: Candidate, encoding: Encoding): number | undefined {
  const { maxOutput } = encoding.traits.claude;
  const ceiling = Math.min(maxOutput ?? Number.POSITIVE_INFINITY, target.model.context ?? Number.POSITIVE_INFINITY);
  const wantsBudget = encoding.traits.isClaude && encoding.traits.claude.thinking === 'budget';
  const implied = request.reasoning !== undefined && wantsBudget ? thinkingMaxTokens : undefined;
  const limit = request.maxTokens ?? implied;
  return limit === undefined ? undefined : Math.min(limit, ceiling);
}

/** With thinking on, Claude wants temperature 1 and a top_p near 1; its newer models take one of the two, or neither. */
function encodeSampling(
  { temperature, topP }: CanonicalRequest,
  isThinking: boolean,
  encoding: Encoding,
): Pick<InferenceConfig, 'temperature' | 'topP'> {
  const { sampling } = encoding.traits.claude;
  const isOpen = sampling !== 'none';
  const keepsTemperature = isOpen && (!isThinking || temperature === 1);
  const fitsThinking = !isThinking || (topP !== undefined && topP >= 0.95);
  const keepsTopP = isOpen && fitsThinking && !(sampling === 'one' && temperature !== undefined && keepsTemperature);
  if (temperature !== undefined && !keepsTemperature) encoding.drops.add('temperature');
  if (topP !== undefined && !keepsTopP) encoding.drops.add('top_p');
  return present({
    // The API's range ends at 1 for every vendor's model.
    temperature: temperature !== undefined && keepsTemperature ? Math.min(Math.max(temperature, 0), 1) : undefined,
    topP: keepsTopP ? topP : undefined,
  });
}

/** API rule: no blank stop sequence. */
function encodeStop(stop: readonly string[] | undefined, encoding: Encoding): readonly string[] | undefined {
  const words = stop?.filter((word) => word.trim() !== '');
  if (words?.length !== stop?.length) encoding.drops.add('stop');
  return words === undefined || words.length === 0 ? undefined : words;
}

function encodeOutput({ output }: CanonicalRequest, encoding: Encoding): RequestBody['outputConfig'] {
  if (output === undefined || output.kind === 'text') return undefined;
  if (output.kind === 'json') {
    // There is no free-form JSON mode; the caller's prompt must ask for JSON anyway, as it does elsewhere.
    encoding.drops.add('response_format');
    return undefined;
  }
  if (encoding.traits.isClaude && !encoding.traits.claude.structured)
    throw incapable('a JSON schema', 'response_format');
  const { name, description } = output;
  const jsonSchema = present({ schema: JSON.stringify(encodeOutputSchema(output.schema)), name, description });
  return { textFormat: { type: 'json_schema', structure: { jsonSchema } } };
}

function encodeMetadata({ metadata }: CanonicalRequest, encoding: Encoding): RequestBody['requestMetadata'] {
  const entries = Object.entries(metadata ?? {});
  if (entries.length === 0) return undefined;
  const isLegal = entries.flat().every((text) => /^[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}$/.test(text));
  if (isLegal && entries.length <= maxMetadataEntries) return Object.fromEntries(entries);
  encoding.drops.add('metadata');
  return undefined;
}

function encodeServiceTier({ serviceTier }: CanonicalRequest, encoding: Encoding): RequestBody['serviceTier'] {
  if (serviceTier === 'flex' || serviceTier === 'priority') return { type: serviceTier };
  if (serviceTier !== undefined && serviceTier !== 'auto' && serviceTier !== 'default')
    encoding.drops.add('service_tier');
  return undefined;
}

const uncarried: UncarriedFields = [
  ['n', 'n'],
  ['seed', 'seed'],
  ['logprobs', 'logprobs'],
  ['topLogprobs', 'top_logprobs'],
  ['logitBias', 'logit_bias'],
  ['frequencyPenalty', 'frequency_penalty'],
  ['presencePenalty', 'presence_penalty'],
  ['minP', 'min_p'],
  ['user', 'user'],
];

function nameUncarried(request: CanonicalRequest, encoding: Encoding): void {
  for (const name of lostFields(request, uncarried)) encoding.drops.add(name);
  for (const name of foreignFields(request, protocol)) encoding.drops.add(name);
}

function encodeBody(request: CanonicalRequest, target: Candidate, encoding: Encoding): RequestBody {
  const maxTokens = tokenLimit(request, target, encoding);
  const toolConfig = encodeTools(request, encoding);
  const choice = toolConfig?.toolChoice;
  const isToolForced = choice !== undefined && !('auto' in choice);
  const model = encodeModelFields({ ...request, maxTokens }, isToolForced, encoding);
  const { system, messages } = encodeMessages(request.messages, encoding);
  const stopSequences = encodeStop(request.stop, encoding);
  const inference = present({ maxTokens, ...encodeSampling(request, model.isThinking, encoding), stopSequences });
  const tellsStop = encoding.traits.isClaude && stopSequences !== undefined;
  return {
    messages,
    ...present({
      system: system.length === 0 ? undefined : system,
      inferenceConfig: isEmpty(inference) ? undefined : inference,
      toolConfig,
      outputConfig: encodeOutput(request, encoding),
      additionalModelRequestFields: isEmpty(model.fields) ? undefined : model.fields,
      additionalModelResponseFieldPaths: tellsStop ? stopSequencePaths : undefined,
      requestMetadata: encodeMetadata(request, encoding),
      serviceTier: encodeServiceTier(request, encoding),
    }),
  };
}

/** Throws `upstream_incapable` for what must not be left out: images by URL, audio, odd media types. */
export function encodeRequest(request: CanonicalRequest, target: Candidate): EncodedRequest {
  const { upstreamId } = target.model;
  const encoding = new Encoding(traitsOf(upstreamId));
  const body = encodeBody(request, target, encoding);
  nameUncarried(request, encoding);
  const operation = request.stream ? 'converse-stream' : 'converse';
  return {
    path: `/model/${modelSegment(target)}/${operation}`,
    body: { ...body },
    drops: encoding.drops.names,
  };
}
