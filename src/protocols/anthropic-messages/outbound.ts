import type { Outbound } from '../protocol.ts';
import { classifyError } from './errors.ts';
import { encodeRequest } from './request-out.ts';
import { decodeResponse } from './response-in.ts';
import { streamDecoder } from './stream-in.ts';
import { protocol } from './wire.ts';

/** `POST /v1/messages`, the upstream's side. */
export const messagesOutbound: Outbound = {
  id: { protocol, operation: 'chat' },
  encode: encodeRequest,
  decodeResponse,
  streamDecoder,
  classifyError,
};
