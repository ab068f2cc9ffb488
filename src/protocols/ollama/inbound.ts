import type { Inbound } from '../protocol.ts';
import { chatPiece, generatePiece } from './client/answer-piece.ts';
import { decodeGenerate } from './client/decode-generate.ts';
import { decodeRequest } from './client/decode-request.ts';
import { encodeResponse } from './client/encode-response.ts';
import { streamEncoder } from './client/encode-stream.ts';
import { generateFacts, requestFacts } from './client/facts.ts';
import { errorRenderer } from './errors.ts';
import { warmUpsOf } from './warm-up.ts';
import { formatId, generateFormatId } from './wire.ts';

const framed = {
  framing: () => 'ndjson',
  /** White space before the next line's JSON, which every JSON parser skips; a blank line would trip the clients. */
  keepAlive: () => ' ',
  errors: errorRenderer,
} as const satisfies Partial<Inbound>;

/** Clients of `POST /api/chat`. */
export const inbound: Inbound = {
  ...framed,
  id: formatId,
  warmUps: warmUpsOf(formatId),
  facts: requestFacts,
  decode: decodeRequest,
  encodeResponse: (response, context) => encodeResponse(response, context, chatPiece),
  streamEncoder: (context) => streamEncoder(context, chatPiece),
};

/** Clients of `POST /api/generate`. */
export const generateInbound: Inbound = {
  ...framed,
  id: generateFormatId,
  warmUps: warmUpsOf(generateFormatId),
  facts: generateFacts,
  decode: decodeGenerate,
  encodeResponse: (response, context) => encodeResponse(response, context, generatePiece),
  streamEncoder: (context) => streamEncoder(context, generatePiece),
};
