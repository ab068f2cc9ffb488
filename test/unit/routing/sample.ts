import type { Candidate, Endpoint, ServedModel } from '../../../src/core/model.ts';
import type { CandidateFacts, Choice, Circumstances } from '../../../src/routing/strategy.ts';

const endpoint: Endpoint = {
  key: 'p@u',
  providerId: 'p',
  type: 'openai',
  baseUrl: 'http://127.0.0.1:1/v1',
  auth: 'none',
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
};

const model: ServedModel = {
  id: 'm',
  upstreamId: 'm',
  type: 'chat',
  context: undefined,
  isLoaded: undefined,
  pricing: undefined,
  capabilities: undefined,
  protocols: ['chat_completions'],
  isLocal: false,
  created: 0,
};

export type Traits = Partial<Pick<ServedModel, 'isLocal' | 'isLoaded' | 'pricing'>> & { readonly priority?: number };

export function candidate(providerId: string, { priority, ...traits }: Traits = {}): Candidate {
  return { endpoint: { ...endpoint, key: `${providerId}@u`, providerId, priority }, model: { ...model, ...traits } };
}

/** Of a candidate that was never asked. */
const unknown: CandidateFacts = {
  latencyMs: undefined,
  isTried: false,
  isBeingTried: false,
  errorRate: 0,
  inFlight: 0,
  queued: 0,
  price: undefined,
  weight: 1,
};

export function choice(one: Candidate, facts: Partial<CandidateFacts> = {}): Choice {
  return { candidate: one, facts: { ...unknown, ...facts } };
}

export function choices(candidates: readonly Candidate[]): readonly Choice[] {
  return candidates.map((one) => choice(one));
}

export function circumstances(isAsWritten: boolean, discovered: readonly string[] = [], turn = 0): Circumstances {
  return { resolution: { isAsWritten, discovered: new Set(discovered) }, turn, maxAtOnce: undefined };
}
