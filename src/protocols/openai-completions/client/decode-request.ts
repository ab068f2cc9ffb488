import { GatewayError } from '../../../core/errors.ts';
import { unknownFields } from '../../extensions.ts';
import { badField, optionalBoolean, optionalNumber, optionalObject, optionalString } from '../../fields.ts';
import { decodeParameters, parameterFields } from '../../openai/decode-parameters.ts';
import type { DecodedRequest, JsonObject } from '../../protocol.ts';
import { formatId } from '../wire.ts';

/** Fields that no chat can honour. They matter only when they ask for something. */
const uncarried = ['suffix', 'echo', 'best_of'] as const;

const knownFields = new Set<string>([...parameterFields, ...uncarried, 'model', 'prompt', 'stream', 'stream_options']);

/**
 * Decodes a legacy completion as a chat of one user message, which is what it becomes at upstreams without
 * completions. Several prompts or tokens have no such form: `unsupported`.
 */
export function decodeRequest(body: JsonObject): DecodedRequest {
  const drops = new Set<string>();
  const alternatives = optionalNumber(body, 'logprobs');
  // Here `logprobs` is the number of alternatives, in chats a switch.
  const parameters = decodeParameters({ ...body, logprobs: alternatives === undefined ? undefined : true }, drops);
  for (const field of uncarried) if (asksFor(body[field])) drops.add(field);
  const request = {
    model: optionalString(body, 'model') ?? '',
    messages: [{ role: 'user' as const, content: [{ kind: 'text' as const, text: decodePrompt(body.prompt) }] }],
    tools: [],
    ...parameters,
    topLogprobs: alternatives,
    stream: optionalBoolean(body, 'stream') ?? false,
    includeUsage: optionalObject(body, 'stream_options')?.include_usage === true,
    extensions: unknownFields(body, knownFields, formatId.protocol),
  };
  return { request, drops: [...drops] };
}

function asksFor(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '' && value !== 1;
}

function decodePrompt(prompt: unknown): string {
  if (typeof prompt === 'string') return prompt;
  if (!Array.isArray(prompt)) throw badField('prompt', 'a string or an array');
  const [first] = prompt;
  if (prompt.length === 1 && typeof first === 'string') return first;
  const what = typeof first === 'string' ? 'Several prompts' : 'Prompts of tokens';
  throw new GatewayError('unsupported', `${what} need a provider with /v1/completions.`, { param: 'prompt' });
}
