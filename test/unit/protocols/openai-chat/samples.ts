import type { Candidate, EndpointQuirks, ServedModel } from '../../../../src/core/model.ts';
import type { CanonicalRequest, ContentPart, Message } from '../../../../src/protocols/canonical.ts';
import type { AnswerContext, InboundRoute } from '../../../../src/protocols/protocol.ts';

interface Options {
  readonly quirks?: EndpointQuirks;
  readonly model?: Partial<ServedModel>;
  readonly type?: string;
  readonly baseUrl?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** A hosted model of a generic OpenAI-compatible provider, unless told otherwise. */
export function candidate({
  quirks = {},
  model = {},
  type = 'openai',
  baseUrl = 'https://api.example/v1',
  settings = {},
}: Options = {}): Candidate {
  return {
    endpoint: {
      key: 'sample https://api.example/v1',
      providerId: 'sample',
      type,
      baseUrl,
      auth: 'bearer',
      credential: undefined,
      headers: {},
      timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
      isLocal: false,
      isLoopback: false,
      maxConcurrent: undefined,
      queue: { max: 0, timeoutMs: 0 },
      poolSize: undefined,
      priority: undefined,
      quirks,
      settings,
    },
    model: {
      id: 'sample',
      upstreamId: 'sample',
      type: 'chat',
      context: undefined,
      isLoaded: undefined,
      pricing: undefined,
      capabilities: undefined,
      protocols: ['chat_completions'],
      isLocal: false,
      created: 0,
      ...model,
    },
  };
}

export const localModel: Partial<ServedModel> = { isLocal: true };

export function request(fields: Partial<CanonicalRequest> = {}): CanonicalRequest {
  return { model: 'sample', messages: [user('Hi')], tools: [], stream: false, includeUsage: false, ...fields };
}

export function user(...content: readonly (string | ContentPart)[]): Message {
  return { role: 'user', content: content.map(toPart) };
}

export function assistant(...content: readonly (string | ContentPart)[]): Message {
  return { role: 'assistant', content: content.map(toPart) };
}

function toPart(content: string | ContentPart): ContentPart {
  return typeof content === 'string' ? { kind: 'text', text: content } : content;
}

export function answerContext(fields: Partial<AnswerContext> = {}): AnswerContext {
  return {
    requestedModel: 'asked',
    includeUsage: true,
    requestId: 'chatcmpl-ours',
    nowMs: 1_700_000_000_500,
    request: request(),
    ...fields,
  };
}

export const route: InboundRoute = { query: new URLSearchParams(), headers: {} };
