import type { Candidate } from '../../../core/model.ts';
import type { CanonicalRequest } from '../../canonical.ts';
import { foreignFields } from '../../extensions.ts';
import type { EncodedRequest } from '../../protocol.ts';
import { type ChatBody, protocol } from '../wire.ts';
import { encodeMessages } from './encode-messages.ts';
import { encodeParameters, nameUncarried } from './encode-parameters.ts';
import { encodeTools } from './encode-tools.ts';
import { type EncodeState, reasons } from './encoding.ts';

/** Encodes a request for `/v2/chat`, which refuses every field that it does not know. */
export function encodeRequest(request: CanonicalRequest, target: Candidate): EncodedRequest {
  const state: EncodeState = { drops: new Set(foreignFields(request, protocol)), reasons: reasons(target) };
  const body: ChatBody = {
    model: target.model.upstreamId,
    messages: encodeMessages(request.messages, state),
    ...encodeTools(request, state),
    ...encodeParameters(request, state),
    stream: request.stream,
  };
  nameUncarried(request, state);
  return {
    path: '/chat',
    // Asked for plain JSON, the API streams bare lines instead of events.
    headers: { accept: request.stream ? 'text/event-stream' : 'application/json' },
    body: { ...body },
    drops: [...state.drops],
  };
}
