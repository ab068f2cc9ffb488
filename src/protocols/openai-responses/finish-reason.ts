import type { FinishReason } from '../canonical.ts';
import { asObject, asString } from '../fields.ts';
import type { JsonObject } from '../protocol.ts';

export interface DecodedFinish {
  readonly reason: FinishReason;
  /** The status, or why it is incomplete. */
  readonly raw: string;
}

/** What the answer holds decides where the status does not: a completed answer with calls waits for their results. */
export interface AnswerShape {
  readonly hasToolCalls: boolean;
  readonly hasRefusal: boolean;
}

/** Undefined for a state that does not end an answer (`failed`, `in_progress`, `queued`, `cancelled`). */
export function decodeFinishReason(response: JsonObject, shape: AnswerShape): DecodedFinish | undefined {
  if (response.status === 'incomplete') {
    const raw = asString(asObject(response.incomplete_details)?.reason) ?? 'incomplete';
    return { reason: incompleteReasons.get(raw) ?? 'other', raw };
  }
  if (response.status !== 'completed') return undefined;
  if (shape.hasToolCalls) return { reason: 'tool-calls', raw: 'completed' };
  return { reason: shape.hasRefusal ? 'refusal' : 'stop', raw: 'completed' };
}

const incompleteReasons: ReadonlyMap<string, FinishReason> = new Map([
  ['max_output_tokens', 'length'],
  ['max_tokens', 'length'],
  ['content_filter', 'content-filter'],
]);

export type IncompleteReason = 'max_output_tokens' | 'content_filter';

/** Undefined when the answer is complete. */
export function encodeFinishReason(reason: FinishReason): IncompleteReason | undefined {
  switch (reason) {
    case 'length':
      return 'max_output_tokens';
    case 'content-filter':
      return 'content_filter';
    case 'stop':
    case 'tool-calls':
    case 'refusal':
    case 'pause':
    case 'other':
      return undefined;
  }
}
