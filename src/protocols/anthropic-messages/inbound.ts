import type { Inbound } from '../protocol.ts';
import { messagesErrors } from './errors.ts';
import { readFacts } from './facts.ts';
import { decodeRequest } from './request-in.ts';
import { encodeResponse } from './response-out.ts';
import { pingFrame, streamEncoder } from './stream-out.ts';
import { protocol } from './wire.ts';

/** `POST /v1/messages`, the client's side. */
export const messagesInbound: Inbound = {
  id: { protocol, operation: 'chat' },
  facts: readFacts,
  decode: decodeRequest,
  encodeResponse,
  streamEncoder,
  framing: () => 'sse',
  keepAlive: () => pingFrame,
  errors: messagesErrors,
};
