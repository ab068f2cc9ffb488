import type { FinishReason } from '../canonical.ts';
import type { WireFinishReason } from './wire.ts';

/** OpenAI's words first, then those that compatible servers let slip through from their engines. */
const reasons = new Map<string, FinishReason>([
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool_calls', 'tool-calls'],
  ['function_call', 'tool-calls'],
  ['content_filter', 'content-filter'],
  ['eos', 'stop'],
  ['eos_token', 'stop'],
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['max_tokens', 'length'],
  ['model_length', 'length'],
  ['refusal', 'refusal'],
]);

/**
 * Some servers say `stop` after tool calls; to clients of other protocols that would mean that nothing is left to do.
 */
export function decodeFinishReason(raw: string, hasToolCalls: boolean): FinishReason {
  const reason = reasons.get(raw) ?? 'other';
  return reason === 'stop' && hasToolCalls ? 'tool-calls' : reason;
}

export function encodeFinishReason(reason: FinishReason): WireFinishReason {
  switch (reason) {
    case 'length':
      return 'length';
    case 'tool-calls':
      return 'tool_calls';
    case 'content-filter':
    case 'refusal':
      return 'content_filter';
    case 'stop':
    case 'pause':
    case 'other':
      return 'stop';
  }
}
