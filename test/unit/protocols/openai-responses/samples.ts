import OpenAI from 'openai';
import type { Candidate, EndpointQuirks } from '../../../../src/core/model.ts';
import type { CanonicalRequest, Part } from '../../../../src/protocols/canonical.ts';
import { streamDecoder } from '../../../../src/protocols/openai-responses/upstream/decode-stream.ts';
import type { AnswerContext, InboundRoute, JsonObject } from '../../../../src/protocols/protocol.ts';

export const route: InboundRoute = { query: new URLSearchParams(), headers: {} };

/** An upstream of this protocol. */
export function target(quirks: EndpointQuirks = {}): Candidate {
  return {
    endpoint: {
      key: 'openai http://127.0.0.1:9/v1',
      providerId: 'openai',
      type: 'openai',
      baseUrl: 'http://127.0.0.1:9/v1',
      auth: 'bearer',
      credential: undefined,
      headers: {},
      timeouts: { connectMs: 1000, firstTokenMs: 1000, idleMs: 1000, totalMs: 1000 },
      isLocal: false,
      isLoopback: false,
      maxConcurrent: undefined,
      queue: { max: 1, timeoutMs: 1000 },
      poolSize: undefined,
      priority: undefined,
      quirks,
      settings: {},
    },
    model: {
      id: 'gpt',
      upstreamId: 'gpt-5.1',
      type: 'chat',
      context: undefined,
      isLoaded: undefined,
      sizeBytes: undefined,
      pricing: undefined,
      capabilities: undefined,
      protocols: ['responses'],
      isLocal: false,
      created: 0,
    },
  };
}

export function request(fields: Partial<CanonicalRequest> = {}): CanonicalRequest {
  return {
    model: 'gpt',
    messages: [{ role: 'user', content: [{ kind: 'text', text: 'hi' }] }],
    tools: [],
    stream: false,
    includeUsage: true,
    ...fields,
  };
}

export function answerContext(fields: Partial<CanonicalRequest> = {}): AnswerContext {
  return {
    requestedModel: 'gpt',
    includeUsage: true,
    requestId: 'req_01JXYZ',
    nowMs: 1_763_600_000_500,
    request: request(fields),
  };
}

export function decodeStream(chunks: readonly Buffer[]): readonly Part[] {
  const decoder = streamDecoder({ target: target(), request: request() });
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
}

/** Events of a stream, by their payloads. */
export function payloads(stream: string): readonly JsonObject[] {
  return stream.split('\n').flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6))] : []));
}

/** The official client, answered with `body` whatever it asks. */
export function clientAnswered(body: string, contentType: string): OpenAI {
  const answer = () => Promise.resolve(new Response(body, { headers: { 'content-type': contentType } }));
  return new OpenAI({ apiKey: 'test', baseURL: 'http://127.0.0.1:9/v1', fetch: answer, maxRetries: 0 });
}

/** The bytes cut at the given fractions of their length, also inside characters. */
export function cutAt(bytes: Buffer, fractions: readonly number[]): readonly Buffer[] {
  const cuts = [...new Set(fractions.map((fraction) => Math.floor(fraction * bytes.length)))].sort((a, b) => a - b);
  return [0, ...cuts].map((start, index) => bytes.subarray(start, cuts[index] ?? bytes.length));
}
