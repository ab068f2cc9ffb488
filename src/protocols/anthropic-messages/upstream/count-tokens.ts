import type { Candidate } from '../../../core/model.ts';
import type { CanonicalRequest } from '../../canonical.ts';
import type { TokenQuestion } from '../../protocol.ts';
import { decodeCount } from '../count-tokens.ts';
import { encodeCountRequest } from './encode-request.ts';

/** Asks at `/messages/count_tokens`. */
export function countTokens(request: CanonicalRequest, target: Candidate): TokenQuestion {
  const { path, headers = {}, body } = encodeCountRequest(request, target);
  return { url: target.endpoint.baseUrl + path, headers, body, read: (answer) => decodeCount(answer, target) };
}
