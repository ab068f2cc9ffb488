import { type CohereAnswer, type CohereFault, startCohereFake } from '../../../support/fake-servers/cohere.ts';
import type { Upstream } from '../upstream.ts';
import { type Answer, retryAfterSeconds } from '../vocabulary.ts';
import { chatHistory } from './chat.ts';

/** The start of message and content; two more hold text. */
const contentEvents = 4;

function fault(failure: Answer['failure']): CohereFault | undefined {
  switch (failure?.kind) {
    case undefined:
      return undefined;
    case 'status': {
      const headers: Record<string, string> = failure.status === 429 ? { 'retry-after': `${retryAfterSeconds}` } : {};
      return { kind: 'status', status: failure.status, message: failure.message, headers };
    }
    case 'error-event':
      return { kind: 'error-finish', after: contentEvents, reason: 'ERROR', message: failure.message };
    case 'cut':
      return { kind: 'cut', after: contentEvents };
    case 'early-end':
      return { kind: 'end', after: contentEvents };
    case 'no-content':
      return { kind: 'end', after: 1 };
  }
}

function cohereAnswer({ reasoning, text, calls, isCut, failure }: Answer): CohereAnswer {
  const broken = fault(failure);
  return {
    ...(reasoning !== undefined && { thinking: reasoning }),
    ...(text !== undefined && { text }),
    ...(calls && { calls: calls.map(({ id, name, input }) => ({ id, name, arguments: JSON.stringify(input) })) }),
    ...(broken && { fault: broken }),
    ...(isCut === true && { finishReason: 'MAX_TOKENS' }),
    usage: { tokens: { input_tokens: 25, output_tokens: 15 }, cached_tokens: 10 },
  };
}

export const cohereUpstream: Upstream = {
  name: 'cohere',
  protocol: 'cohere',
  lacks: {},
  asksReasoning: /"thinking":\{"type":"enabled"/,
  tellsRetryAfter: true,
  tells: { input: 25, output: 15, cached: 10 },
  // Its calls and results stand as in chat completions.
  history: chatHistory,
  async start() {
    const apiKey = 'co-test-fake-key';
    const fake = await startCohereFake(apiKey);
    return {
      provider: { type: 'cohere', api_base: fake.url, api_key: apiKey },
      model: 'command-a-reasoning-08-2025',
      answer: (answer) => fake.answer(cohereAnswer(answer)),
      bodies: fake.bodies,
      close: fake.close,
    };
  },
};
