import type { CanonicalResponse, Choice, ContentPart, Seal } from '../../canonical.ts';
import type { AnswerContext, JsonObject } from '../../protocol.ts';
import { inputOf } from '../../tool-input.ts';
import { encodeFinishReason } from '../finish-reason.ts';
import { callSignatureOf, carriesCallSeals, signatureOf } from '../seal.ts';
import { encodeUsage } from '../usage.ts';
import { type ContentBlock, type Message, protocol } from '../wire.ts';

export function isRedacted(seal: Seal | undefined): seal is Seal {
  return seal?.isRedacted === true && seal.protocol === protocol;
}

/** Media that a model made has no block here. */
function encodePart(part: ContentPart, hasCallSeals: boolean): readonly ContentBlock[] {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return [{ type: 'text', text: part.text, citations: null }];
    case 'reasoning':
      if (isRedacted(part.seal)) return [{ type: 'redacted_thinking', data: part.seal.value }];
      return [{ type: 'thinking', thinking: part.text, signature: signatureOf(part.seal) }];
    case 'tool-call': {
      const input = inputOf(part.arguments);
      const call: ContentBlock = { type: 'tool_use', id: part.id, name: part.name, input, caller: { type: 'direct' } };
      if (!hasCallSeals || part.seal === undefined) return [call];
      return [{ type: 'thinking', thinking: '', signature: callSignatureOf(part.seal) }, call];
    }
    case 'image':
    case 'audio':
    case 'document':
    case 'tool-result':
      return [];
  }
}

function stopReason(choice: Choice | undefined): Message['stop_reason'] {
  return encodeFinishReason({
    reason: choice?.finishReason ?? 'other',
    raw: choice?.rawFinishReason,
    stopSequence: choice?.stopSequence,
    hasToolCall: choice?.content.some((part) => part.kind === 'tool-call') ?? false,
    hasRefusal: choice?.content.some((part) => part.kind === 'refusal') ?? false,
  });
}

/** The first choice; a Messages client cannot ask for more. */
export function encodeResponse(response: CanonicalResponse, context: AnswerContext): JsonObject {
  const choice = response.choices[0];
  const hasCallSeals = carriesCallSeals(context.request);
  const message: Message = {
    id: response.id === '' ? context.requestId : response.id,
    type: 'message',
    role: 'assistant',
    model: response.model === '' ? context.requestedModel : response.model,
    content: choice?.content.flatMap((part) => encodePart(part, hasCallSeals)) ?? [],
    stop_reason: stopReason(choice),
    stop_sequence: choice?.stopSequence ?? null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: encodeUsage(response.usage),
  };
  return { ...message };
}
