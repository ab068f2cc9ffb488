import { openaiErrors } from '../openai-chat/errors.ts';
import type { Inbound } from '../protocol.ts';
import { completionsFacts, decodeRequest } from './request.ts';
import { encodeResponse } from './response.ts';
import { completionStreamEncoder } from './stream.ts';
import { completionsFormat } from './wire.ts';

/** Clients of `POST /v1/completions`. */
export const completionsInbound: Inbound = {
  id: completionsFormat,
  facts: completionsFacts,
  decode: decodeRequest,
  encodeResponse,
  streamEncoder: completionStreamEncoder,
  framing: () => 'sse',
  keepAlive: () => ': keep-alive\n\n',
  errors: openaiErrors,
};
