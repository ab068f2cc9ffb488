import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outbound as messagesOutbound } from '../../../../src/protocols/anthropic-messages/outbound.ts';
import type { Part } from '../../../../src/protocols/canonical.ts';
import { streamEvents } from '../../../support/fake-servers/anthropic.ts';
import { eventText } from '../../../support/fake-servers/vendor-server.ts';
import { readFixture } from '../../../support/read-fixture.ts';
import { decodeContext, joined } from './samples.ts';

const recorded = readFixture('anthropic/stream-thinking-tools.sse');

function decodeAll(chunks: readonly Buffer[]): readonly Part[] {
  const decoder = messagesOutbound.streamDecoder(decodeContext());
  const parts = chunks.flatMap((chunk) => [...decoder.push(chunk)]);
  return [...parts, ...decoder.end()];
}

function decodeEvents(...events: readonly object[]): readonly Part[] {
  return decodeAll(events.map((event) => Buffer.from(`data: ${JSON.stringify(event)}\n\n`)));
}

function cutAt(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

const expected: readonly Part[] = [
  {
    kind: 'start',
    id: 'msg_01Fx',
    model: 'claude-opus-4-8',
    created: 0,
    usage: { input: 2572, output: 2, cachedInput: 2000, cacheWrite: 100 },
  },
  { kind: 'block-start', choice: 0, block: 0, content: { kind: 'reasoning' } },
  { kind: 'block-delta', choice: 0, block: 0, text: 'Grüße — two calls 🌦' },
  { kind: 'block-end', choice: 0, block: 0, seal: { protocol: 'messages', value: 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h' } },
  { kind: 'block-start', choice: 0, block: 1, content: { kind: 'text' } },
  { kind: 'block-delta', choice: 0, block: 1, text: "Okay, let's check" },
  { kind: 'block-end', choice: 0, block: 1 },
  { kind: 'block-start', choice: 0, block: 2, content: { kind: 'tool-call', id: 'toolu_01T1', name: 'get_weather' } },
  { kind: 'block-delta', choice: 0, block: 2, text: '{"location": "Zürich"}' },
  { kind: 'block-end', choice: 0, block: 2 },
  { kind: 'block-start', choice: 0, block: 3, content: { kind: 'tool-call', id: 'toolu_01T2', name: 'get_time' } },
  { kind: 'block-end', choice: 0, block: 3 },
  { kind: 'finish', choice: 0, reason: 'tool-calls', raw: 'tool_use' },
  { kind: 'usage', usage: { input: 2572, output: 89, cachedInput: 2000, cacheWrite: 100, reasoning: 30 } },
];

describe('a recorded stream', () => {
  it('is decoded whole', () => {
    expect(joined(decodeAll([recorded]))).toEqual(expected);
  });

  it('is decoded byte by byte', () => {
    expect(joined(decodeAll([...recorded].map((byte) => Buffer.from([byte]))))).toEqual(expected);
  });

  it('is decoded with CRLF line ends', () => {
    expect(joined(decodeAll([Buffer.from(recorded.toString().replaceAll('\n', '\r\n'))]))).toEqual(expected);
  });

  it('gives the same parts however it is split', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: recorded.length }), { maxLength: 40 }), (cuts) => {
        expect(joined(decodeAll(cutAt(recorded, cuts)))).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('is complete without the blank line after its last event', () => {
    expect(joined(decodeAll([recorded.subarray(0, recorded.length - 2)]))).toEqual(expected);
  });
});

describe('a broken stream', () => {
  it.each([
    ['before content', 3],
    ['after content', 12],
    ['before message_stop', 17],
  ])('%s ends as upstream_invalid', (_name, events) => {
    const whole = recorded.toString().split('\n\n').slice(0, events).join('\n\n');
    expect(() => decodeAll([Buffer.from(`${whole}\n\n`)])).toThrow(
      expect.objectContaining({ code: 'upstream_invalid', message: expect.stringContaining('message_stop') }),
    );
  });

  it('that was empty ends as upstream_invalid', () => {
    expect(() => decodeAll([])).toThrow(expect.objectContaining({ code: 'upstream_invalid' }));
  });

  it.each([
    ['overloaded_error', 'upstream_busy', 529],
    ['rate_limit_error', 'upstream_rate_limited', 429],
    ['api_error', 'upstream_failed', 502],
    ['invalid_request_error', 'upstream_rejected', 400],
    ['something_new', 'upstream_failed', 502],
  ])('throws the error event %s as %s', (type, code, status) => {
    const decoder = messagesOutbound.streamDecoder(decodeContext());
    const event = eventText({ type: 'error', error: { type, message: 'Overloaded' } });
    expect(() => decoder.push(Buffer.from(event))).toThrow(
      expect.objectContaining({ code, status, message: 'Overloaded' }),
    );
  });

  it('throws upstream_invalid for an event that is not JSON', () => {
    const decoder = messagesOutbound.streamDecoder(decodeContext());
    expect(() => decoder.push(Buffer.from('data: {"type":\n\n'))).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    );
  });
});

describe('servers that differ', () => {
  const stop = { type: 'message_stop' };

  it('unknown events, unknown blocks and their deltas mean nothing', () => {
    const parts = decodeEvents(
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'server_tool_use', id: 's', name: 'web_search' },
      },
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{}' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'moon_phase' },
      stop,
    );
    expect(parts).toEqual([]);
  });

  it('a call whose whole input stands in its start keeps it', () => {
    const parts = decodeEvents(
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'tool_use', id: 'c', name: 'look', input: { a: 1 } },
      },
      { type: 'content_block_stop', index: 0 },
      stop,
    );
    expect(parts).toContainEqual({ kind: 'block-delta', choice: 0, block: 0, text: '{"a":1}' });
  });

  it('a block that is never closed ends with the message', () => {
    const parts = decodeEvents(
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'hi' } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } },
      stop,
    );
    expect(parts.map((part) => part.kind)).toEqual(['block-start', 'block-delta', 'block-end', 'finish', 'usage']);
  });

  it('usage that only message_delta completes keeps what message_start knew', () => {
    const parts = decodeEvents(
      { type: 'message_start', message: { id: 'm', model: 'x', usage: { input_tokens: 9, output_tokens: 1 } } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } },
      stop,
    );
    expect(parts.at(-1)).toEqual({ kind: 'usage', usage: { input: 9, output: 3 } });
  });
});

it.each([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool-calls'],
  ['pause_turn', 'pause'],
  ['refusal', 'refusal'],
  ['a_new_reason', 'other'],
])('stop reason %s is %s', (raw, reason) => {
  const parts = decodeEvents({ type: 'message_delta', delta: { stop_reason: raw } }, { type: 'message_stop' });
  expect(parts).toEqual([{ kind: 'finish', choice: 0, reason, raw }]);
});

it('tells the explanation of a refusal', () => {
  const events = streamEvents({ blocks: [], stopReason: 'refusal', refusal: 'Not this.' }, 'm');
  const parts = decodeAll([Buffer.from(events.map(eventText).join(''))]);
  expect(parts).toContainEqual({ kind: 'block-start', choice: 0, block: 0, content: { kind: 'refusal' } });
  expect(parts).toContainEqual({ kind: 'block-delta', choice: 0, block: 0, text: 'Not this.' });
});
