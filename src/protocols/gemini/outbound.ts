import type { Outbound } from '../protocol.ts';
import { classifyError } from './errors.ts';
import { formatId } from './format-id.ts';
import { encodeRequest } from './request-out.ts';
import { decodeResponse } from './response-in.ts';
import { GeminiStreamDecoder } from './stream-in.ts';

/** Gemini or Vertex as an upstream. */
export const geminiOutbound: Outbound = {
  id: formatId,
  encode: encodeRequest,
  decodeResponse,
  streamDecoder: (context) => new GeminiStreamDecoder(context),
  classifyError,
};
