import type { Candidate, ServedModel } from '../../../../src/core/model.ts';
import type { CanonicalRequest, CanonicalResponse, Part } from '../../../../src/protocols/canonical.ts';
import { outbound as cohereOutbound } from '../../../../src/protocols/cohere/outbound.ts';
import { collectParts } from '../../../../src/protocols/collect.ts';
import { candidate, request } from '../openai-chat/samples.ts';

export function cohere(upstreamId = 'command-a-reasoning-08-2025', model: Partial<ServedModel> = {}): Candidate {
  const base = candidate({ type: 'cohere', model: { upstreamId, protocols: ['cohere'], ...model } });
  return { ...base, endpoint: { ...base.endpoint, providerId: 'cohere', baseUrl: 'https://api.cohere.com/v2' } };
}

export function encode(fields: Partial<CanonicalRequest>, target = cohere()) {
  return cohereOutbound.encode(request(fields), target);
}

export function decode(body: object): CanonicalResponse {
  return cohereOutbound.decodeResponse({ ...body }, { target: cohere(), request: request() });
}

export function decodeStream(chunks: readonly Buffer[]): readonly Part[] {
  const decoder = cohereOutbound.streamDecoder({ target: cohere(), request: request() });
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
}

export function collected(text: string): CanonicalResponse {
  return collectParts(decodeStream([Buffer.from(text)]));
}
