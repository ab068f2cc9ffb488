import type { CanonicalRequest } from './canonical.ts';
import { unknownFields } from './extensions.ts';
import { decodeParameters, parameterFields } from './openai/decode-parameters.ts';
import { protocol } from './openai-chat/wire.ts';
import type { JsonObject } from './protocol.ts';

const knownParameters = new Set<string>(parameterFields);

/**
 * Fills what the request left out from the parameters of a preset or a virtual model, which are written as chat
 * completions has them.
 */
export function withParameters(request: CanonicalRequest, params: JsonObject): CanonicalRequest {
  const filled: Record<string, unknown> = { ...decodeParameters(params, new Set()) };
  for (const [key, value] of Object.entries(request)) if (value !== undefined) filled[key] = value;
  const unknown = unknownFields(params, knownParameters, protocol)?.[protocol];
  const extensions =
    unknown === undefined
      ? request.extensions
      : { ...request.extensions, [protocol]: { ...unknown, ...request.extensions?.[protocol] } };
  return { ...request, ...filled, extensions };
}
