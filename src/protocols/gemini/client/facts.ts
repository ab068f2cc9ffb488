import type { Capability } from '../../../core/model.ts';
import type { RequestFacts } from '../../canonical.ts';
import { estimateTokens, tokensPerImage } from '../../estimate.ts';
import { asArray, asNumber, asObject, asString, asText } from '../../fields.ts';
import type { InboundRoute, JsonObject } from '../../protocol.ts';
import { camelCased } from '../proto-json.ts';
import { isStreamed, routeModel } from './decode-request.ts';

interface Tally {
  readonly needs: Set<Capability>;
  characters: number;
  images: number;
}

/**
 * A cheap look for planning; odd values count as absent, decoding reports them. A thinking configuration is not a need:
 * agents send one always, and a model that cannot think answers all the same.
 */
export function requestFacts(value: JsonObject, route: InboundRoute): RequestFacts {
  const body = camelCased(value);
  const tally: Tally = { needs: new Set(), characters: 0, images: 0 };
  for (const content of asArray(body.contents)) countParts(asObject(content)?.parts, tally);
  const system = body.systemInstruction;
  countParts(asString(system) ?? asObject(system)?.parts, tally);
  const tools = declarations(body);
  if (tools.length > 0) tally.needs.add('tools');
  tally.characters += tools.length === 0 ? 0 : JSON.stringify(tools).length;
  const generation = camelCased(asObject(body.generationConfig) ?? {});
  if (asObject(generation.responseSchema ?? generation.responseJsonSchema) !== undefined) {
    tally.needs.add('structured_output');
  }
  return {
    model: routeModel(route) ?? asText(body.model)?.replace(/^models\//, ''),
    stream: isStreamed(route),
    includeUsage: true,
    needs: tally.needs,
    promptTokens: estimateTokens(tally.characters) + tally.images * tokensPerImage,
    maxTokens: asNumber(generation.maxOutputTokens),
    choices: asNumber(generation.candidateCount),
  };
}

function declarations(body: JsonObject): readonly unknown[] {
  return asArray(body.tools).flatMap((tool) => asArray(camelCased(asObject(tool) ?? {}).functionDeclarations));
}

function countParts(parts: unknown, tally: Tally): void {
  if (typeof parts === 'string') {
    tally.characters += parts.length;
    return;
  }
  for (const value of asArray(parts)) countPart(camelCased(asObject(value) ?? {}), tally);
}

function countPart(part: JsonObject, tally: Tally): void {
  tally.characters += asString(part.text)?.length ?? 0;
  const call = asObject(part.functionCall);
  if (call !== undefined) tally.characters += JSON.stringify(call).length;
  const response = asObject(part.functionResponse);
  if (response !== undefined) {
    tally.characters += JSON.stringify(response.response ?? '').length;
    countParts(response.parts, tally);
  }
  const media = camelCased(asObject(part.inlineData ?? part.fileData) ?? {});
  if (Object.keys(media).length > 0) countMedia(asString(media.mimeType) ?? '', tally);
}

function countMedia(mediaType: string, tally: Tally): void {
  if (mediaType.startsWith('image/')) {
    tally.needs.add('vision');
    tally.images += 1;
  } else {
    tally.needs.add(mediaType.startsWith('audio/') ? 'audio' : 'documents');
  }
}
