import type { Part } from '@google/genai';
import { type FakePart, type GeminiFault, startGeminiFake } from '../../../support/fake-servers/gemini.ts';
import type { History, Upstream } from '../upstream.ts';
import { type Answer, type Json, retryAfterSeconds } from '../vocabulary.ts';

function history(body: Json): History {
  const parts = (body.contents as readonly { readonly parts: readonly Part[] }[]).flatMap((content) => content.parts);
  return {
    calls: parts.flatMap(({ functionCall: call }) =>
      call === undefined ? [] : [{ id: call.id, name: call.name, input: call.args }],
    ),
    results: parts.flatMap(({ functionResponse: result }) =>
      result === undefined ? [] : [{ id: result.id, name: result.name, text: JSON.stringify(result.response) }],
    ),
  };
}

const contentChunks = 2;
const words = { 400: 'INVALID_ARGUMENT', 429: 'RESOURCE_EXHAUSTED', 500: 'INTERNAL' } as const;

function fault(failure: Answer['failure']): GeminiFault | undefined {
  switch (failure?.kind) {
    case undefined:
      return undefined;
    case 'status': {
      const { status, message } = failure;
      const wait = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfterSeconds}s` };
      return { kind: 'status', status, word: words[status], message, ...(status === 429 && { details: [wait] }) };
    }
    case 'error-event':
      return { kind: 'error-event', after: contentChunks, status: 503, message: failure.message };
    case 'cut':
      return { kind: 'cut', after: contentChunks };
    case 'early-end':
      return { kind: 'end', after: contentChunks };
    case 'no-content':
      return { kind: 'end', after: 0 };
  }
}

function parts({ reasoning, text, calls }: Answer): readonly FakePart[] {
  return [
    ...(reasoning === undefined ? [] : [{ text: reasoning, thought: true }]),
    ...(text === undefined ? [] : [{ text }]),
    ...(calls ?? []).map(({ id, name, input }) => ({ functionCall: { id, name, args: input } })),
  ];
}

/** Output holds the thoughts, which the provider counts apart. */
const usage = {
  promptTokenCount: 25,
  cachedContentTokenCount: 10,
  candidatesTokenCount: 10,
  thoughtsTokenCount: 5,
  totalTokenCount: 40,
};

export const geminiUpstream: Upstream = {
  name: 'generate_content',
  protocol: 'generate_content',
  lacks: {},
  asksReasoning: /"includeThoughts":true/,
  tellsRetryAfter: true,
  tells: { input: 25, output: 15, cached: 10, reasoning: 5 },
  seal: /RmFrZVNpZw/,
  history,
  async start() {
    const apiKey = 'AIza-test-fake';
    const fake = await startGeminiFake(apiKey);
    return {
      provider: { type: 'gemini', api_base: fake.url, api_key: apiKey },
      model: 'gemini-3-flash-preview',
      answer(answer) {
        const made = parts(answer);
        const broken = fault(answer.failure);
        fake.answer({
          ...(made.length > 0 && { parts: made }),
          ...(broken && { fault: broken }),
          ...(answer.isCut === true && { finishReason: 'MAX_TOKENS' }),
          usage,
        });
      },
      bodies: fake.bodies,
      close: fake.close,
    };
  },
};
