import { classifyError } from '../openai/errors.ts';
import type { Outbound } from '../protocol.ts';
import { decodeResponse } from './upstream/decode-response.ts';
import { streamDecoder } from './upstream/decode-stream.ts';
import { encodeRequest } from './upstream/encode-request.ts';
import { formatId } from './wire.ts';

/** Upstreams that speak Responses: OpenAI, Azure, and local servers to the degree that they do. */
export const outbound: Outbound = {
  id: formatId,
  encode: encodeRequest,
  decodeResponse,
  streamDecoder,
  classifyError,
};
