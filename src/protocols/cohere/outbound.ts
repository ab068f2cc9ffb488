import type { Outbound } from '../protocol.ts';
import { classifyError } from './errors.ts';
import { encodeRequest } from './request-out.ts';
import { decodeResponse } from './response-out.ts';
import { cohereStreamDecoder } from './stream-out.ts';
import { cohereChatFormat } from './wire.ts';

/** Cohere's own chat API, version 2. */
export const cohereOutbound: Outbound = {
  id: cohereChatFormat,
  encode: encodeRequest,
  decodeResponse,
  streamDecoder: cohereStreamDecoder,
  classifyError,
};
