import type { Capability } from '../../../core/model.ts';
import type { RequestFacts } from '../../canonical.ts';
import { estimateTokens, tokensPerImage } from '../../estimate.ts';
import { asArray, asNumber, asObject, asText, isObject } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';

/** What a kind of content part asks of a model. */
const needOfPart: Readonly<Record<string, Capability>> = {
  image_url: 'vision',
  input_audio: 'audio',
  file: 'documents',
};

/** What planning needs, without decoding: wrong types are left for decoding, or for the upstream to refuse. */
export function requestFacts(body: JsonObject): RequestFacts {
  const needs = new Set<Capability>();
  const hasTools = asArray(body.tools).length > 0 || asArray(body.functions).length > 0;
  if (hasTools) needs.add('tools');
  let characters = hasTools ? JSON.stringify(body.tools ?? body.functions).length : 0;
  let images = 0;
  for (const message of asArray(body.messages)) {
    if (!isObject(message)) continue;
    const size = measure(message, needs);
    characters += size.characters;
    images += size.images;
  }
  return {
    model: asText(body.model),
    stream: body.stream === true,
    includeUsage: asObject(body.stream_options)?.include_usage === true,
    needs,
    promptTokens: estimateTokens(characters) + images * tokensPerImage,
    maxTokens: asNumber(body.max_completion_tokens) ?? asNumber(body.max_tokens),
    choices: asNumber(body.n),
  };
}

interface Size {
  readonly characters: number;
  readonly images: number;
}

function measure(message: JsonObject, needs: Set<Capability>): Size {
  const { content, tool_calls: calls } = message;
  let characters = calls === undefined || calls === null ? 0 : JSON.stringify(calls).length;
  let images = 0;
  if (typeof content === 'string') characters += content.length;
  for (const part of asArray(content)) {
    if (!isObject(part)) continue;
    const { type, text } = part;
    if (typeof text === 'string') characters += text.length;
    const need = typeof type === 'string' && Object.hasOwn(needOfPart, type) ? needOfPart[type] : undefined;
    if (need !== undefined) needs.add(need);
    if (need === 'vision') images += 1;
  }
  return { characters, images };
}
