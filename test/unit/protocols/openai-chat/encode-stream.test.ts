import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.ts';
import type { Part } from '../../../../src/protocols/canonical.ts';
import { inbound as chatInbound } from '../../../../src/protocols/openai-chat/inbound.ts';
import type { AnswerContext, JsonObject } from '../../../../src/protocols/protocol.ts';
import { answerContext } from './samples.ts';

function encode(parts: readonly Part[], context: Partial<AnswerContext> = {}): string {
  const encoder = chatInbound.streamEncoder(answerContext(context), 'sse');
  return parts.map((part) => encoder.encode(part)).join('') + encoder.end();
}

/** Payloads of the events; the end marker stays text. */
function events(stream: string): readonly (JsonObject | string)[] {
  return stream
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => event.replace(/^data: /, ''))
    .map((data) => (data === '[DONE]' ? data : JSON.parse(data)));
}

const start: Part = { kind: 'start', id: 'x', model: 'm', created: 7 };
const finish: Part = { kind: 'finish', choice: 0, reason: 'stop' };
const usage: Part = { kind: 'usage', usage: { input: 1, output: 2 } };

test('a stream begins with the role and ends with finish reason, usage and marker', () => {
  const head = { id: 'x', object: 'chat.completion.chunk', created: 7, model: 'm' };
  const chunk = (delta: object, reason: string | null) => ({
    ...head,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
  });
  const parts: Part[] = [
    start,
    { kind: 'block-start', choice: 0, block: 0, content: { kind: 'text' } },
    { kind: 'block-delta', choice: 0, block: 0, text: 'Hi' },
    { kind: 'block-end', choice: 0, block: 0 },
    finish,
    usage,
  ];
  expect(events(encode(parts))).toEqual([
    chunk({ role: 'assistant', content: '' }, null),
    chunk({ content: 'Hi' }, null),
    chunk({}, 'stop'),
    { ...head, choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
    '[DONE]',
  ]);
});

test('usage is only for clients that asked', () => {
  expect(encode([start, finish, usage], { includeUsage: false })).not.toContain('usage');
});

test('what the upstream did not tell is ours', () => {
  const [first] = events(encode([{ ...start, id: '', model: '', created: 0 }]));
  expect(first).toMatchObject({ id: 'chatcmpl-ours', model: 'asked', created: 1_700_000_000 });
});

test('interleaved calls keep their numbers', () => {
  const call = (block: number, id: string): Part => ({
    kind: 'block-start',
    choice: 0,
    block,
    content: { kind: 'tool-call', id, name: 'f' },
  });
  const delta = (block: number, text: string): Part => ({ kind: 'block-delta', choice: 0, block, text });
  const calls = events(encode([start, call(4, 'a'), call(6, 'b'), delta(6, '{'), delta(4, '{}'), delta(6, '}')]))
    .flatMap((event) => (typeof event === 'string' ? [] : (event.choices as { delta: JsonObject }[])))
    .flatMap(({ delta: shown }) => (shown.tool_calls as JsonObject[] | undefined) ?? []);
  expect(calls).toEqual([
    { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } },
    { index: 1, id: 'b', type: 'function', function: { name: 'f', arguments: '' } },
    { index: 1, function: { arguments: '{' } },
    { index: 0, function: { arguments: '{}' } },
    { index: 1, function: { arguments: '}' } },
  ]);
});

test('the seal of reasoning comes with the whole text it seals', () => {
  const parts: Part[] = [
    start,
    { kind: 'block-start', choice: 0, block: 0, content: { kind: 'reasoning' } },
    { kind: 'block-delta', choice: 0, block: 0, text: 'h' },
    { kind: 'block-delta', choice: 0, block: 0, text: 'm' },
    { kind: 'block-end', choice: 0, block: 0, seal: { protocol: 'messages', value: 'sig' } },
  ];
  const deltas = events(encode(parts)).flatMap((event) =>
    typeof event === 'string' ? [] : (event.choices as { delta: JsonObject }[]).map(({ delta }) => delta),
  );
  expect(deltas).toEqual([
    { role: 'assistant', content: '' },
    { reasoning_content: 'h' },
    { reasoning_content: 'm' },
    {
      reasoning_details: [
        { type: 'reasoning.text', text: 'hm', signature: 'sig', format: 'anthropic-claude-v1', index: 0 },
      ],
    },
  ]);
});

test('each choice begins with a role of its own', () => {
  const second: Part = { kind: 'block-start', choice: 1, block: 1, content: { kind: 'text' } };
  const roles = events(encode([start, second])).filter((event) => JSON.stringify(event).includes('"role"'));
  expect(roles).toMatchObject([{ choices: [{ index: 0 }] }, { choices: [{ index: 1 }] }]);
});

describe('a broken stream', () => {
  test('ends with an error event and no marker', () => {
    const encoder = chatInbound.streamEncoder(answerContext(), 'sse');
    encoder.encode(start);
    const text = encoder.error(new GatewayError('stream_broken', 'gone'), { requestId: 'r', attempts: [] });
    expect(events(text)).toMatchObject([{ error: { message: 'gone', code: 'stream_broken' } }]);
  });
});
