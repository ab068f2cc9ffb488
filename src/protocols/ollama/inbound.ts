import type { Inbound } from '../protocol.ts';
import { chatPiece, generatePiece } from './answer.ts';
import { ollamaErrors } from './errors.ts';
import { chatFacts, generateFacts } from './facts.ts';
import { decodeGenerate } from './generate-in.ts';
import { decodeChat } from './request-in.ts';
import { encodeAnswer } from './response-in.ts';
import { ollamaStreamEncoder } from './stream-in.ts';
import { ollamaChatFormat, ollamaGenerateFormat } from './wire.ts';

const framed = {
  framing: () => 'ndjson',
  /** White space before the next line's JSON, which every JSON parser skips; a blank line would trip the clients. */
  keepAlive: () => ' ',
  errors: ollamaErrors,
} as const satisfies Partial<Inbound>;

/** Clients of `POST /api/chat`. */
export const ollamaChatInbound: Inbound = {
  ...framed,
  id: ollamaChatFormat,
  facts: chatFacts,
  decode: decodeChat,
  encodeResponse: (response, context) => encodeAnswer(response, context, chatPiece),
  streamEncoder: (context) => ollamaStreamEncoder(context, chatPiece),
};

/** Clients of `POST /api/generate`. */
export const ollamaGenerateInbound: Inbound = {
  ...framed,
  id: ollamaGenerateFormat,
  facts: generateFacts,
  decode: decodeGenerate,
  encodeResponse: (response, context) => encodeAnswer(response, context, generatePiece),
  streamEncoder: (context) => ollamaStreamEncoder(context, generatePiece),
};
