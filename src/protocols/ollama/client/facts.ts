import type { Capability } from '../../../core/model.ts';
import type { RequestFacts } from '../../canonical.ts';
import { estimateTokens, tokensPerImage } from '../../estimate.ts';
import { asArray, asNumber, asObject, asString, asText, isObject } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';

/** What planning needs of a request to `/api/chat`. Wrong types are left for decoding to complain about. */
export function requestFacts(body: JsonObject): RequestFacts {
  const messages = asArray(body.messages).filter(isObject);
  const tools = asArray(body.tools);
  const characters = messages.reduce((sum, message) => sum + messageSize(message), 0);
  return factsOf(body, {
    characters: characters + (tools.length === 0 ? 0 : JSON.stringify(tools).length),
    images: messages.reduce((sum, message) => sum + asArray(message.images).length, 0),
    hasTools: tools.length > 0,
  });
}

/** The same of a request to `/api/generate`. */
export function generateFacts(body: JsonObject): RequestFacts {
  const texts = [body.prompt, body.system].map((text) => asString(text) ?? '');
  return factsOf(body, {
    characters: texts.join('').length,
    images: asArray(body.images).length,
    hasTools: false,
  });
}

function messageSize(message: JsonObject): number {
  const calls = asArray(message.tool_calls);
  const text = [message.content, message.thinking].map((value) => asString(value) ?? '').join('');
  return text.length + (calls.length === 0 ? 0 : JSON.stringify(calls).length);
}

interface Size {
  readonly characters: number;
  readonly images: number;
  readonly hasTools: boolean;
}

function factsOf(body: JsonObject, { characters, images, hasTools }: Size): RequestFacts {
  const needs = new Set<Capability>();
  if (hasTools) needs.add('tools');
  if (images > 0) needs.add('vision');
  const limit = asNumber(asObject(body.options)?.num_predict) ?? -1;
  return {
    model: asText(body.model),
    stream: body.stream !== false,
    includeUsage: true,
    needs,
    promptTokens: estimateTokens(characters) + images * tokensPerImage,
    maxTokens: limit > 0 ? limit : undefined,
  };
}
