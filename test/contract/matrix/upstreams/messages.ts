import { type AnthropicFault, type FakeBlock, startAnthropicFake } from '../../../support/fake-servers/anthropic.ts';
import type { History, Upstream } from '../upstream.ts';
import { type Answer, type Json, retryAfterSeconds } from '../vocabulary.ts';

interface Block {
  readonly type: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly tool_use_id?: string;
  readonly content?: string | readonly { readonly text?: string }[];
}

function history(body: Json): History {
  const messages = body.messages as readonly { readonly content: string | readonly Block[] }[];
  const blocks = messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content));
  const results = blocks.filter(({ type }) => type === 'tool_result');
  return {
    calls: blocks.flatMap(({ type, id, name, input }) => (type === 'tool_use' ? [{ id, name, input }] : [])),
    results: results.map(({ tool_use_id: id, content = '' }) => ({
      id,
      text: typeof content === 'string' ? content : content.map(({ text }) => text ?? '').join(''),
    })),
  };
}

/** The start of message and block and a ping; two more hold text. */
const contentEvents = 5;
const errorTypes = { 400: 'invalid_request_error', 429: 'rate_limit_error', 500: 'api_error' } as const;

function fault(failure: Answer['failure']): AnthropicFault | undefined {
  switch (failure?.kind) {
    case undefined:
      return undefined;
    case 'status': {
      const headers: Record<string, string> = failure.status === 429 ? { 'retry-after': `${retryAfterSeconds}` } : {};
      const { status, message } = failure;
      return { kind: 'status', status, type: errorTypes[status], message, headers };
    }
    case 'error-event':
      return { kind: 'error-event', after: contentEvents, type: 'overloaded_error', message: failure.message };
    case 'cut':
      return { kind: 'cut', after: contentEvents };
    case 'early-end':
      return { kind: 'end', after: contentEvents };
    case 'no-content':
      return { kind: 'end', after: 1 };
  }
}

function blocks({ reasoning, text, calls }: Answer): readonly FakeBlock[] {
  return [
    ...(reasoning === undefined ? [] : [{ type: 'thinking' as const, thinking: reasoning }]),
    ...(text === undefined ? [] : [{ type: 'text' as const, text }]),
    ...(calls ?? []).map(({ id, name, input }) => ({ type: 'tool_use' as const, id, name, input })),
  ];
}

export const messagesUpstream: Upstream = {
  name: 'messages',
  protocol: 'messages',
  lacks: {},
  asksReasoning: /"thinking":\{"type":"enabled"/,
  tellsRetryAfter: true,
  // Of these `input_tokens` counts what the cache did not hold.
  tells: { input: 25, output: 15, cached: 10 },
  seal: /EqQBfake/,
  history,
  async start() {
    const apiKey = 'sk-ant-test-fake';
    const fake = await startAnthropicFake(apiKey);
    return {
      provider: { type: 'anthropic', api_base: fake.url, api_key: apiKey },
      model: 'claude-sonnet-4-5-20250929',
      answer(answer) {
        const made = blocks(answer);
        const broken = fault(answer.failure);
        fake.answer({
          ...(made.length > 0 && { blocks: made }),
          ...(broken && { fault: broken }),
          ...(answer.isCut === true && { stopReason: 'max_tokens' }),
          usage: { input_tokens: 15, cache_read_input_tokens: 10 },
        });
      },
      bodies: fake.bodies,
      close: fake.close,
    };
  },
};
