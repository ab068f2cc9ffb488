import { errorRenderer as openaiErrors } from '../openai/errors.ts';
import type { Inbound } from '../protocol.ts';
import { decodeRequest } from './client/decode-request.ts';
import { encodeResponse } from './client/encode-response.ts';
import { streamEncoder } from './client/encode-stream.ts';
import { requestFacts } from './client/facts.ts';
import { formatId } from './wire.ts';

/** Clients of `POST /v1/completions`. */
export const inbound: Inbound = {
  id: formatId,
  facts: requestFacts,
  decode: decodeRequest,
  encodeResponse,
  streamEncoder: streamEncoder,
  framing: () => 'sse',
  keepAlive: () => ': keep-alive\n\n',
  errors: openaiErrors,
};
