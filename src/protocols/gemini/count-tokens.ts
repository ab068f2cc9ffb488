import type { Candidate } from '../../core/model.ts';
import type { CanonicalRequest } from '../canonical.ts';
import { asNumber, asObject } from '../fields.ts';
import { invalidAnswer } from '../invalid-answer.ts';
import type { DecodedRequest, EncodedRequest, InboundRoute, JsonObject } from '../protocol.ts';
import type { Drops } from './client/decode-contents.ts';
import { decodeRequest } from './client/decode-request.ts';
import { isVertex, modelResource, modelResourcePath } from './model-traits.ts';
import { camelCased } from './proto-json.ts';
import { requestBody } from './upstream/encode-request.ts';
import type { WireTokenCount } from './wire.ts';

/** `contents` alone, or a whole generation under `generateContentRequest`. Throws `bad_request` naming the field. */
export function decodeCountRequest(body: JsonObject, route: InboundRoute): DecodedRequest {
  return decodeRequest(asObject(camelCased(body).generateContentRequest) ?? body, route);
}

export function encodeCountResponse(totalTokens: number): WireTokenCount {
  return { totalTokens };
}

/** Counting ignores how the answer is to be; only Vertex takes system and tools beside the contents. */
export function encodeCountRequest(request: CanonicalRequest, target: Candidate): EncodedRequest {
  const drops: Drops = new Set();
  const { contents, systemInstruction, tools } = requestBody(request, target, drops);
  const path = `${modelResourcePath(target)}:countTokens`;
  const counted: JsonObject = {
    contents,
    ...(systemInstruction === undefined ? {} : { systemInstruction }),
    ...(tools === undefined ? {} : { tools }),
  };
  if (isVertex(target)) return { path, body: counted, drops: [] };
  const model = modelResource(target);
  return { path, body: { generateContentRequest: { model, ...counted } }, drops: [] };
}

/** Throws `upstream_invalid` for an answer without a count. */
export function decodeCountResponse(body: JsonObject, target: Candidate): number {
  const total = asNumber(body.totalTokens);
  if (total === undefined) throw invalidAnswer(target, 'a token count without a total');
  return total;
}
