import type { Outbound } from '../protocol.ts';
import { classifyError } from './errors.ts';
import { encodeRequest } from './request-out.ts';
import { decodeResponse } from './response-out.ts';
import { chatStreamDecoder } from './stream-out.ts';
import { chatFormat } from './wire.ts';

/** Upstreams that speak chat completions, each with its quirks. */
export const chatOutbound: Outbound = {
  id: chatFormat,
  encode: encodeRequest,
  decodeResponse,
  streamDecoder: chatStreamDecoder,
  classifyError,
};
