import type { Inbound } from '../protocol.ts';
import { openaiErrors } from './errors.ts';
import { chatFacts } from './facts.ts';
import { decodeRequest } from './request-in.ts';
import { encodeResponse } from './response-in.ts';
import { chatStreamEncoder } from './stream-in.ts';
import { chatFormat } from './wire.ts';

/** Clients of `POST /v1/chat/completions`. */
export const chatInbound: Inbound = {
  id: chatFormat,
  facts: chatFacts,
  decode: decodeRequest,
  encodeResponse,
  streamEncoder: chatStreamEncoder,
  framing: () => 'sse',
  keepAlive: () => ': keep-alive\n\n',
  errors: openaiErrors,
};
