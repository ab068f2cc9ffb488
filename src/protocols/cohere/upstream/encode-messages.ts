import { append } from '../../../core/append.ts';
import { argumentsText } from '../../call-arguments.ts';
import type { ContentPart, Message, ToolCallPart, ToolResultPart } from '../../canonical.ts';
import { present } from '../../fields.ts';
import type { WireMessage, WireToolCall, WireUserContent } from '../wire.ts';
import {
  encodeAssistantPart,
  encodeResultContent,
  encodeTexts,
  encodeUserPart,
  plainOrParts,
  type TextContent,
} from './encode-content.ts';
import { dropCacheMark, type EncodeState } from './encoding.ts';

/** Asked for where the conversation ends with the assistant: the API wants the last word to be someone else's. */
const goOn = 'Continue.';

/**
 * The conversation by the API's rules: one instruction, at the beginning; results directly after their calls. Later
 * instructions are told in the user's turn, marked as what they are. Images in results follow in a user's message.
 */
export function encodeMessages(messages: readonly Message[], state: EncodeState): readonly WireMessage[] {
  const firstTurn = messages.findIndex((message) => !isInstruction(message));
  const leading = messages.slice(0, firstTurn === -1 ? messages.length : firstTurn);
  const instruction = leading.flatMap((message) => encodeTexts(message.content, state));
  // Nothing but instructions: someone must say something, so they are what the user says.
  if (firstTurn === -1) return [{ role: 'user', content: plainOrParts(instruction) }];
  const turns = new Turns(state);
  for (const message of messages.slice(firstTurn)) turns.add(message);
  const system: readonly WireMessage[] =
    instruction.length === 0 ? [] : [{ role: 'system', content: plainOrParts(instruction) }];
  return [...system, ...turns.close()];
}

function isInstruction({ role }: Message): boolean {
  return role === 'system' || role === 'developer';
}

class Turns {
  readonly #state: EncodeState;
  readonly #messages: WireMessage[] = [];
  /** Images of results, which wait until all results of their turn have been told. */
  #attachments: ContentPart[] = [];

  constructor(state: EncodeState) {
    this.#state = state;
  }

  add(message: Message): void {
    if (message.name !== undefined) this.#state.drops.add('messages.name');
    switch (message.role) {
      case 'system':
      case 'developer':
        return this.#user(encodeTexts(message.content, this.#state).map(markInstruction));
      case 'assistant':
        return this.#assistant(message);
      case 'user':
      case 'tool':
        return this.#usersTurn(message);
    }
  }

  close(): readonly WireMessage[] {
    this.#user([]);
    if (this.#messages.at(-1)?.role === 'assistant') this.#messages.push({ role: 'user', content: goOn });
    return this.#messages;
  }

  #usersTurn({ content }: Message): void {
    for (const part of content) if (part.kind === 'tool-result') this.#result(part);
    const rest = content.filter((part) => part.kind !== 'tool-result');
    if (rest.length > 0) this.#user(rest.flatMap((part) => encodeUserPart(part, this.#state)));
  }

  #result(result: ToolResultPart): void {
    const { drops } = this.#state;
    if (result.isError === true) drops.add('tool_result.is_error');
    dropCacheMark(result.cache, this.#state);
    const content = encodeResultContent(result, this.#state);
    this.#messages.push({
      role: 'tool',
      tool_call_id: result.id,
      content: content.length === 0 ? '' : plainOrParts(content),
    });
    const media = result.content.filter((part) => part.kind !== 'text' && part.kind !== 'document');
    if (media.length === 0) return;
    const text = `Attached to the result of ${result.name ?? result.id}:`;
    this.#attachments.push({ kind: 'text', text });
    append(this.#attachments, media);
  }

  #user(content: readonly WireUserContent[]): void {
    const waiting = this.#attachments.flatMap((part) => encodeUserPart(part, this.#state));
    this.#attachments = [];
    const all = [...waiting, ...content];
    if (all.length > 0) this.#messages.push({ role: 'user', content: plainOrParts(all) });
  }

  /** Text beside calls is what the API calls the plan of the calls. */
  #assistant({ content }: Message): void {
    this.#user([]);
    const calls = content.filter((part) => part.kind === 'tool-call');
    const parts = content.flatMap((part) => encodeAssistantPart(part, this.#state));
    for (const call of calls) dropCacheMark(call.cache, this.#state);
    if (calls.length === 0) {
      if (parts.length > 0) this.#messages.push({ role: 'assistant', content: plainOrParts(parts) });
      return;
    }
    const plan = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
    const thinking = parts.filter((part) => part.type === 'thinking');
    this.#messages.push(
      present({
        role: 'assistant' as const,
        tool_plan: plan === '' ? undefined : plan,
        tool_calls: calls.map(encodeCall),
        content: thinking.length === 0 ? undefined : thinking,
      }),
    );
  }
}

function markInstruction({ text }: TextContent): TextContent {
  return { type: 'text', text: `<system>\n${text}\n</system>` };
}

function encodeCall(call: ToolCallPart): WireToolCall {
  const { id, name, arguments: given } = call;
  return { id, type: 'function', function: { name, arguments: argumentsText(given) } };
}
