import { classifyError } from '../openai-chat/errors.ts';
import type { Outbound } from '../protocol.ts';
import { encodeRequest } from './request-out.ts';
import { decodeResponse } from './response-out.ts';
import { ResponsesStreamDecoder } from './stream-out.ts';
import { protocolName } from './wire.ts';

/** Upstreams that speak Responses: OpenAI, Azure, and local servers to the degree that they do. */
export const responsesOutbound: Outbound = {
  id: { protocol: protocolName, operation: 'chat' },
  encode: encodeRequest,
  decodeResponse,
  streamDecoder: (context) => new ResponsesStreamDecoder(context),
  classifyError,
};
