import { operationTraits } from '../../core/operations.ts';
import type { FormatId } from '../protocol.ts';

/** What is passed on between OpenAI's clients and servers of the same kind, without a form of our own in between. */
export const mediaOperations = [
  'speech',
  'transcriptions',
  'translations',
  'images',
  'image_edits',
  'moderations',
] as const;
export type MediaOperation = (typeof mediaOperations)[number];

export function mediaFormat(operation: MediaOperation): FormatId {
  return { protocol: 'chat_completions', operation };
}

/** Below an upstream's base, which brings its own version. */
export function mediaPath(operation: MediaOperation): string {
  return operationTraits[operation].path.replace(/^\/v1/, '');
}

/** What an answer may be other than JSON: audio, or a transcript as plain text, SubRip or WebVTT. */
export const answersInBytes: ReadonlySet<MediaOperation> = new Set(['speech', 'transcriptions', 'translations']);
