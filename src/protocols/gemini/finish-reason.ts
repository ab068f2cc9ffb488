import type { FinishReason } from '../canonical.ts';
import type { WireFinishReason } from './wire.ts';

/** Google's words; one that is not listed is `other`. */
const reasons: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  IMAGE_RECITATION: 'content-filter',
  MODEL_ARMOR: 'content-filter',
  CONTINUATION: 'pause',
};

/** Endings that are failures of the model rather than answers, as long as nothing came before them. */
const failures = new Set(['MALFORMED_FUNCTION_CALL', 'MALFORMED_RESPONSE', 'UNEXPECTED_TOOL_CALL', 'NO_IMAGE']);

/** A call ends a turn with STOP like any other answer; the canonical form tells them apart. */
export function decodeFinishReason(word: string, hasToolCalls: boolean): FinishReason {
  const reason = reasons[word] ?? 'other';
  return reason === 'stop' && hasToolCalls ? 'tool-calls' : reason;
}

export function isFailedFinish(word: string): boolean {
  return failures.has(word);
}

export function encodeFinishReason(reason: FinishReason): WireFinishReason {
  switch (reason) {
    case 'stop':
    case 'tool-calls':
    case 'pause':
      return 'STOP';
    case 'length':
      return 'MAX_TOKENS';
    case 'content-filter':
    case 'refusal':
      return 'SAFETY';
    case 'other':
      return 'OTHER';
  }
}
