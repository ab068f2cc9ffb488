import type { Candidate, ServedModel } from '../../../../src/core/model.ts';
import { Secret } from '../../../../src/core/secret.ts';
import type { CanonicalRequest, ContentPart, Message, Part } from '../../../../src/protocols/canonical.ts';
import type { AnswerContext, DecodeContext, InboundRoute } from '../../../../src/protocols/protocol.ts';

export const route: InboundRoute = { query: new URLSearchParams(), headers: {} };

const timeouts = { connectMs: 1000, firstTokenMs: 1000, idleMs: 1000, totalMs: 1000 };

export function candidate(upstreamId = 'claude-sonnet-4-5', model: Partial<ServedModel> = {}): Candidate {
  return {
    endpoint: {
      key: 'anthropic@test',
      providerId: 'anthropic',
      type: 'anthropic',
      baseUrl: 'http://127.0.0.1:1/v1',
      auth: 'x-api-key',
      credential: new Secret('sk-ant-test-fake'),
      headers: {},
      timeouts,
      isLocal: false,
      isLoopback: false,
      maxConcurrent: undefined,
      queue: { max: 0, timeoutMs: 0 },
      poolSize: undefined,
      priority: undefined,
      quirks: {},
      settings: {},
    },
    model: {
      id: upstreamId,
      upstreamId,
      type: 'chat',
      context: 200_000,
      isLoaded: undefined,
      pricing: undefined,
      capabilities: undefined,
      protocols: ['messages'],
      isLocal: false,
      created: 0,
      ...model,
    },
  };
}

export function request(fields: Partial<CanonicalRequest> = {}): CanonicalRequest {
  return {
    model: 'any',
    messages: [user('Hello')],
    tools: [],
    stream: false,
    includeUsage: true,
    ...fields,
  };
}

export function textPart(text: string): ContentPart {
  return { kind: 'text', text };
}

export function message(role: Message['role'], ...content: readonly (string | ContentPart)[]): Message {
  return { role, content: content.map((part) => (typeof part === 'string' ? textPart(part) : part)) };
}

export function user(...content: readonly (string | ContentPart)[]): Message {
  return message('user', ...content);
}

export function assistant(...content: readonly (string | ContentPart)[]): Message {
  return message('assistant', ...content);
}

export function call(id: string, name = 'look', argumentsText = '{}'): ContentPart {
  return { kind: 'tool-call', id, name, arguments: argumentsText };
}

export function result(id: string, text = 'done'): Message {
  return message('tool', { kind: 'tool-result', id, content: [textPart(text)] });
}

export const lookTool = { name: 'look', parameters: { type: 'object', properties: {} } };

export function decodeContext(target: Candidate = candidate()): DecodeContext {
  return { target, request: request() };
}

export const answerContext: AnswerContext = {
  requestedModel: 'claude-asked',
  includeUsage: true,
  requestId: 'msg_ours',
  nowMs: 0,
  request: request(),
};

/** Joins the deltas of each block, so that streams which were cut differently compare as equal. */
export function joined(parts: readonly Part[]): readonly Part[] {
  const whole: Part[] = [];
  for (const part of parts) {
    const last = whole.at(-1);
    const continues = part.kind === 'block-delta' && last?.kind === 'block-delta' && last.block === part.block;
    if (continues) whole[whole.length - 1] = { ...last, text: last.text + part.text };
    else whole.push(part);
  }
  return whole;
}
