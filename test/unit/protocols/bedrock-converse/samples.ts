import type { Candidate } from '../../../../src/core/model.ts';
import type { DecodeContext } from '../../../../src/protocols/protocol.ts';
import { candidate as anyCandidate, request } from '../anthropic-messages/samples.ts';

export {
  assistant,
  call,
  joined,
  lookTool,
  message,
  request,
  result,
  textPart,
  user,
} from '../anthropic-messages/samples.ts';

export const claude = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
export const nova = 'amazon.nova-lite-v1:0';

export function candidate(upstreamId: string = claude): Candidate {
  const any = anyCandidate(upstreamId, { protocols: ['converse'] });
  const endpoint = { ...any.endpoint, providerId: 'bedrock', type: 'bedrock', baseUrl: 'http://127.0.0.1:1' };
  return { ...any, endpoint: { ...endpoint, auth: 'sigv4', credential: undefined } };
}

export function decodeContext(upstreamId: string = claude): DecodeContext {
  return { target: candidate(upstreamId), request: request() };
}
