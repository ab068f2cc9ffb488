import type { Candidate, Usage } from '../../core/model.ts';
import { asArray, asObject, asText } from '../fields.ts';
import { invalidAnswer } from '../invalid-answer.ts';
import type { EventMeaning, Inspector, JsonObject } from '../protocol.ts';
import { classifyError, classifyErrorObject } from './errors.ts';
import { isFailedFinish } from './finish-reason.ts';
import { objectsIn } from './proto-json.ts';
import { blockReason, emptyAnswer } from './upstream/decode-response.ts';
import { requestPath } from './upstream/encode-request.ts';
import { usageFromWire } from './usage.ts';
import { formatId } from './wire.ts';

/** Reads Gemini's own stream and answers in passing. There is no end marker: the finish reason is the end. */
export const inspector: Inspector = {
  id: formatId,
  path: requestPath,
  // The model stands in the path.
  edit: () => {},
  takesAdditions: false,
  meaning: meaningOf,
  answer: (body, target) => ({ ...usageField(answerUsage(body, target)) }),
  // Usage is on every chunk and cumulative; the one beside the finish reason is the one that counts.
  interesting: /"finishReason"|"error"|"blockReason"|^event: ?error/m,
  classifyError,
};

function meaningOf(event: string, data: string, target: Candidate): EventMeaning {
  const chunk = parsed(data);
  if (chunk === undefined) return { kind: 'error', error: invalidAnswer(target, 'an event that is not JSON') };
  const error = asObject(chunk.error) ?? (event === 'error' ? chunk : undefined);
  if (error !== undefined) return { kind: 'error', error: classifyErrorObject(error, target) };
  const usage = usageFromWire(chunk.usageMetadata);
  const candidates = candidatesOf(chunk);
  const hasContent = candidates.some(hasParts);
  const finish = candidates.find((candidate) => asText(candidate.finishReason) !== undefined);
  if (finish !== undefined || blockReason(chunk) !== undefined) return { kind: 'finish', ...usageField(usage) };
  if (hasContent) return { kind: 'content', ...usageField(usage) };
  return candidates.length === 0 && usage !== undefined ? { kind: 'usage', usage } : { kind: 'preamble' };
}

function parsed(data: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(data));
  } catch {
    // Told to the caller as an error event.
    return undefined;
  }
}

function candidatesOf(body: JsonObject): readonly JsonObject[] {
  return objectsIn(body.candidates);
}

/** An empty text is not content yet. */
function hasParts(candidate: JsonObject): boolean {
  return asArray(asObject(candidate.content)?.parts).some((value) => {
    const part = asObject(value);
    return part !== undefined && part.text !== '' && Object.keys(part).length > 0;
  });
}

function answerUsage(body: JsonObject, target: Candidate): Usage | undefined {
  const error = asObject(body.error);
  if (error !== undefined) throw classifyErrorObject(error, target);
  const candidates = candidatesOf(body);
  if (candidates.length === 0 && blockReason(body) === undefined) {
    throw invalidAnswer(target, 'an answer without candidates');
  }
  for (const candidate of candidates) {
    const reason = asText(candidate.finishReason);
    if (!hasParts(candidate) && (reason === undefined || isFailedFinish(reason))) throw emptyAnswer(candidate, target);
  }
  return usageFromWire(body.usageMetadata);
}

function usageField(usage: Usage | undefined): { readonly usage?: Usage } {
  return usage === undefined ? {} : { usage };
}
