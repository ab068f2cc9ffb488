import { GatewayError } from '../../core/errors.ts';
import type { Candidate } from '../../core/model.ts';
import { asArray, asText, isObject } from '../fields.ts';
import type { EventMeaning, Inspector, JsonObject } from '../protocol.ts';
import { doneMarker } from './client/envelope.ts';
import { editChat } from './edit-body.ts';
import { classifyError, isErrorBody } from './errors.ts';
import { operationPath } from './path.ts';
import { checkedChoices } from './upstream/decode-response.ts';
import { decodeUsage } from './usage.ts';
import { chatPath, formatId } from './wire.ts';

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

/** Fields of a delta that are an answer as soon as they hold something. */
const contentFields = [
  'content',
  'reasoning_content',
  'reasoning',
  'thinking',
  'reasoning_details',
  'refusal',
  'tool_calls',
  'function_call',
  'audio',
] as const;

function showsContent(choice: JsonObject): boolean {
  const { delta } = choice;
  return isObject(delta) && contentFields.some((field) => isFilled(delta[field]));
}

function isFilled(value: unknown): boolean {
  if (typeof value === 'string') return value !== '';
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' && value !== null;
}

/** Reads chats that are passed through. */
export const inspector: Inspector = {
  id: formatId,
  path: (target) => operationPath(chatPath, target),
  meaning: (event, data, target) => chunkMeaning({ event, data }, target, showsContent),
  answer(body, target) {
    checkedChoices(body, target);
    return { usage: decodeUsage(body.usage) };
  },
  edit: editChat,
  endMarker: doneMarker,
  interesting: interestingChunk,
  classifyError,
};
