import { startChatFake } from '../../../support/fake-servers/chat.ts';
import type { ChatFault, FakeAnswer } from '../../../support/fake-servers/chat-answers.ts';
import type { History, Upstream } from '../upstream.ts';
import { type Answer, type Failure, type Json, parse, retryAfterSeconds } from '../vocabulary.ts';

interface Message {
  readonly role: string;
  readonly content?: string | readonly { readonly text?: string }[] | null;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly { readonly id: string; readonly function: { name: string; arguments: string } }[];
}

export function chatHistory(body: Json): History {
  const messages = (body.messages ?? []) as readonly Message[];
  const calls = messages.flatMap((message) => message.tool_calls ?? []);
  return {
    calls: calls.map(({ id, function: { name, arguments: text } }) => ({ id, name, input: parse(text) })),
    results: messages
      .filter(({ role }) => role === 'tool')
      .map(({ tool_call_id: id, content }) => ({ id, text: textOf(content) })),
  };
}

function textOf(content: Message['content']): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map(({ text }) => text ?? '').join('');
}

/** The chunk with the role comes first; two more hold content. */
const contentChunks = 3;

function chatFault(failure: Failure, before: number): ChatFault {
  const after = contentChunks + before;
  switch (failure.kind) {
    case 'status': {
      const headers: Record<string, string> = failure.status === 429 ? { 'retry-after': `${retryAfterSeconds}` } : {};
      return { kind: 'status', status: failure.status, message: failure.message, headers };
    }
    case 'error-event':
      return { kind: 'error-event', after, message: failure.message };
    case 'cut':
      return { kind: 'cut', after };
    case 'early-end':
      return { kind: 'end', after };
    case 'no-content':
      return { kind: 'end', after: before };
  }
}

/** `before` counts the chunks that a provider sends ahead of every answer. */
export function fakeChatAnswer({ reasoning, text, calls, isCut, failure }: Answer, before = 0): FakeAnswer {
  return {
    reasoning,
    text,
    calls: calls?.map(({ id, name, input }) => ({ id, name, arguments: JSON.stringify(input) })),
    finishReason: isCut === true ? 'length' : undefined,
    fault: failure === undefined ? undefined : chatFault(failure, before),
  };
}

export const chatUpstream: Upstream = {
  name: 'chat_completions',
  protocol: 'chat_completions',
  lacks: {},
  asksReasoning: /"reasoning_effort":"low"/,
  tellsRetryAfter: true,
  tells: { input: 25, output: 15, cached: 10, reasoning: 5 },
  history: chatHistory,
  async start() {
    const fake = await startChatFake();
    return {
      provider: { type: 'openai', api_protocol: 'chat_completions', api_base: fake.url, api_key: 'sk-fake' },
      model: 'gpt-5.1',
      answer: (answer) => fake.answer(fakeChatAnswer(answer)),
      bodies: fake.bodies,
      close: fake.close,
    };
  },
};
