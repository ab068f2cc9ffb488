import { GatewayError } from '../../core/errors.ts';
import type { Candidate } from '../../core/model.ts';
import { asArray, asText, isObject } from '../fields.ts';
import type { EventMeaning, JsonObject } from '../protocol.ts';
import { classifyError, isErrorBody } from './errors.ts';
import { decodeUsage } from './usage.ts';

/**
 * Matches every event that ends something or accounts for it. A match may be mistaken, a miss may not: text in JSON
 * strings has its quotes escaped and so does not match.
 */
export const interestingChunk =
  /"finish_reason"\s*:\s*"|"usage"\s*:\s*\{|"error"\s*:\s*[^n\s]|"object"\s*:\s*"error"|"(?:detail|message)"\s*:|\[DONE\]|^event:\s*error|proxy error:/m;

/** The meaning of one event of a stream of choices; `hasContent` tells whether a choice shows something. */
export function chunkMeaning(
  { event, data }: { readonly event: string; readonly data: string },
  target: Candidate,
  hasContent: (choice: JsonObject) => boolean,
): EventMeaning {
  if (data === '[DONE]') return { kind: 'end' };
  if (data === '') return { kind: 'preamble' };
  if (data.startsWith('proxy error:')) return fault(data, target);
  const chunk = parse(data);
  if (chunk === undefined) {
    const error = new GatewayError('upstream_invalid', 'The upstream sent an event that is not JSON.');
    return event === 'error' ? fault(data, target) : { kind: 'error', error };
  }
  if (event === 'error' || isErrorBody(chunk) || isBareComplaint(chunk)) return fault(data, target);
  const usage = decodeUsage(chunk.usage);
  const choices = asArray(chunk.choices).filter(isObject);
  if (choices.length === 0 && usage !== undefined) return { kind: 'usage', usage };
  if (choices.some((choice) => choice.finish_reason === 'error')) return fault(data, target);
  if (choices.some((choice) => asText(choice.finish_reason) !== undefined)) return { kind: 'finish', usage };
  return { kind: choices.some(hasContent) ? 'content' : 'preamble', usage };
}

/** The error envelope of web frameworks, which knows nothing of choices. */
function isBareComplaint({ choices, usage, detail, message }: JsonObject): boolean {
  return choices === undefined && usage === undefined && (detail !== undefined || typeof message === 'string');
}

function fault(data: string, target: Candidate): EventMeaning {
  return { kind: 'error', error: classifyError(200, {}, data, target) };
}

function parse(data: string): JsonObject | undefined {
  try {
    const chunk: unknown = JSON.parse(data);
    return isObject(chunk) ? chunk : undefined;
  } catch {
    // The caller says what it means: an unreadable event is an error of the upstream.
    return undefined;
  }
}
