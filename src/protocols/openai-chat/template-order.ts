import type { ContentPart, Message } from '../canonical.ts';

/**
 * The conversation as the chat templates of open models take it: many refuse a system message that is not the first,
 * or two messages of the user in a row. Instructions at the front become one, later ones are told by the user, in
 * place; agents send such reminders in mid-conversation.
 */
export function inTemplateOrder(messages: readonly Message[]): readonly Message[] {
  const first = messages.findIndex((message) => !isInstruction(message));
  const front = messages.slice(0, first === -1 ? messages.length : first);
  const ordered: Message[] = front.length < 2 ? [...front] : [{ role: 'system', content: joinTexts(front) }];
  for (const message of messages.slice(front.length)) {
    const told: Message = isInstruction(message) ? { role: 'user', content: message.content } : message;
    const before = ordered.at(-1);
    if (before?.role === 'user' && told.role === 'user' && before.name === told.name) {
      ordered[ordered.length - 1] = { ...before, content: [...before.content, ...told.content] };
    } else ordered.push(told);
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
