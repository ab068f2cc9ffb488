import type { Part } from '../../../../src/protocols/canonical.ts';
import type { AnswerContext, InboundRoute, JsonObject } from '../../../../src/protocols/protocol.ts';
import { request } from '../openai-chat/samples.ts';

export const route: InboundRoute = { query: new URLSearchParams(), headers: {} };

/** A one-pixel PNG. */
export const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export function answerContext(elapsedMs?: () => number): AnswerContext {
  return {
    requestedModel: 'llama3.1:8b',
    includeUsage: true,
    requestId: 'req_1',
    nowMs: Date.UTC(2026, 10, 20, 12),
    elapsedMs,
    request: request(),
  };
}

/** Milliseconds that pass with each look. */
export function steps(...times: readonly number[]): () => number {
  const left = [...times];
  return () => left.shift() ?? Number.NaN;
}

export function linesOf(text: string): readonly JsonObject[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

export const thinkingAndCalls: readonly Part[] = [
  { kind: 'start', id: 'a', model: 'llama3.1:8b', created: 0 },
  { kind: 'block-start', choice: 0, block: 0, content: { kind: 'reasoning' } },
  { kind: 'block-delta', choice: 0, block: 0, text: 'Hm.' },
  { kind: 'block-end', choice: 0, block: 0 },
  { kind: 'block-start', choice: 0, block: 1, content: { kind: 'text' } },
  { kind: 'block-delta', choice: 0, block: 1, text: 'Loo' },
  { kind: 'block-delta', choice: 0, block: 1, text: 'king' },
  { kind: 'block-end', choice: 0, block: 1 },
  { kind: 'block-start', choice: 0, block: 2, content: { kind: 'tool-call', id: 'x1', name: 'look' } },
  { kind: 'block-start', choice: 0, block: 3, content: { kind: 'tool-call', id: 'x2', name: 'listen' } },
  { kind: 'block-delta', choice: 0, block: 2, text: '{"at":' },
  { kind: 'block-delta', choice: 0, block: 3, text: '{}' },
  { kind: 'block-delta', choice: 0, block: 2, text: '"sky"}' },
  { kind: 'block-end', choice: 0, block: 2 },
  { kind: 'block-end', choice: 0, block: 3 },
  { kind: 'finish', choice: 0, reason: 'tool-calls' },
  { kind: 'usage', usage: { input: 20, output: 9 } },
];
