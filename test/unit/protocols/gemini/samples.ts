import type { Candidate, Endpoint } from '../../../../src/core/model.ts';
import type { CanonicalRequest } from '../../../../src/protocols/canonical.ts';
import type { AnswerContext, DecodeContext, InboundRoute } from '../../../../src/protocols/protocol.ts';

export function targetOf(upstreamId: string, endpoint: Partial<Endpoint> = {}): Candidate {
  return {
    endpoint: {
      key: 'google',
      providerId: 'google',
      type: 'gemini',
      baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
      auth: 'x-goog-api-key',
      credential: undefined,
      headers: {},
      timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
      isLocal: false,
      isLoopback: false,
      maxConcurrent: undefined,
      queue: { max: 1, timeoutMs: 1 },
      poolSize: undefined,
      priority: undefined,
      quirks: {},
      settings: {},
      ...endpoint,
    },
    model: {
      id: upstreamId,
      upstreamId,
      type: 'chat',
      context: undefined,
      isLoaded: undefined,
      pricing: undefined,
      capabilities: undefined,
      protocols: ['generate_content'],
      isLocal: false,
      created: 0,
    },
  };
}

export const vertexSettings = { auth: 'google', settings: { project: 'acme', location: 'global' } } as const;

export function requestOf(fields: Partial<CanonicalRequest> = {}): CanonicalRequest {
  return {
    model: 'm',
    messages: [{ role: 'user', content: [{ kind: 'text', text: 'hi' }] }],
    tools: [],
    stream: false,
    includeUsage: true,
    ...fields,
  };
}

export function routeOf(path: string): InboundRoute {
  const url = new URL(`http://127.0.0.1/v1beta/models/${path}`);
  const last = decodeURIComponent(url.pathname.replace('/v1beta/models/', ''));
  const colon = last.lastIndexOf(':');
  return { model: last.slice(0, colon), action: last.slice(colon + 1), query: url.searchParams, headers: {} };
}

export function decodeContext(upstreamId = 'gemini-2.5-flash', request = requestOf()): DecodeContext {
  return { target: targetOf(upstreamId), request };
}

export const answerContext: AnswerContext = {
  requestedModel: 'asked-for',
  includeUsage: true,
  requestId: 'req-1',
  nowMs: 1_790_000_000_000,
  request: requestOf(),
};
