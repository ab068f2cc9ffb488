import { GatewayError } from '../../core/errors.ts';
import type { Candidate } from '../../core/model.ts';
import { asObject, asText } from '../fields.ts';
import { fillParams, setModel } from '../passthrough.ts';
import type { EventMeaning, Inspector, JsonObject, PassthroughEdits } from '../protocol.ts';
import type { Splice } from '../splice.ts';
import { hasBillingBlock } from './client/decode-messages.ts';
import { classifyError, classifyEvent } from './errors.ts';
import { namesKeptState } from './kept-state.ts';
import { hasForeignReasoning } from './seal.ts';
import { checkAnswer } from './upstream/decode-response.ts';
import { decodeUsage, mergeUsage } from './usage.ts';
import { formatId } from './wire.ts';

const preamble: EventMeaning = { kind: 'preamble' };
const content: EventMeaning = { kind: 'content' };

/** Deltas that show something; signatures and citations alone do not. */
const contentDeltas: ReadonlySet<unknown> = new Set(['text_delta', 'thinking_delta', 'input_json_delta']);
/** Blocks that are content as soon as they start. */
const contentStarts: ReadonlySet<unknown> = new Set(['tool_use', 'server_tool_use', 'redacted_thinking']);

type Meaning = (event: JsonObject) => EventMeaning;

const meaningOf: ReadonlyMap<unknown, Meaning> = new Map<unknown, Meaning>([
  ['message_start', (event) => ({ kind: 'preamble', usage: decodeUsage(asObject(event.message)?.usage) })],
  [
    'content_block_start',
    (event) => {
      const block = asObject(event.content_block);
      return contentStarts.has(block?.type) || asText(block?.text) !== undefined ? content : preamble;
    },
  ],
  ['content_block_delta', (event) => (contentDeltas.has(asObject(event.delta)?.type) ? content : preamble)],
  [
    'message_delta',
    (event) => {
      const usage = decodeUsage(event.usage);
      if (asText(asObject(event.delta)?.stop_reason) !== undefined) return { kind: 'finish', usage };
      return usage === undefined ? preamble : { kind: 'usage', usage };
    },
  ],
  ['message_stop', () => ({ kind: 'end' })],
]);

function parse(data: string): JsonObject | GatewayError {
  try {
    return asObject(JSON.parse(data)) ?? {};
  } catch (thrown) {
    return new GatewayError('upstream_invalid', 'The upstream sent an event that is not JSON.', {
      detail: data.slice(0, 200),
      cause: thrown,
    });
  }
}

function meaning(event: string, data: string, target: Candidate): EventMeaning {
  const body = parse(data);
  if (body instanceof GatewayError) return { kind: 'error', error: body };
  if (event === 'error' || body.type === 'error') return { kind: 'error', error: classifyEvent(body, target) };
  return meaningOf.get(body.type)?.(body) ?? preamble;
}

const spellings = { max_completion_tokens: 'max_tokens', stop: 'stop_sequences' };

function edit(splice: Splice, { target, systemPrompt, hasSystemPrompt }: PassthroughEdits): void {
  setModel(splice, target);
  fillParams(splice, target.params, spellings);
  if (systemPrompt !== undefined && !hasSystemPrompt) splice.fill('system', JSON.stringify(systemPrompt));
}

/**
 * `message_delta` may tell only the output's tokens; the input's then stand in `message_start`, so readers of a stream
 * keep what they already know for the counts that a later event gives as 0.
 */
export const inspector: Inspector = {
  id: formatId,
  path: () => '/messages',
  meaning,
  answer(body, target) {
    checkAnswer(body, target);
    return { usage: decodeUsage(body.usage) };
  },
  headers: { 'anthropic-version': '2023-06-01' },
  mustTranslate: (body, { model }) =>
    hasForeignReasoning(body) || (model.isLocal && (hasBillingBlock(body) || namesKeptState(body))),
  edit,
  mergeUsage,
  interesting: /"(?:message_delta|message_stop|error)"|^event: ?error/m,
  classifyError,
};
