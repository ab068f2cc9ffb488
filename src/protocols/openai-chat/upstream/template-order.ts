import { append } from '../../../core/append.ts';
import type { ContentPart, Message } from '../../canonical.ts';

/**
 * The conversation as the chat templates of open models take it: many refuse a system message that is not the first,
 * or two messages of the user in a row. Instructions at the front become one, later ones are told by the user, in
 * place; agents send such reminders in mid-conversation.
 */
export function inTemplateOrder(messages: readonly Message[]): readonly Message[] {
  const first = messages.findIndex((message) => !isInstruction(message));
  const front = messages.slice(0, first === -1 ? messages.length : first);
  const ordered: Message[] = front.length < 2 ? [...front] : [{ role: 'system', content: joinTexts(front) }];
  /** What the user says in the message that stands last, for others to go on with. */
  let open: { readonly name: string | undefined; readonly content: ContentPart[] } | undefined;
  for (const message of messages.slice(front.length)) {
    const told: Message = isInstruction(message) ? { role: 'user', content: message.content } : message;
    if (told.role === 'user' && open !== undefined && open.name === told.name) {
      append(open.content, told.content);
      continue;
    }
    open = told.role === 'user' ? { name: told.name, content: [...told.content] } : undefined;
    ordered.push(open === undefined ? told : { ...told, content: open.content });
  }
  return ordered;
}

function isInstruction({ role }: Message): boolean {
  return role === 'system' || role === 'developer';
}

function joinTexts(messages: readonly Message[]): readonly ContentPart[] {
  const texts = messages.flatMap(({ content }) => content).filter((part) => part.kind === 'text');
  return [{ kind: 'text', text: texts.map(({ text }) => text).join('\n\n') }];
}
