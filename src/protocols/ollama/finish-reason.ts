import type { FinishReason } from '../canonical.ts';

/** The wire has two words: all that is not cut by a limit has stopped. */
export function encodeFinishReason(reason: FinishReason): 'stop' | 'length' {
  switch (reason) {
    case 'length':
      return 'length';
    case 'stop':
    case 'tool-calls':
    case 'content-filter':
    case 'refusal':
    case 'pause':
    case 'other':
      return 'stop';
  }
}
