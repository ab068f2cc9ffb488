import type { Inbound } from '../protocol.ts';
import { decodeRequest } from './client/decode-request.ts';
import { encodeResponse } from './client/encode-response.ts';
import { pingFrame, streamEncoder } from './client/encode-stream.ts';
import { requestFacts } from './client/facts.ts';
import { errorRenderer } from './errors.ts';
import { formatId } from './wire.ts';

/** `POST /v1/messages`, the client's side. */
export const inbound: Inbound = {
  id: formatId,
  facts: requestFacts,
  decode: decodeRequest,
  encodeResponse,
  streamEncoder,
  framing: () => 'sse',
  keepAlive: () => pingFrame,
  errors: errorRenderer,
};
