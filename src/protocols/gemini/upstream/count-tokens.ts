import type { Candidate } from '../../../core/model.ts';
import type { CanonicalRequest } from '../../canonical.ts';
import type { TokenQuestion } from '../../protocol.ts';
import { decodeCountResponse, encodeCountRequest } from '../count-tokens.ts';

/** Asks at `models/{model}:countTokens`. */
export function countTokens(request: CanonicalRequest, target: Candidate): TokenQuestion {
  const { path, body } = encodeCountRequest(request, target);
  return {
    url: target.endpoint.baseUrl + path,
    headers: {},
    body,
    read: (answer) => decodeCountResponse(answer, target),
  };
}
