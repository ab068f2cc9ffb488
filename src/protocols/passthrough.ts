import type { Candidate } from '../core/model.ts';
import { operationTraits } from '../core/operations.ts';
import { remembered } from '../core/remembered.ts';
import type { FormatId } from './protocol.ts';
import { Splice } from './splice.ts';

/** What a request gets on its way although its protocol stays: as little as possible. */
export interface PassthroughEdits {
  readonly target: Candidate;
  readonly stream: boolean;
  readonly systemPrompt: string | undefined;
  /** The client brought a system prompt of its own. */
  readonly hasSystemPrompt: boolean;
}

/** Where a protocol spells one of our parameters (named as chat completions has them) in its own way. */
const spelledParams: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'responses chat': { max_tokens: 'max_output_tokens', max_completion_tokens: 'max_output_tokens' },
  'messages chat': { max_completion_tokens: 'max_tokens', stop: 'stop_sequences' },
};

const idJson = remembered((id) => JSON.stringify(id));

/** The client's bytes with only these top-level values changed. */
export function editBody(format: FormatId, json: Buffer, edits: PassthroughEdits): Buffer {
  const splice = new Splice(json);
  const { protocol, operation } = format;
  const { quirks } = edits.target.endpoint;
  if (protocol !== 'generate_content') splice.set('model', idJson(edits.target.model.upstreamId));
  if (edits.target.params !== undefined) fillParams(splice, format, edits.target.params);
  if (edits.systemPrompt !== undefined && !edits.hasSystemPrompt) addSystemPrompt(format, splice, edits.systemPrompt);
  if (protocol !== 'chat_completions') return splice.apply();
  for (const field of quirks.rejectedFields ?? []) splice.remove(field);
  if (operation === 'chat' && quirks.tokenLimitField !== undefined) renameTokenLimit(splice, quirks.tokenLimitField);
  if (edits.stream && operationTraits[operation].generates && quirks.streamOptions !== false) askForUsage(splice);
  return splice.apply();
}

/** What queries know of the parameters that presets are written in; the rest is about generating. */
const queryParams: ReadonlySet<string> = new Set(['dimensions', 'encoding_format', 'user', 'top_n', 'truncate']);

function fillParams(splice: Splice, format: FormatId, params: Readonly<Record<string, unknown>>): void {
  const isQuery = !operationTraits[format.operation].generates;
  const spelled = spelledParams[`${format.protocol} ${format.operation}`] ?? {};
  for (const [name, value] of Object.entries(params)) {
    if (!isQuery || queryParams.has(name)) splice.fill(spelled[name] ?? name, JSON.stringify(value));
  }
}

function renameTokenLimit(splice: Splice, wanted: 'max_tokens' | 'max_completion_tokens'): void {
  const other = wanted === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
  if (splice.has(wanted)) splice.remove(other);
  else splice.rename(other, wanted);
}

/** Usage is asked for always; the relay takes it out again for a client that did not ask. */
function askForUsage(splice: Splice): void {
  const given = splice.value('stream_options');
  const options = typeof given === 'object' && given !== null && !Array.isArray(given) ? given : {};
  if ((options as { readonly include_usage?: unknown }).include_usage === true) return;
  splice.set('stream_options', JSON.stringify({ ...options, include_usage: true }));
}

function addSystemPrompt(format: FormatId, splice: Splice, prompt: string): void {
  if (format.operation !== 'chat') return;
  if (format.protocol === 'chat_completions')
    splice.prepend('messages', JSON.stringify({ role: 'system', content: prompt }));
  if (format.protocol === 'messages') splice.fill('system', JSON.stringify(prompt));
  if (format.protocol === 'responses') splice.fill('instructions', JSON.stringify(prompt));
}
