import { append } from '../../../core/append.ts';
import type { Candidate } from '../../../core/model.ts';
import { argumentsText } from '../../call-arguments.ts';
import type { ContentPart, Message, ReasoningPart, ToolResultPart } from '../../canonical.ts';
import { sealText } from '../seal.ts';
import { protocol, type WireInputItem, type WireInputMessage, type WireInputPart } from '../wire.ts';
import { inputPart, outputPart } from './encode-content.ts';

export interface EncodedItems {
  readonly items: readonly WireInputItem[];
  readonly drops: readonly string[];
}

/** Messages as `input` items, in their order: one message becomes several items where it holds calls or reasoning. */
export function encodeItems(messages: readonly Message[], target: Candidate): EncodedItems {
  const drops = new Set<string>();
  const items = messages.flatMap((message) => encodeMessage(message, { target, drop: (name) => drops.add(name) }));
  return { items, drops: [...drops] };
}

interface Surroundings {
  readonly target: Candidate;
  readonly drop: (name: string) => void;
}

function encodeMessage(message: Message, around: Surroundings): readonly WireInputItem[] {
  const items: WireInputItem[] = [];
  if (message.name !== undefined) around.drop('messages.name');
  const isAssistant = message.role === 'assistant';
  let open: WireInputMessage | undefined;
  for (const part of message.content) {
    const own = ownItem(part, around);
    if (own !== undefined) {
      append(items, own);
      open = undefined;
      continue;
    }
    const content = isAssistant ? outputPart(part) : inputPart(part);
    if (content === undefined) {
      around.drop(`${message.role}.${part.kind}`);
      continue;
    }
    if (open === undefined) {
      open = { type: 'message', role: wireRole(message, around.target), content: [] };
      items.push(open);
    }
    open.content.push(content);
  }
  return items;
}

function wireRole(message: Message, target: Candidate): WireInputMessage['role'] {
  if (message.role === 'developer') return target.endpoint.quirks.developerRole === false ? 'system' : 'developer';
  return message.role === 'tool' ? 'user' : message.role;
}

/** Parts that are items of their own; undefined for those that stand in a message. */
function ownItem(part: ContentPart, around: Surroundings): readonly WireInputItem[] | undefined {
  switch (part.kind) {
    case 'reasoning':
      return reasoningItem(part, around);
    case 'tool-call':
      return [{ type: 'function_call', call_id: part.id, name: part.name, arguments: argumentsText(part.arguments) }];
    case 'tool-result':
      return [{ type: 'function_call_output', call_id: part.id, output: encodeOutput(part, around) }];
    case 'text':
    case 'refusal':
    case 'image':
    case 'audio':
    case 'document':
      return undefined;
  }
}

/**
 * Reasoning goes back to the protocol that sealed it. Unsealed, it is taken by local servers only, those that name a
 * field for it; OpenAI refuses the whole request over an item that it did not make.
 */
function reasoningItem(part: ReasoningPart, around: Surroundings): readonly WireInputItem[] {
  const seal = part.seal?.protocol === protocol ? sealText(part.seal, 'reasoning') : undefined;
  if (seal === undefined && (part.text === '' || around.target.endpoint.quirks.reasoningField === undefined)) {
    around.drop('reasoning');
    return [];
  }
  // What the API sealed it showed as a summary, which clients of other protocols cannot tell from reasoning.
  const isSummary = part.text !== '' && (part.isSummary === true || seal !== undefined);
  return [
    {
      type: 'reasoning',
      ...(part.id !== undefined && { id: part.id }),
      summary: isSummary ? [{ type: 'summary_text', text: part.text }] : [],
      ...(!isSummary && part.text !== '' && { content: [{ type: 'reasoning_text' as const, text: part.text }] }),
      ...(seal !== undefined && { encrypted_content: seal }),
    },
  ];
}

function encodeOutput(result: ToolResultPart, around: Surroundings): string | readonly WireInputPart[] {
  if (result.isError === true) around.drop('tool_result.is_error');
  const [first] = result.content;
  if (first === undefined) return '';
  if (result.content.length === 1 && first.kind === 'text') return first.text;
  return result.content.flatMap((part) => {
    const encoded = inputPart(part);
    if (encoded === undefined) around.drop(`tool_result.${part.kind}`);
    return encoded ?? [];
  });
}
