import type { RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages/messages';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.ts';
import { inbound as messagesInbound } from '../../../../src/protocols/anthropic-messages/inbound.ts';
import type { BlockStart, FinishReason, Part } from '../../../../src/protocols/canonical.ts';
import { answerContext } from './samples.ts';

type WireEvent = RawMessageStreamEvent | { readonly type: 'ping' };

function parseFrames(text: string): readonly WireEvent[] {
  return text
    .split('\n\n')
    .filter((frame) => frame !== '')
    .map((frame) => {
      const [name, data] = frame.split('\n');
      const event: WireEvent = JSON.parse((data ?? '').replace(/^data: /, ''));
      expect(name).toBe(`event: ${event.type}`);
      return event;
    });
}

function encodeAll(...parts: readonly Part[]): readonly WireEvent[] {
  const encoder = messagesInbound.streamEncoder(answerContext, 'sse');
  return parseFrames(parts.map((part) => encoder.encode(part)).join('') + encoder.end());
}

const start: Part = { kind: 'start', id: 'msg_1', model: 'llama', created: 0 };

function open(block: number, content: BlockStart): Part {
  return { kind: 'block-start', choice: 0, block, content };
}

function delta(block: number, text: string): Part {
  return { kind: 'block-delta', choice: 0, block, text };
}

function close(block: number): Part {
  return { kind: 'block-end', choice: 0, block };
}

function finish(reason: FinishReason, raw?: string): Part {
  return { kind: 'finish', choice: 0, reason, raw };
}

function stopReason(events: readonly WireEvent[]): unknown {
  return events.find((event) => event.type === 'message_delta')?.delta.stop_reason;
}

describe('lifecycle', () => {
  it('goes from message_start over numbered blocks to message_stop', () => {
    const events = encodeAll(
      start,
      open(0, { kind: 'reasoning' }),
      delta(0, 'hm'),
      { kind: 'block-end', choice: 0, block: 0, seal: { protocol: 'messages', value: 'EqQB' } },
      open(1, { kind: 'text' }),
      delta(1, 'hi'),
      close(1),
      finish('stop'),
      { kind: 'usage', usage: { input: 100, output: 7, cachedInput: 60, cacheWrite: 30, reasoning: 4 } },
    );
    expect(events).toMatchObject([
      {
        type: 'message_start',
        message: { id: 'msg_1', model: 'llama', content: [], stop_reason: null, usage: { input_tokens: 0 } },
      },
      { type: 'ping' },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'EqQB' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'hi' } },
      { type: 'content_block_stop', index: 1 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: {
          input_tokens: 10,
          output_tokens: 7,
          cache_read_input_tokens: 60,
          cache_creation_input_tokens: 30,
          output_tokens_details: { thinking_tokens: 4 },
        },
      },
      { type: 'message_stop' },
    ]);
  });

  it('never overlaps calls that the upstream interleaves', () => {
    const call = (id: string): BlockStart => ({ kind: 'tool-call', id, name: 'look' });
    const events = encodeAll(
      start,
      open(0, call('a')),
      delta(0, '{"x"'),
      open(1, call('b')),
      delta(1, '{"y"'),
      open(2, { kind: 'text' }),
      delta(0, ':1}'),
      delta(1, ':2}'),
      delta(2, 'end'),
      close(1),
      close(0),
      finish('tool-calls'),
    );
    expect(events.slice(2, -2)).toMatchObject([
      { type: 'content_block_start', index: 0, content_block: { id: 'a' } },
      { index: 0, delta: { partial_json: '{"x"' } },
      { index: 0, delta: { partial_json: ':1}' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { id: 'b' } },
      { index: 1, delta: { partial_json: '{"y":2}' } },
      { type: 'content_block_stop', index: 1 },
      { type: 'content_block_start', index: 2, content_block: { type: 'text' } },
      { index: 2, delta: { text: 'end' } },
      { type: 'content_block_stop', index: 2 },
    ]);
  });

  it('shows unsigned reasoning without a signature delta', () => {
    const events = encodeAll(start, open(0, { kind: 'reasoning' }), delta(0, 'hm'), close(0), finish('stop'));
    expect(JSON.stringify(events)).not.toContain('signature_delta');
  });

  it('carries a foreign seal inside the signature', () => {
    const seal = { protocol: 'responses', value: 'gAAA' };
    const events = encodeAll(start, open(0, { kind: 'reasoning', seal }), close(0), finish('stop'));
    expect(events).toContainEqual({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'signature_delta', signature: 'router:responses:gAAA' },
    });
  });

  it('gives redacted thinking as its own block', () => {
    const seal = { protocol: 'messages', value: 'EmwK', isRedacted: true };
    const events = encodeAll(start, open(0, { kind: 'reasoning', seal }), close(0), finish('stop'));
    expect(events.slice(2, 4)).toEqual([
      { type: 'content_block_start', index: 0, content_block: { type: 'redacted_thinking', data: 'EmwK' } },
      { type: 'content_block_stop', index: 0 },
    ]);
  });

  it('leaves further choices out', () => {
    const other: Part = { kind: 'block-start', choice: 1, block: 1, content: { kind: 'text' } };
    expect(encodeAll(start, other, { ...other, kind: 'block-delta', text: 'x' }, finish('stop'))).toHaveLength(4);
  });

  it('is well-formed without any content', () => {
    expect(encodeAll(finish('stop')).map((event) => event.type)).toEqual([
      'message_start',
      'ping',
      'message_delta',
      'message_stop',
    ]);
  });
});

describe('stop reasons', () => {
  const call = open(0, { kind: 'tool-call', id: 'a', name: 'look' });

  it.each<[FinishReason, string]>([
    ['stop', 'end_turn'],
    ['length', 'max_tokens'],
    ['tool-calls', 'tool_use'],
    ['content-filter', 'refusal'],
    ['refusal', 'refusal'],
    ['pause', 'pause_turn'],
    ['other', 'end_turn'],
  ])('%s is %s', (reason, expected) => {
    expect(stopReason(encodeAll(start, finish(reason)))).toBe(expected);
  });

  it('is tool_use after a call that the upstream ended with stop', () => {
    expect(stopReason(encodeAll(start, call, close(0), finish('stop')))).toBe('tool_use');
  });

  it('keeps its own word', () => {
    expect(stopReason(encodeAll(start, finish('length', 'model_context_window_exceeded')))).toBe(
      'model_context_window_exceeded',
    );
  });

  it('is refusal after a refusal', () => {
    expect(stopReason(encodeAll(start, open(0, { kind: 'refusal' }), delta(0, 'no'), close(0), finish('stop')))).toBe(
      'refusal',
    );
  });

  it('names the stop sequence', () => {
    const events = encodeAll(start, { kind: 'finish', choice: 0, reason: 'stop', stopSequence: 'END' });
    expect(events).toContainEqual(
      expect.objectContaining({
        delta: expect.objectContaining({ stop_reason: 'stop_sequence', stop_sequence: 'END' }),
      }),
    );
  });
});

it('ends a broken stream with an error event and no message_stop', () => {
  const encoder = messagesInbound.streamEncoder(answerContext, 'sse');
  encoder.encode(start);
  const error = new GatewayError('stream_broken', 'gone');
  const facts = { requestId: 'req_1', attempts: [{ provider: 'local', code: 'stream_broken', ms: 5 }] };
  const text = encoder.error(error, facts);
  expect(text.startsWith('event: error\ndata: ')).toBe(true);
  expect(JSON.parse(text.split('data: ')[1] ?? '')).toEqual({
    type: 'error',
    error: {
      type: 'api_error',
      message: 'gone',
      code: 'stream_broken',
      source: 'upstream',
      attempts: facts.attempts,
    },
    request_id: 'req_1',
  });
});

it('keeps the connection alive with a ping', () => {
  expect(messagesInbound.keepAlive('sse')).toBe('event: ping\ndata: {"type":"ping"}\n\n');
});
