import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.ts';
import type { CanonicalResponse, Part } from '../../../../src/protocols/canonical.ts';
import { collectParts } from '../../../../src/protocols/collect.ts';
import {
  inbound as ollamaChatInbound,
  generateInbound as ollamaGenerateInbound,
} from '../../../../src/protocols/ollama/inbound.ts';
import type { Inbound } from '../../../../src/protocols/protocol.ts';
import { answerContext, linesOf, steps, thinkingAndCalls } from './samples.ts';

const facts = { requestId: 'req_1', attempts: [] };

function stream(inbound: Inbound, parts: readonly Part[], elapsedMs?: () => number) {
  const encoder = inbound.streamEncoder(answerContext(elapsedMs), 'ndjson');
  return linesOf(parts.map((part) => encoder.encode(part)).join('') + encoder.end());
}

const head = { model: 'llama3.1:8b', created_at: '2026-11-20T12:00:00.000Z', done: false };
const whole: CanonicalResponse = collectParts(thinkingAndCalls);

describe('an answer of /api/chat', () => {
  test('is one line a delta, each call as a whole, and a last line with the counts', () => {
    const message = (fields: object) => ({ ...head, message: { role: 'assistant', content: '', ...fields } });
    const look = { id: 'x1', function: { index: 0, name: 'look', arguments: { at: 'sky' } } };
    const listen = { id: 'x2', function: { index: 1, name: 'listen', arguments: {} } };
    expect(stream(ollamaChatInbound, thinkingAndCalls)).toEqual([
      message({ thinking: 'Hm.' }),
      message({ content: 'Loo' }),
      message({ content: 'king' }),
      message({ tool_calls: [look] }),
      message({ tool_calls: [listen] }),
      { ...message({}), done: true, done_reason: 'stop', prompt_eval_count: 20, eval_count: 9 },
    ]);
  });

  test('is the same in one object', () => {
    const body = ollamaChatInbound.encodeResponse(whole, answerContext());
    expect(body).toEqual({
      ...head,
      message: {
        role: 'assistant',
        content: 'Looking',
        thinking: 'Hm.',
        tool_calls: [
          { id: 'x1', function: { index: 0, name: 'look', arguments: { at: 'sky' } } },
          { id: 'x2', function: { index: 1, name: 'listen', arguments: {} } },
        ],
      },
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 20,
      eval_count: 9,
    });
  });

  test('tells how long it took, in nanoseconds', () => {
    const text: readonly Part[] = thinkingAndCalls.slice(0, 4);
    const lines = stream(ollamaChatInbound, text, steps(250, 1250));
    expect(lines[0]?.created_at).toBe('2026-11-20T12:00:00.250Z');
    expect(lines[1]).toMatchObject({
      created_at: '2026-11-20T12:00:01.250Z',
      total_duration: 1_250_000_000,
      load_duration: 0,
      prompt_eval_duration: 250_000_000,
      eval_duration: 1_000_000_000,
    });
    const body = ollamaChatInbound.encodeResponse(whole, answerContext(steps(500)));
    expect(body).toMatchObject({ total_duration: 500_000_000, eval_duration: 500_000_000 });
    expect(body).not.toHaveProperty('prompt_eval_duration');
  });

  test('never claims that nothing took no time: clients divide by it', () => {
    const lines = stream(ollamaChatInbound, thinkingAndCalls.slice(0, 4), steps(0, 0));
    expect(lines.at(-1)).toMatchObject({ eval_duration: 1 });
  });

  test('wraps arguments that are no object, as a cut answer has them', () => {
    const content = [{ kind: 'tool-call' as const, id: 'x', name: 'look', arguments: '{"at":"s' }];
    const cut: CanonicalResponse = { ...whole, choices: [{ index: 0, content, finishReason: 'length' }] };
    expect(ollamaChatInbound.encodeResponse(cut, answerContext())).toMatchObject({
      done_reason: 'length',
      message: { tool_calls: [{ function: { arguments: { INVALID_JSON: '{"at":"s' } } }] },
    });
  });

  test('has log probabilities in the form of the wire', () => {
    const logprobs = [{ token: 'a', logprob: -1, bytes: [97], top: [{ token: 'b', logprob: -2, bytes: null }] }];
    const expected = [{ token: 'a', logprob: -1, bytes: [97], top_logprobs: [{ token: 'b', logprob: -2 }] }];
    const lines = stream(ollamaChatInbound, [{ kind: 'logprobs', choice: 0, logprobs }]);
    expect(lines[0]?.logprobs).toEqual(expected);
    const choice = { index: 0, content: [], finishReason: 'stop' as const, logprobs };
    expect(ollamaChatInbound.encodeResponse({ ...whole, choices: [choice] }, answerContext()).logprobs).toEqual(
      expected,
    );
  });

  test('shows the first choice alone', () => {
    const other: readonly Part[] = [
      { kind: 'block-start', choice: 1, block: 0, content: { kind: 'text' } },
      { kind: 'block-delta', choice: 1, block: 0, text: 'other' },
      { kind: 'finish', choice: 1, reason: 'length' },
    ];
    const lines = stream(ollamaChatInbound, [...other, { kind: 'finish', choice: 0, reason: 'stop' }]);
    expect(lines).toEqual([expect.objectContaining({ done: true, done_reason: 'stop' })]);
  });

  test('names the model that was asked for where the upstream names none', () => {
    const nameless = thinkingAndCalls.map((part) => (part.kind === 'start' ? { ...part, model: '' } : part));
    expect(stream(ollamaChatInbound, nameless)[0]?.model).toBe('llama3.1:8b');
    expect(ollamaChatInbound.encodeResponse({ ...whole, model: '' }, answerContext()).model).toBe('llama3.1:8b');
  });
});

describe('an answer of /api/generate', () => {
  test('has its text in `response`', () => {
    const text = thinkingAndCalls.filter((part) => !('block' in part) || part.block < 2);
    expect(stream(ollamaGenerateInbound, text)).toEqual([
      { ...head, response: '', thinking: 'Hm.' },
      { ...head, response: 'Loo' },
      { ...head, response: 'king' },
      { ...head, response: '', done: true, done_reason: 'stop', prompt_eval_count: 20, eval_count: 9 },
    ]);
    expect(ollamaGenerateInbound.encodeResponse(collectParts(text), answerContext())).toMatchObject({
      response: 'Looking',
      thinking: 'Hm.',
      done: true,
    });
  });
});

describe('an error', () => {
  const error = new GatewayError('model_not_found', "model 'x' not found", { hint: 'Did you mean y?' });

  test('is its text, with what we know beside it', () => {
    expect(ollamaChatInbound.errors.body(error, facts)).toEqual({
      error: "model 'x' not found",
      code: 'model_not_found',
      source: 'client',
      hint: 'Did you mean y?',
      request_id: 'req_1',
    });
    const attempts = [{ provider: 'ollama', code: 'upstream_failed', ms: 3 }];
    expect(ollamaChatInbound.errors.body(error, { ...facts, attempts })).toMatchObject({ attempts });
  });

  test('ends a stream as a line of its own, and nothing is done', () => {
    const encoder = ollamaChatInbound.streamEncoder(answerContext(), 'ndjson');
    for (const part of thinkingAndCalls.slice(0, 3)) encoder.encode(part);
    const lines = linesOf(encoder.error(error, facts));
    expect(lines).toEqual([expect.objectContaining({ error: "model 'x' not found" })]);
    expect(lines[0]).not.toHaveProperty('done');
  });

  test('and a sign of life may stand before any line', () => {
    const line = ollamaChatInbound.streamEncoder(answerContext(), 'ndjson').end();
    expect(linesOf(ollamaChatInbound.keepAlive('ndjson').repeat(3) + line)).toEqual(linesOf(line));
    expect(ollamaChatInbound.framing({ query: new URLSearchParams(), headers: {} })).toBe('ndjson');
  });
});
