import type { FinishReason } from '../canonical.ts';
import type { WireChoice } from './wire.ts';

export function encodeFinishReason(reason: FinishReason): NonNullable<WireChoice['finish_reason']> {
  switch (reason) {
    case 'length':
      return 'length';
    case 'content-filter':
    case 'refusal':
      return 'content_filter';
    case 'stop':
    case 'tool-calls':
    case 'pause':
    case 'other':
      return 'stop';
  }
}
