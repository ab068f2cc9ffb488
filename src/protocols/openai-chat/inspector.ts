import { isObject } from '../fields.ts';
import { chunkMeaning, interestingChunk } from '../openai/chunk-meaning.ts';
import { editChat } from '../openai/edit-body.ts';
import { doneMarker } from '../openai/envelope.ts';
import { classifyError } from '../openai/errors.ts';
import { operationPath } from '../openai/path.ts';
import { decodeUsage } from '../openai/usage.ts';
import type { Inspector, JsonObject } from '../protocol.ts';
import { checkedChoices } from './upstream/decode-response.ts';
import { chatPath, formatId } from './wire.ts';

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
