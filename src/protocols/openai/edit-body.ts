import { fillParams, fillQueryParams, setModel } from '../passthrough.ts';
import type { PassthroughEdits } from '../protocol.ts';
import type { Splice } from '../splice.ts';

/** Edits a chat that is passed through; its target's quirks are those that encoding a request respects. */
export function editChat(splice: Splice, edits: PassthroughEdits): void {
  const { target, systemPrompt } = edits;
  const { tokenLimitField } = target.endpoint.quirks;
  setModel(splice, target);
  fillParams(splice, target.params);
  if (systemPrompt !== undefined && !edits.hasSystemPrompt) {
    splice.prepend('messages', JSON.stringify({ role: 'system', content: systemPrompt }));
  }
  removeRejected(splice, edits);
  if (tokenLimitField !== undefined) renameTokenLimit(splice, tokenLimitField);
  askForUsage(splice, edits);
}

/** The same for a legacy completion, which has no place for a system prompt. */
export function editCompletion(splice: Splice, edits: PassthroughEdits): void {
  setModel(splice, edits.target);
  fillParams(splice, edits.target.params);
  removeRejected(splice, edits);
  askForUsage(splice, edits);
}

/** The same for embeddings and reranking. */
export function editQuery(splice: Splice, edits: PassthroughEdits): void {
  setModel(splice, edits.target);
  fillQueryParams(splice, edits.target.params);
  removeRejected(splice, edits);
}

function removeRejected(splice: Splice, { target }: PassthroughEdits): void {
  for (const field of target.endpoint.quirks.rejectedFields ?? []) splice.remove(field);
}

function renameTokenLimit(splice: Splice, wanted: 'max_tokens' | 'max_completion_tokens'): void {
  const other = wanted === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
  if (splice.has(wanted)) splice.remove(other);
  else splice.rename(other, wanted);
}

/** Usage is asked for always; the relay takes it out again for a client that did not ask. */
function askForUsage(splice: Splice, { stream, target }: PassthroughEdits): void {
  if (!stream || target.endpoint.quirks.streamOptions === false) return;
  const given = splice.value('stream_options');
  const options = typeof given === 'object' && given !== null && !Array.isArray(given) ? given : {};
  if ((options as { readonly include_usage?: unknown }).include_usage === true) return;
  splice.set('stream_options', JSON.stringify({ ...options, include_usage: true }));
}
