import { append } from '../../../core/append.ts';
import type { Message } from '../../canonical.ts';
import type { Encoding } from '../../claude/encoding.ts';
import type { ContentBlockParam, MessageParam, TextBlockParam } from '../wire.ts';
import { assistantBlocks, userBlocks } from './encode-content.ts';

export interface EncodedMessages {
  readonly system: TextBlockParam[];
  readonly messages: MessageParam[];
}

interface Turn {
  readonly role: 'user' | 'assistant' | 'system';
  readonly blocks: ContentBlockParam[];
  /** Results of calls come first in their turn, whatever stood between them. */
  readonly results: ContentBlockParam[];
}

/** Stands in where the API wants a user's turn and the conversation has none. */
const placeholder: TextBlockParam = { type: 'text', text: 'Continue.' };

function isInstruction(message: Message): boolean {
  return message.role === 'system' || message.role === 'developer';
}

function systemBlocks(message: Message, encoding: Encoding): TextBlockParam[] {
  return message.content.flatMap((part) => {
    if (part.kind === 'text') {
      return part.text.trim() === '' ? [] : [{ type: 'text' as const, text: part.text, ...encoding.cache(part.cache) }];
    }
    encoding.drops.add(`system.${part.kind}`);
    return [];
  });
}

/** Turns of alternating roles: neighbours of one role become one turn. */
class Turns {
  readonly all: Turn[] = [];
  readonly #encoding: Encoding;

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  add(message: Message, next: Message | undefined): void {
    switch (message.role) {
      case 'system':
      case 'developer':
        return this.#addInstruction(message, next);
      case 'assistant': {
        const blocks = message.content.flatMap((part) => assistantBlocks(part, this.#encoding));
        if (blocks.length > 0) append(this.#turn('assistant').blocks, blocks);
        return;
      }
      case 'user':
      case 'tool':
        return this.#addUser(message);
    }
  }

  #turn(role: Turn['role']): Turn {
    const last = this.all.at(-1);
    if (last?.role === role) return last;
    const turn: Turn = { role, blocks: [], results: [] };
    this.all.push(turn);
    return turn;
  }

  #addUser(message: Message): void {
    for (const part of message.content) {
      const blocks = userBlocks(part, this.#encoding);
      if (blocks.length === 0) continue;
      const turn = this.#turn('user');
      append(part.kind === 'tool-result' ? turn.results : turn.blocks, blocks);
    }
  }

  /**
   * The newest models take an instruction in place, but only between a user's and an assistant's turn (or at the end).
   * Elsewhere, and for all others, it is told in the user's turn, marked as what it is.
   */
  #addInstruction(message: Message, next: Message | undefined): void {
    const blocks = systemBlocks(message, this.#encoding);
    if (blocks.length === 0) return;
    const last = this.all.at(-1)?.role;
    const fits = (last === 'user' || last === 'system') && (next === undefined || next.role === 'assistant');
    if (this.#encoding.traits.midSystem && fits) append(this.#turn('system').blocks, blocks);
    else append(this.#turn('user').blocks, blocks.map(markInstruction));
  }
}

function markInstruction(block: TextBlockParam): TextBlockParam {
  return { ...block, text: `<system>\n${block.text}\n</system>` };
}

/** For each message the next one that is not an instruction: neighbouring instructions share one place. */
function nextTurns(messages: readonly Message[]): readonly (Message | undefined)[] {
  let next: Message | undefined;
  const fromLast = messages.toReversed().map((message) => {
    const following = next;
    if (!isInstruction(message)) next = message;
    return following;
  });
  return fromLast.toReversed();
}

/** Models refuse a prefilled answer that ends in white space; those without prefill are asked to go on instead. */
function closeConversation(turns: Turn[], encoding: Encoding): void {
  const last = turns.at(-1);
  if (last?.role !== 'assistant') return;
  if (!encoding.traits.prefill) {
    turns.push({ role: 'user', blocks: [placeholder], results: [] });
    return;
  }
  const block = last.blocks.at(-1);
  if (block?.type === 'text') last.blocks[last.blocks.length - 1] = { ...block, text: block.text.trimEnd() };
}

function toMessage(turn: Turn): MessageParam {
  if (turn.role !== 'system') return { role: turn.role, content: [...turn.results, ...turn.blocks] };
  return { role: 'system', content: turn.blocks.filter((block) => block.type === 'text') };
}

/**
 * The conversation by the API's rules: leading instructions become `system`, roles alternate and begin with the user,
 * the results of parallel calls stand together, first in the user's turn that follows the calls.
 */
export function encodeMessages(messages: readonly Message[], encoding: Encoding): EncodedMessages {
  const firstTurn = messages.findIndex((message) => !isInstruction(message));
  const leading = firstTurn === -1 ? messages : messages.slice(0, firstTurn);
  const system = leading.flatMap((message) => systemBlocks(message, encoding));
  // Nothing but instructions: the API wants a user's turn, so they are what the user says.
  if (firstTurn === -1) return { system: [], messages: [{ role: 'user', content: system }] };
  const turns = new Turns(encoding);
  const rest = messages.slice(firstTurn);
  const next = nextTurns(rest);
  rest.forEach((message, index) => {
    turns.add(message, next[index]);
  });
  const all = turns.all;
  if (all[0]?.role !== 'user') all.unshift({ role: 'user', blocks: [placeholder], results: [] });
  closeConversation(all, encoding);
  return { system, messages: all.map(toMessage) };
}
