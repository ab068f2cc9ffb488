import type { Candidate } from '../../../core/model.ts';
import type { CanonicalRequest } from '../../canonical.ts';
import { foreignFields } from '../../extensions.ts';
import { present } from '../../fields.ts';
import { operationPath } from '../../openai/path.ts';
import type { EncodedRequest } from '../../protocol.ts';
import { chatPath, formatId } from '../wire.ts';
import type { EncodeState } from './encode-content.ts';
import { encodeMessages } from './encode-messages.ts';
import { encodeParameters } from './encode-parameters.ts';
import { inTemplateOrder } from './template-order.ts';

/** Encodes a request as this endpoint wants it. Usage of streams is always asked for; it is ours to pass on or not. */
export function encodeRequest(request: CanonicalRequest, target: Candidate): EncodedRequest {
  const { quirks } = target.endpoint;
  const { protocol } = formatId;
  const drops = new Set(foreignFields(request, protocol));
  const state: EncodeState = { quirks, drops };
  // Hosted providers keep instructions wherever they stand; behind a local server there is a bare template.
  const messages = target.model.isLocal ? inTemplateOrder(request.messages) : request.messages;
  const body: Record<string, unknown> = present({
    ...request.extensions?.[protocol],
    model: target.model.upstreamId,
    messages: encodeMessages(messages, state),
    ...encodeParameters(request, state),
    stream: request.stream ? true : undefined,
    stream_options: request.stream && quirks.streamOptions !== false ? { include_usage: true } : undefined,
  });
  dropUnreasoning(body, target, drops);
  for (const field of quirks.rejectedFields ?? []) drop(body, field, drops);
  return { path: operationPath(chatPath, target), body, drops: [...drops] };
}

/** A model that is known not to reason may answer even `reasoning_effort: none` with a 400 (Ollama, OpenAI). */
function dropUnreasoning(body: Record<string, unknown>, target: Candidate, drops: Set<string>): void {
  const { capabilities } = target.model;
  if (capabilities?.has('reasoning') === false) drop(body, 'reasoning_effort', drops);
}

function drop(body: Record<string, unknown>, field: string, drops: Set<string>): void {
  if (!(field in body)) return;
  delete body[field];
  drops.add(field);
}
