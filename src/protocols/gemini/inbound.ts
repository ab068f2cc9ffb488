import type { Inbound } from '../protocol.ts';
import { decodeRequest } from './client/decode-request.ts';
import { encodeResponse } from './client/encode-response.ts';
import { keepAlive, streamEncoder } from './client/encode-stream.ts';
import { requestFacts } from './client/facts.ts';
import { errorRenderer } from './errors.ts';
import { formatId } from './wire.ts';

/** A client that speaks Gemini's API. Model and action stand in the path, the framing of a stream in the query. */
export const inbound: Inbound = {
  id: formatId,
  facts: requestFacts,
  decode: decodeRequest,
  encodeResponse,
  streamEncoder,
  framing: (route) => (route.query.get('alt')?.toLowerCase() === 'sse' ? 'sse' : 'json-array'),
  keepAlive,
  takesComments: false,
  errors: errorRenderer,
};
