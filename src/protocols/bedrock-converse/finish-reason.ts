import type { FinishReason } from '../canonical.ts';

/** The API's own words, and those that Claude's newest models put in their place. */
const reasons: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool-calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  content_filtered: 'content-filter',
  guardrail_intervened: 'content-filter',
  malformed_model_output: 'other',
  malformed_tool_use: 'other',
  refusal: 'refusal',
  pause_turn: 'pause',
};

export function decodeFinishReason(word: string): FinishReason {
  return Object.hasOwn(reasons, word) ? (reasons[word] ?? 'other') : 'other';
}
