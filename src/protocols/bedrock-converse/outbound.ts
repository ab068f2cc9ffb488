import type { Outbound } from '../protocol.ts';
import { classifyError } from './errors.ts';
import { decodeResponse } from './upstream/decode-response.ts';
import { streamDecoder } from './upstream/decode-stream.ts';
import { encodeRequest } from './upstream/encode-request.ts';
import { formatId } from './wire.ts';

/** Amazon Bedrock's Converse as an upstream. */
export const outbound: Outbound = {
  id: formatId,
  encode: encodeRequest,
  decodeResponse,
  streamDecoder,
  classifyError,
};
