import type { CanonicalResponse, Choice, ContentPart, ToolCallPart } from '../../canonical.ts';
import { asObject, present } from '../../fields.ts';
import type { AnswerContext, JsonObject } from '../../protocol.ts';
import { encodeFinishReason } from '../finish-reason.ts';
import { logprobsToWire } from '../logprobs.ts';
import { fallbackTypes, mediaToWire } from '../media.ts';
import { signatureForClient } from '../seal.ts';
import { usageToWire } from '../usage.ts';
import type { WireCandidate, WireFinishReason, WirePart, WireResponse } from '../wire.ts';

export function encodeResponse(response: CanonicalResponse, context: AnswerContext): JsonObject {
  const wire: WireResponse = {
    candidates: response.choices.map(candidateToWire),
    usageMetadata: response.usage === undefined ? undefined : usageToWire(response.usage),
    modelVersion: response.model === '' ? context.requestedModel : response.model,
    responseId: response.id === '' ? context.requestId : response.id,
  };
  return present(wire);
}

function candidateToWire(choice: Choice): WireCandidate {
  const parts: WirePart[] = [];
  for (const part of choice.content) addPart(part, parts);
  const hasBrokenCall = choice.content.some((part) => part.kind === 'tool-call' && callToWire(part) === undefined);
  return present({
    content: { parts, role: 'model' },
    finishReason: finishWord(choice, hasBrokenCall),
    index: choice.index,
    logprobsResult: choice.logprobs === undefined ? undefined : logprobsToWire(choice.logprobs),
  });
}

/** A call whose arguments cannot be read is left out, and the finish reason says so. */
export function finishWord(finish: Pick<Choice, 'finishReason'>, hasBrokenCall: boolean): WireFinishReason {
  const word = encodeFinishReason(finish.finishReason);
  return hasBrokenCall && word === 'STOP' ? 'MALFORMED_FUNCTION_CALL' : word;
}

function addPart(part: ContentPart, parts: WirePart[]): void {
  const last = parts.at(-1);
  if (part.kind === 'reasoning' && part.text === '') {
    const thoughtSignature = signatureForClient(part.seal);
    if (thoughtSignature === undefined) return;
    // Back onto the part it came with.
    if (
      last !== undefined &&
      last.thought !== true &&
      last.functionCall === undefined &&
      last.thoughtSignature === undefined
    ) {
      parts[parts.length - 1] = { ...last, thoughtSignature };
    } else {
      parts.push({ text: '', thoughtSignature });
    }
    return;
  }
  const wired = partToWire(part);
  if (wired !== undefined) parts.push(wired);
}

function partToWire(part: ContentPart): WirePart | undefined {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return { text: part.text };
    case 'reasoning':
      return present({ text: part.text, thought: true, thoughtSignature: signatureForClient(part.seal) });
    case 'tool-call':
      return callToWire(part);
    case 'image':
      return mediaToWire(part.source, fallbackTypes.image);
    case 'audio':
      return mediaToWire(part.source, fallbackTypes.audio);
    case 'document':
      return mediaToWire(part.source, fallbackTypes.document, part.name);
    case 'tool-result':
      return undefined;
  }
}

/** Undefined for arguments that are no JSON object: they were cut off, and half of them must not be called. */
export function callToWire(call: Pick<ToolCallPart, 'id' | 'name' | 'arguments' | 'seal'>): WirePart | undefined {
  const args = argumentsOf(call.arguments);
  if (args === undefined) return undefined;
  const functionCall = { id: call.id, name: call.name, args };
  return present({ functionCall, thoughtSignature: signatureForClient(call.seal) });
}

function argumentsOf(text: string): JsonObject | undefined {
  if (text.trim() === '') return {};
  try {
    return asObject(JSON.parse(text));
  } catch {
    // Told apart by the caller; the upstream's finish reason says why.
    return undefined;
  }
}
