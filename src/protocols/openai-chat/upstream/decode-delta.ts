import { asArray, asNumber, asObject, asString, asText, isObject } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';
import type { ThinkTagSplitter } from '../../think-tags.ts';
import { decodeCallSeal, decodeDetails, reasoningText } from '../reasoning.ts';
import type { ChoiceBlocks } from './choice-blocks.ts';
import { contentPieces } from './decode-response.ts';

/** One choice of a stream that is being decoded. */
export interface ChoiceState {
  readonly blocks: ChoiceBlocks;
  /** Until the server shows that it tells reasoning from text itself. */
  tags: ThinkTagSplitter | undefined;
  /** A server that sends reasoning as plain text repeats it in its details. */
  hasPlainReasoning: boolean;
}

/** One for each field of a delta, in the order a server that sends several at once means them. */
type DeltaHandler = (delta: JsonObject, state: ChoiceState) => void;

const deltaHandlers: readonly DeltaHandler[] = [
  readReasoning,
  readSeals,
  readContent,
  readRefusal,
  readCalls,
  readLegacyCall,
];

function readReasoning(delta: JsonObject, state: ChoiceState): void {
  const plain = reasoningText(delta);
  if (plain !== undefined) state.hasPlainReasoning = true;
  const text = plain ?? (state.hasPlainReasoning ? '' : detailsText(delta));
  if (text === '') return;
  state.tags = undefined;
  state.blocks.text('reasoning', text);
}

function detailsText(delta: JsonObject): string {
  return decodeDetails(delta.reasoning_details)
    .map((part) => part.text)
    .join('');
}

function readSeals(delta: JsonObject, { blocks }: ChoiceState): void {
  for (const { seal } of decodeDetails(delta.reasoning_details)) if (seal !== undefined) blocks.seal(seal);
}

function readContent(delta: JsonObject, state: ChoiceState): void {
  for (const piece of contentPieces(delta.content)) {
    const runs = piece.kind === 'text' && state.tags !== undefined ? state.tags.push(piece.text) : [piece];
    for (const run of runs) state.blocks.text(run.kind, run.text);
  }
}

function readRefusal(delta: JsonObject, { blocks }: ChoiceState): void {
  blocks.text('refusal', asString(delta.refusal) ?? '');
}

function readCalls(delta: JsonObject, state: ChoiceState): void {
  const calls = asArray(delta.tool_calls).filter(isObject);
  if (calls.length > 0) endTags(state);
  calls.forEach((call, position) => {
    const named = asObject(call.function);
    const given = named?.arguments;
    state.blocks.call({
      index: asNumber(call.index) ?? position,
      id: asText(call.id),
      name: asText(named?.name),
      arguments: isObject(given) ? JSON.stringify(given) : (asString(given) ?? ''),
      seal: decodeCallSeal(call),
    });
  });
}

function readLegacyCall(delta: JsonObject, { blocks }: ChoiceState): void {
  const call = asObject(delta.function_call);
  if (call === undefined) return;
  const name = asText(call.name);
  blocks.call({ index: 0, id: undefined, name, arguments: asString(call.arguments) ?? '', seal: undefined });
}

/** Lets go of what was held back as the beginning of a tag. */
export function endTags(state: ChoiceState): void {
  for (const run of state.tags?.end() ?? []) state.blocks.text(run.kind, run.text);
  state.tags = undefined;
}

export function readDelta(delta: JsonObject, state: ChoiceState): void {
  for (const handle of deltaHandlers) handle(delta, state);
}
