import type { Endpoint } from '../../../src/core/model.ts';

/** A declared provider's endpoint, as the registry builds it. */
export function declaredEndpoint(baseUrl: string, change: Partial<Endpoint> = {}): Endpoint {
  return {
    key: `declared@${baseUrl}`,
    providerId: 'declared',
    type: 'openai',
    baseUrl,
    auth: 'bearer',
    credential: undefined,
    headers: {},
    timeouts: { connectMs: 1_000, firstTokenMs: 1_000, idleMs: 1_000, totalMs: 1_000 },
    isLocal: true,
    isLoopback: true,
    maxConcurrent: undefined,
    queue: { max: 0, timeoutMs: 0 },
    poolSize: undefined,
    priority: undefined,
    quirks: {},
    settings: {},
    ...change,
  };
}
