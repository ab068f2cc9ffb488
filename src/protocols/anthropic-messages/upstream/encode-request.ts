import type { Candidate } from '../../../core/model.ts';
import type { CanonicalRequest } from '../../canonical.ts';
import { encodeOutputSchema } from '../../claude/encode-schema.ts';
import { encodeThinking } from '../../claude/encode-thinking.ts';
import { Encoding, incapable } from '../../claude/encoding.ts';
import { traitsOf } from '../../claude/model-traits.ts';
import { foreignFields, lostFields, type UncarriedFields } from '../../extensions.ts';
import { present } from '../../fields.ts';
import type { EncodedRequest } from '../../protocol.ts';
import { apiVersion, betaHeader, protocol, type RequestBody } from '../wire.ts';
import { encodeMessages } from './encode-messages.ts';
import { encodeTools } from './encode-tools.ts';

/** `max_tokens` is required by the wire; this is sent when the client set no limit. Tokens. */
const defaultMaxTokens = 32_000;
/** The same for a model of which not even the context is known. Tokens. */
const cautiousMaxTokens = 4096;
/** Longest `metadata.user_id`. Characters. */
const maxUserLength = 256;

/** The client's limit, or one of ours, within what model and context allow. */
function tokenLimit(request: CanonicalRequest, target: Candidate, encoding: Encoding): number {
  const context = target.model.context;
  const ceiling = Math.min(encoding.traits.maxOutput ?? Number.POSITIVE_INFINITY, context ?? Number.POSITIVE_INFINITY);
  if (request.maxTokens !== undefined) return Math.min(request.maxTokens, ceiling);
  if (encoding.traits.maxOutput !== undefined) return Math.min(defaultMaxTokens, ceiling);
  // Half of the context leaves the other half to the prompt.
  return context === undefined ? cautiousMaxTokens : Math.max(1, Math.min(defaultMaxTokens, Math.floor(context / 2)));
}

type Sampling = Pick<RequestBody, 'temperature' | 'top_p' | 'top_k'>;

/** With thinking on, the API wants temperature 1, no top_k and a top_p near 1. */
function encodeSampling(request: CanonicalRequest, isThinking: boolean, encoding: Encoding): Sampling {
  const { sampling } = encoding.traits;
  const { temperature, topP, topK } = request;
  const isOpen = sampling !== 'none' && !isThinking;
  const keepsTemperature = sampling !== 'none' && (isOpen || temperature === 1);
  const fitsThinking = isOpen || (sampling !== 'none' && topP !== undefined && topP >= 0.95 && topP <= 1);
  const keepsTopP = fitsThinking && !(sampling === 'one' && temperature !== undefined && keepsTemperature);
  if (temperature !== undefined && !keepsTemperature) encoding.drops.add('temperature');
  if (topP !== undefined && !keepsTopP) encoding.drops.add('top_p');
  if (topK !== undefined && !isOpen) encoding.drops.add('top_k');
  return present({
    temperature: temperature !== undefined && keepsTemperature ? Math.min(Math.max(temperature, 0), 1) : undefined,
    top_p: keepsTopP ? topP : undefined,
    top_k: isOpen ? topK : undefined,
  });
}

function encodeFormat(request: CanonicalRequest, encoding: Encoding): NonNullable<RequestBody['output_config']> {
  const output = request.output;
  if (output === undefined || output.kind === 'text') return {};
  if (output.kind === 'json') {
    // The API has no free-form JSON mode; the caller's prompt must ask for JSON anyway, as it does elsewhere.
    encoding.drops.add('response_format');
    return {};
  }
  if (!encoding.traits.structured) throw incapable('a JSON schema', 'response_format');
  return { format: { type: 'json_schema', schema: { ...encodeOutputSchema(output.schema) } } };
}

function encodeServiceTier(request: CanonicalRequest, encoding: Encoding): RequestBody['service_tier'] {
  switch (request.serviceTier) {
    case undefined:
      return undefined;
    case 'auto':
      return 'auto';
    case 'default':
      return 'standard_only';
    default:
      encoding.drops.add('service_tier');
      return undefined;
  }
}

function encodeUser(request: CanonicalRequest, encoding: Encoding): RequestBody['metadata'] {
  if (request.user === undefined) return undefined;
  if (request.user.length <= maxUserLength) return { user_id: request.user };
  encoding.drops.add('user');
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
  ['metadata', 'metadata'],
];

function nameUncarried(request: CanonicalRequest, encoding: Encoding): void {
  for (const name of lostFields(request, uncarried)) encoding.drops.add(name);
  for (const name of foreignFields(request, protocol)) encoding.drops.add(name);
}

/** API rule: no blank stop sequence. */
function encodeStop(stop: readonly string[] | undefined, encoding: Encoding): string[] | undefined {
  const words = stop?.filter((word) => word.trim() !== '');
  if (words?.length !== stop?.length) encoding.drops.add('stop');
  return words === undefined || words.length === 0 ? undefined : words;
}

function encodeBody(request: CanonicalRequest, target: Candidate, encoding: Encoding): RequestBody {
  const maxTokens = tokenLimit(request, target, encoding);
  const tools = encodeTools(request, encoding);
  const isToolForced = tools.tool_choice?.type === 'any' || tools.tool_choice?.type === 'tool';
  const { thinking, effort } = encodeThinking({ ...request, maxTokens }, isToolForced, encoding);
  const output = present({ ...encodeFormat(request, encoding), effort });
  const { system, messages } = encodeMessages(request.messages, encoding);
  const isThinking = thinking?.type === 'enabled' || thinking?.type === 'adaptive';
  return {
    model: target.model.upstreamId,
    max_tokens: maxTokens,
    ...tools,
    ...(system.length === 0 ? undefined : { system }),
    messages,
    ...encodeSampling(request, isThinking, encoding),
    ...present({
      thinking,
      output_config: Object.keys(output).length === 0 ? undefined : output,
      stop_sequences: encodeStop(request.stop, encoding),
      metadata: encodeUser(request, encoding),
      service_tier: encodeServiceTier(request, encoding),
      stream: request.stream ? true : undefined,
    }),
  };
}

/** What came from a Messages client and only Anthropic understands goes back as it was, with its beta header. */
function ownExtensions(request: CanonicalRequest) {
  const { [betaHeader]: beta, ...fields } = request.extensions?.[protocol] ?? {};
  return { fields, headers: typeof beta === 'string' ? { [betaHeader]: beta } : undefined };
}

/** Throws `upstream_incapable` for what must not be left out: audio, odd media types, a schema for an old model. */
export function encodeRequest(request: CanonicalRequest, target: Candidate): EncodedRequest {
  const encoding = new Encoding(traitsOf(target.model.upstreamId));
  const own = ownExtensions(request);
  const body = encodeBody(request, target, encoding);
  nameUncarried(request, encoding);
  return {
    path: '/messages',
    headers: { 'anthropic-version': apiVersion, ...own.headers },
    body: { ...own.fields, ...body },
    drops: encoding.drops.names,
  };
}

/** The same request as a question for its size: counting takes neither limits nor sampling. */
export function encodeCountRequest(request: CanonicalRequest, target: Candidate): EncodedRequest {
  const encoding = new Encoding(traitsOf(target.model.upstreamId));
  const { system, messages } = encodeMessages(request.messages, encoding);
  const body = {
    model: target.model.upstreamId,
    ...encodeTools(request, encoding),
    ...(system.length === 0 ? undefined : { system }),
    messages,
  };
  return {
    path: '/messages/count_tokens',
    headers: { 'anthropic-version': apiVersion },
    body,
    drops: encoding.drops.names,
  };
}
