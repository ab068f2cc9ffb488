import type { Inbound } from '../protocol.ts';
import { decodeRequest } from './client/decode-request.ts';
import { encodeResponse } from './client/encode-response.ts';
import { streamEncoder } from './client/encode-stream.ts';
import { requestFacts } from './client/facts.ts';
import { errorRenderer } from './errors.ts';
import { keepAliveComment } from './frame.ts';
import { history } from './history.ts';
import { formatId } from './wire.ts';

/** `POST /v1/responses` towards clients. History is put into the body before it comes here; see `history.ts`. */
export const inbound: Inbound = {
  id: formatId,
  facts: requestFacts,
  decode: decodeRequest,
  encodeResponse,
  streamEncoder,
  framing: () => 'sse',
  keepAlive: () => keepAliveComment,
  errors: errorRenderer,
  history,
};
