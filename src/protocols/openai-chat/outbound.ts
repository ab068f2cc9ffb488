import { classifyError } from '../openai/errors.ts';
import type { Outbound } from '../protocol.ts';
import { countTokens } from './upstream/count-tokens.ts';
import { decodeResponse } from './upstream/decode-response.ts';
import { streamDecoder } from './upstream/decode-stream.ts';
import { encodeRequest } from './upstream/encode-request.ts';
import { formatId } from './wire.ts';

/** Upstreams that speak chat completions, each with its quirks. */
export const outbound: Outbound = {
  id: formatId,
  encode: encodeRequest,
  decodeResponse,
  streamDecoder: streamDecoder,
  countTokens,
  classifyError,
};
