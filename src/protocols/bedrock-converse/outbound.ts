import type { Outbound } from '../protocol.ts';
import { classifyError } from './errors.ts';
import { encodeRequest } from './request-out.ts';
import { decodeResponse } from './response-in.ts';
import { streamDecoder } from './stream-in.ts';
import { formatId } from './wire.ts';

/** Amazon Bedrock's Converse as an upstream. */
export const bedrockOutbound: Outbound = {
  id: formatId,
  encode: encodeRequest,
  decodeResponse,
  streamDecoder,
  classifyError,
};
