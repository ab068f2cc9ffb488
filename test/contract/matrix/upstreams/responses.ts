import { startResponsesFake } from '../../../support/fake-servers/responses.ts';
import type { FakeAnswer, FakeItem, ResponsesFault } from '../../../support/fake-servers/responses-events.ts';
import type { History, Upstream } from '../upstream.ts';
import { type Answer, type Json, parse, retryAfterSeconds } from '../vocabulary.ts';

interface Item {
  readonly type?: string;
  readonly call_id?: string;
  readonly name?: string;
  readonly arguments?: string;
  readonly output?: string | readonly { readonly text?: string }[];
}

function history(body: Json): History {
  const items = body.input as readonly Item[];
  const results = items.filter(({ type }) => type === 'function_call_output');
  return {
    calls: items.flatMap(({ type, call_id: id, name, arguments: text = '' }) =>
      type === 'function_call' ? [{ id, name, input: parse(text) }] : [],
    ),
    results: results.map(({ call_id: id, output = '' }) => ({
      id,
      text: typeof output === 'string' ? output : output.map(({ text }) => text ?? '').join(''),
    })),
  };
}

/** Created, in progress, item and part opened; two more hold text. */
const contentEvents = 6;

function fault(failure: Answer['failure']): ResponsesFault | undefined {
  switch (failure?.kind) {
    case undefined:
      return undefined;
    case 'status': {
      const headers: Record<string, string> = failure.status === 429 ? { 'retry-after': `${retryAfterSeconds}` } : {};
      return { kind: 'status', status: failure.status, message: failure.message, headers };
    }
    case 'error-event':
      return { kind: 'failed', after: contentEvents, code: 'server_error', message: failure.message };
    case 'cut':
      return { kind: 'cut', after: contentEvents };
    case 'early-end':
      return { kind: 'end', after: contentEvents };
    case 'no-content':
      return { kind: 'end', after: 1 };
  }
}

function fakeAnswer({ reasoning, text, calls, isCut, failure }: Answer): FakeAnswer {
  const items: readonly FakeItem[] = [
    ...(reasoning === undefined ? [] : [{ type: 'reasoning' as const, summary: reasoning }]),
    ...(text === undefined ? [] : [{ type: 'text' as const, text }]),
    ...(calls ?? []).map(({ id, name, input }) => ({
      type: 'call' as const,
      id,
      name,
      arguments: JSON.stringify(input),
    })),
  ];
  const broken = fault(failure);
  return {
    ...(items.length > 0 && { items }),
    ...(isCut === true && { incomplete: 'max_output_tokens' }),
    ...(broken && { fault: broken }),
  };
}

export const responsesUpstream: Upstream = {
  name: 'responses',
  protocol: 'responses',
  lacks: {},
  asksReasoning: /"effort":"low"/,
  tellsRetryAfter: true,
  tells: { input: 25, output: 15, cached: 10, reasoning: 5 },
  seal: /gAAAAA/,
  history,
  async start() {
    const fake = await startResponsesFake();
    return {
      provider: { type: 'openai', api_protocol: 'responses', api_base: fake.url, api_key: 'sk-fake' },
      model: 'gpt-5.1',
      answer: (answer) => fake.answer(fakeAnswer(answer)),
      bodies: fake.bodies,
      close: fake.close,
    };
  },
};
