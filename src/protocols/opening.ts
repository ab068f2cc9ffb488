import { asArray, isObject } from './fields.ts';
import type { JsonObject } from './protocol.ts';

/** Where the protocols have what is said before a conversation, and the conversation. */
const promptFields = ['system', 'instructions', 'systemInstruction', 'system_instruction'] as const;
const turnFields = ['messages', 'input', 'contents'] as const;

/**
 * What all requests of one conversation begin with: the system prompt and everything up to the first thing the user
 * said. Empty for a body that holds no conversation.
 */
export function openingOf(body: JsonObject): string {
  const turns = turnFields.map((field) => turnsOf(body[field])).find((list) => list.length > 0) ?? [];
  const first = turns.findIndex((turn) => isObject(turn) && (turn.role === 'user' || turn.role === undefined));
  if (first === -1) return '';
  return JSON.stringify([promptFields.map((field) => body[field] ?? null), turns.slice(0, first + 1)]);
}

/** A text alone is the user's, as it becomes when the conversation goes on. */
function turnsOf(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return [{ type: 'message', role: 'user', content: value }];
  return asArray(value);
}
