import type { FinishReason } from '../canonical.ts';
import type { StopReason } from './wire.ts';

const fromWire: Readonly<Record<StopReason, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  refusal: 'refusal',
};

const toWire: Readonly<Record<FinishReason, StopReason>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
  other: 'end_turn',
};

function isStopReason(word: string): word is StopReason {
  return Object.hasOwn(fromWire, word);
}

export function decodeFinishReason(word: string): FinishReason {
  return isStopReason(word) ? fromWire[word] : 'other';
}

export interface Ending {
  readonly reason: FinishReason;
  readonly raw?: string | undefined;
  readonly stopSequence?: string | undefined;
  readonly hasToolCall: boolean;
  readonly hasRefusal: boolean;
}

/** Agents go on only after `tool_use`, and many local servers say `stop` after a tool call: the call itself decides. */
export function encodeFinishReason(ending: Ending): StopReason {
  const { reason, raw } = ending;
  if (raw !== undefined && isStopReason(raw) && fromWire[raw] === reason) return raw;
  if (reason === 'stop' || reason === 'other') {
    if (ending.hasToolCall) return 'tool_use';
    if (ending.hasRefusal) return 'refusal';
    if (ending.stopSequence !== undefined) return 'stop_sequence';
  }
  return toWire[reason];
}
