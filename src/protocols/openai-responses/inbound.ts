import type { Inbound } from '../protocol.ts';
import { responsesErrors } from './errors.ts';
import { requestFacts } from './facts.ts';
import { keepAliveComment } from './frame.ts';
import { decodeRequest } from './request-in.ts';
import { encodeResponse } from './response-in.ts';
import { ResponsesStreamEncoder } from './stream-in.ts';
import { protocolName } from './wire.ts';

/** `POST /v1/responses` towards clients. History is put into the body before it comes here; see `history.ts`. */
export const responsesInbound: Inbound = {
  id: { protocol: protocolName, operation: 'chat' },
  facts: requestFacts,
  decode: decodeRequest,
  encodeResponse,
  streamEncoder: (context) => new ResponsesStreamEncoder(context),
  framing: () => 'sse',
  keepAlive: () => keepAliveComment,
  errors: responsesErrors,
};
