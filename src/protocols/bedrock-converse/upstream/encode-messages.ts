import { append } from '../../../core/append.ts';
import type { Message } from '../../canonical.ts';
import type { ContentBlock, SystemBlock, WireMessage } from '../wire.ts';
import { assistantBlocks, userBlocks } from './encode-content.ts';
import type { Encoding } from './encoding.ts';

export interface EncodedMessages {
  readonly system: readonly SystemBlock[];
  readonly messages: readonly WireMessage[];
}

interface Turn {
  readonly role: WireMessage['role'];
  readonly blocks: ContentBlock[];
  /** Results of calls come first in their turn, whatever stood between them. */
  readonly results: ContentBlock[];
}

/** Stands in where the API wants a user's turn and the conversation has none. */
const placeholder: ContentBlock = { text: 'Continue.' };
/** The API wants some text beside a document. */
const besideDocument: ContentBlock = { text: 'See the document.' };

function isInstruction(message: Message): boolean {
  return message.role === 'system' || message.role === 'developer';
}

function systemBlocks(message: Message, encoding: Encoding): readonly SystemBlock[] {
  return message.content.flatMap((part): readonly SystemBlock[] => {
    if (part.kind !== 'text') {
      encoding.drops.add(`system.${part.kind}`);
      return [];
    }
    if (part.text.trim() === '') return [];
    return [{ text: part.text }, ...encoding.cachePoint(part.cache, 'content')];
  });
}

/** An instruction in the middle of a conversation has no place on this wire: it is told, marked as what it is. */
function markInstruction(block: SystemBlock): ContentBlock {
  return 'text' in block ? { text: `<system>\n${block.text}\n</system>` } : block;
}

/** Turns of alternating roles: neighbours of one role become one turn. */
class Turns {
  readonly all: Turn[] = [];
  readonly #encoding: Encoding;

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  add(message: Message): void {
    switch (message.role) {
      case 'system':
      case 'developer':
        return this.#push('user', systemBlocks(message, this.#encoding).map(markInstruction));
      case 'assistant':
        return this.#push(
          'assistant',
          message.content.flatMap((part) => assistantBlocks(part, this.#encoding)),
        );
      case 'user':
      case 'tool':
        return this.#addUser(message);
    }
  }

  #addUser(message: Message): void {
    for (const part of message.content) {
      const blocks = userBlocks(part, this.#encoding);
      if (part.kind === 'tool-result') append(this.#turn('user').results, blocks);
      else this.#push('user', blocks);
    }
  }

  #push(role: Turn['role'], blocks: readonly ContentBlock[]): void {
    if (blocks.length > 0) append(this.#turn(role).blocks, blocks);
  }

  #turn(role: Turn['role']): Turn {
    const last = this.all.at(-1);
    if (last?.role === role) return last;
    const turn: Turn = { role, blocks: [], results: [] };
    this.all.push(turn);
    return turn;
  }
}

/** Models refuse a prefilled answer that ends in white space; those without prefill are asked to go on instead. */
function closeConversation(turns: Turn[], encoding: Encoding): void {
  const last = turns.at(-1);
  if (last?.role !== 'assistant') return;
  const block = last.blocks.at(-1);
  if (!encoding.traits.prefill || block === undefined || !('text' in block)) {
    turns.push({ role: 'user', blocks: [placeholder], results: [] });
    return;
  }
  last.blocks[last.blocks.length - 1] = { text: block.text.trimEnd() };
}

function toMessage({ role, blocks, results }: Turn): WireMessage {
  const content = [...results, ...blocks];
  const isBareDocument = content.some((block) => 'document' in block) && !content.some((block) => 'text' in block);
  return { role, content: isBareDocument ? [...content, besideDocument] : content };
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
  for (const message of messages.slice(firstTurn)) turns.add(message);
  const { all } = turns;
  if (all[0]?.role !== 'user') all.unshift({ role: 'user', blocks: [placeholder], results: [] });
  closeConversation(all, encoding);
  return { system, messages: all.map(toMessage) };
}
