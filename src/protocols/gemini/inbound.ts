import type { Inbound } from '../protocol.ts';
import { errorRenderer } from './errors.ts';
import { requestFacts } from './facts.ts';
import { formatId } from './format-id.ts';
import { decodeRequest } from './request-in.ts';
import { encodeResponse } from './response-out.ts';
import { GeminiStreamEncoder, keepAlive } from './stream-out.ts';

/** A client that speaks Gemini's API. Model and action stand in the path, the framing of a stream in the query. */
export const geminiInbound: Inbound = {
  id: formatId,
  facts: requestFacts,
  decode: decodeRequest,
  encodeResponse,
  streamEncoder: (context, framing) => new GeminiStreamEncoder(context, framing),
  framing: (route) => (route.query.get('alt')?.toLowerCase() === 'sse' ? 'sse' : 'json-array'),
  keepAlive,
  errors: errorRenderer,
};
