import type { Candidate, EndpointQuirks } from '../../src/core/model.ts';
import type { Outbound } from '../../src/protocols/protocol.ts';

interface Traits {
  readonly upstreamId: string;
  readonly quirks?: EndpointQuirks;
  readonly isLocal?: boolean;
}

/** Models whose requests are written in different ways, by protocol. */
const traits: Readonly<Record<string, readonly Traits[]>> = {
  chat_completions: [
    { upstreamId: 'gpt-5.1' },
    { upstreamId: 'qwen3', isLocal: true, quirks: { reasoningField: 'reasoning_content', developerRole: false } },
    { upstreamId: 'anthropic/claude', quirks: { reasoningField: 'reasoning_details', cacheMarks: true } },
  ],
  responses: [{ upstreamId: 'gpt-5.1' }],
  messages: [{ upstreamId: 'claude-haiku-4-5' }, { upstreamId: 'claude-opus-4-8' }],
  generate_content: [{ upstreamId: 'gemini-2.5-flash' }, { upstreamId: 'gemini-3-pro-preview' }],
  cohere: [{ upstreamId: 'command-a-reasoning-08-2025' }],
  converse: [{ upstreamId: 'anthropic.claude-sonnet-4-5-20250929-v1:0' }, { upstreamId: 'amazon.nova-pro-v1:0' }],
};

export function targetsOf({ id }: Pick<Outbound, 'id'>): readonly Candidate[] {
  return (traits[id.protocol] ?? []).map(({ upstreamId, quirks = {}, isLocal = false }) => ({
    endpoint: {
      key: `p http://127.0.0.1:9`,
      providerId: 'p',
      type: 'openai',
      baseUrl: 'http://127.0.0.1:9',
      auth: 'none',
      credential: undefined,
      headers: {},
      timeouts: { connectMs: 1000, firstTokenMs: 1000, idleMs: 1000, totalMs: 1000 },
      isLocal,
      isLoopback: isLocal,
      maxConcurrent: undefined,
      queue: { max: 1, timeoutMs: 1000 },
      poolSize: undefined,
      priority: undefined,
      quirks,
      settings: {},
    },
    model: {
      id: 'm',
      upstreamId,
      type: 'chat',
      context: undefined,
      isLoaded: undefined,
      sizeBytes: undefined,
      pricing: undefined,
      capabilities: undefined,
      protocols: [id.protocol],
      isLocal,
      created: 0,
    },
  }));
}
