import {
  type BedrockAnswer,
  type BedrockFault,
  type FakeBlock,
  sampleAccount,
  startBedrockFake,
} from '../../../support/fake-servers/bedrock.ts';
import type { History, Upstream } from '../upstream.ts';
import type { Answer, Json } from '../vocabulary.ts';

interface Block {
  readonly toolUse?: { readonly toolUseId: string; readonly name: string; readonly input: unknown };
  readonly toolResult?: { readonly toolUseId: string; readonly content: readonly { readonly text?: string }[] };
}

function history(body: Json): History {
  const blocks = (body.messages as readonly { readonly content: readonly Block[] }[]).flatMap(({ content }) => content);
  return {
    calls: blocks.flatMap(({ toolUse: call }) =>
      call === undefined ? [] : [{ id: call.toolUseId, name: call.name, input: call.input }],
    ),
    results: blocks.flatMap(({ toolResult: result }) =>
      result === undefined
        ? []
        : [{ id: result.toolUseId, text: result.content.map(({ text }) => text ?? '').join('') }],
    ),
  };
}

/** The start of the message; two more hold text. */
const contentEvents = 3;
const exceptions = { 400: 'ValidationException', 429: 'ThrottlingException', 500: 'InternalServerException' } as const;

function fault(failure: Answer['failure']): BedrockFault | undefined {
  switch (failure?.kind) {
    case undefined:
      return undefined;
    case 'status': {
      const { status, message } = failure;
      return { kind: 'status', status, exception: exceptions[status], message };
    }
    case 'error-event':
      return {
        kind: 'exception',
        after: contentEvents,
        exception: 'modelStreamErrorException',
        message: failure.message,
      };
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
    ...(reasoning === undefined ? [] : [{ reasoning, signature: 'c2lnbmVk' }]),
    ...(text === undefined ? [] : [{ text }]),
    ...(calls ?? []).map(({ id, name, input }) => ({ toolUse: { toolUseId: id, name, input } })),
  ];
}

export const converseUpstream: Upstream = {
  name: 'converse',
  protocol: 'converse',
  lacks: {},
  asksReasoning: /"thinking":\{"type":"enabled"/,
  tellsRetryAfter: false,
  // Of these `inputTokens` counts what the cache did not hold.
  tells: { input: 25, output: 15, cached: 10 },
  seal: /c2lnbmVk/,
  history,
  async start() {
    const fake = await startBedrockFake();
    return {
      provider: { type: 'bedrock', api_base: fake.url, settings: { region: sampleAccount.region } },
      environment: {
        AWS_ACCESS_KEY_ID: sampleAccount.accessKeyId,
        AWS_SECRET_ACCESS_KEY: sampleAccount.secretAccessKey,
      },
      model: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
      answer(answer) {
        const made = blocks(answer);
        const broken = fault(answer.failure);
        const bedrock: BedrockAnswer = {
          ...(made.length > 0 && { blocks: made }),
          ...(broken && { fault: broken }),
          ...(answer.isCut === true && { stopReason: 'max_tokens' }),
          usage: { inputTokens: 15, cacheReadInputTokens: 10 },
        };
        fake.answer(bedrock);
      },
      bodies: fake.bodies,
      close: fake.close,
    };
  },
};
