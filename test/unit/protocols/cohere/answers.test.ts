import { describe, expect, test } from 'vitest';
import { collectParts } from '../../../../src/protocols/collect.ts';
import { readFixture } from '../../../support/read-fixture.ts';
import { collected, decode, decodeStream } from './samples.ts';

const toolCalls = readFixture('cohere/tool-calls.sse');
const thinkingText = readFixture('cohere/thinking-text.sse');

function frame(event: object): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

const start = frame({ type: 'message-start', id: 'a', delta: { message: { role: 'assistant' } } });
const text = frame({ type: 'content-delta', index: 0, delta: { message: { content: { text: 'Hi' } } } });
const end = (delta: object) => frame({ type: 'message-end', delta });

describe('a stream', () => {
  test('has its plan as the text before its calls', () => {
    expect(collectParts(decodeStream([toolCalls]))).toEqual({
      id: '93b3f521-0001',
      model: 'command-a-reasoning-08-2025',
      created: 0,
      choices: [
        {
          index: 0,
          content: [
            { kind: 'text', text: 'Ich schaue nach 東京.' },
            { kind: 'tool-call', id: 'weather_a1', name: 'weather', arguments: '{\n    "city": "東京"\n}' },
            { kind: 'tool-call', id: 'clock_b2', name: 'clock', arguments: '{}' },
          ],
          finishReason: 'tool-calls',
          rawFinishReason: 'TOOL_CALL',
        },
      ],
      usage: { input: 793, output: 61, cachedInput: 176 },
    });
  });

  test('has thinking, text and log probabilities, and leaves citations out', () => {
    expect(collectParts(decodeStream([thinkingText])).choices).toEqual([
      {
        index: 0,
        content: [
          { kind: 'reasoning', text: 'Drei Brüder …' },
          { kind: 'text', text: 'Drei Schwestern 🗼.' },
        ],
        finishReason: 'stop',
        rawFinishReason: 'COMPLETE',
        logprobs: [{ token: 'Drei', logprob: -1.5, bytes: [68, 114, 101, 105], top: [] }],
      },
    ]);
  });

  test.each([
    ['calls', toolCalls],
    ['thinking', thinkingText],
  ])('of %s is the same byte by byte', (_, bytes) => {
    const single = Array.from(bytes, (byte) => Buffer.of(byte));
    expect(decodeStream(single)).toEqual(decodeStream([bytes]));
  });

  test('opens and closes every block once, in order', () => {
    const kinds = decodeStream([toolCalls]).map((part) => ('block' in part ? `${part.kind} ${part.block}` : part.kind));
    expect(kinds.filter((kind) => !kind.startsWith('block-delta'))).toEqual([
      'start',
      ...['block-start 0', 'block-end 0', 'block-start 1', 'block-end 1', 'block-start 2', 'block-end 2'],
      'finish',
      'usage',
    ]);
  });

  test('is whole without [DONE] and without the last blank line', () => {
    const whole = start + text + end({ finish_reason: 'MAX_TOKENS' });
    expect(collected(whole.trimEnd()).choices[0]).toMatchObject({ finishReason: 'length' });
  });

  test('takes a block that nobody opened or closed', () => {
    expect(collected(start + text + end({ finish_reason: 'COMPLETE' })).choices[0]?.content).toEqual([
      { kind: 'text', text: 'Hi' },
    ]);
  });

  test('passes over kinds of events that it does not know', () => {
    const odd = [frame({ type: 'debug', prompt: 'x' }), frame({ type: 'constructor' }), ': ping\n\n'].join('');
    expect(collected(start + odd + text + end({ finish_reason: 'COMPLETE' })).choices[0]?.content).toHaveLength(1);
  });

  test.each([
    ['nothing', '', 'upstream_invalid'],
    ['no end', start + text, 'upstream_invalid'],
    ['no JSON', `${start}data: {"type\n\n`, 'upstream_invalid'],
    ['a call without a name', start + frame({ type: 'tool-call-start', index: 0 }), 'upstream_invalid'],
    ['the failure ERROR', start + end({ finish_reason: 'ERROR' }), 'upstream_failed'],
    ['the failure TIMEOUT', start + end({ finish_reason: 'TIMEOUT' }), 'upstream_timeout'],
    ['an error text', start + end({ error: 'out of memory' }), 'upstream_failed'],
    ['an error event', start + frame({ message: 'boom' }), 'upstream_failed'],
    ['an error instead of a stream', '{"message":"boom"}', 'upstream_failed'],
  ])('with %s is no answer', (_, sent, code) => {
    expect(() => collected(sent)).toThrow(expect.objectContaining({ code }));
  });

  test('tells the text of its failure', () => {
    expect(() => collected(start + end({ finish_reason: 'ERROR', error: 'out of memory' }))).toThrow('out of memory');
  });
});

describe('a whole answer', () => {
  const usage = { billed_units: { input_tokens: 5, output_tokens: 2 } };

  test('has its parts in the order of the model', () => {
    const message = {
      role: 'assistant',
      tool_plan: 'I look.',
      content: [{ type: 'thinking', thinking: 'Hm.' }],
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } }],
    };
    expect(decode({ id: 'a', finish_reason: 'TOOL_CALL', message, usage })).toEqual({
      id: 'a',
      model: 'command-a-reasoning-08-2025',
      created: 0,
      choices: [
        {
          index: 0,
          content: [
            { kind: 'reasoning', text: 'Hm.' },
            { kind: 'text', text: 'I look.' },
            { kind: 'tool-call', id: 'c1', name: 'look', arguments: '{}' },
          ],
          finishReason: 'tool-calls',
          rawFinishReason: 'TOOL_CALL',
        },
      ],
      usage: { input: 5, output: 2 },
    });
  });

  test.each([
    ['COMPLETE', 'stop'],
    ['STOP_SEQUENCE', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['ERROR_TOXIC', 'content-filter'],
    ['SOMETHING_NEW', 'other'],
  ])('that ended by %s: %s', (raw, reason) => {
    const message = { content: [{ type: 'text', text: 'Hi' }] };
    expect(decode({ finish_reason: raw, message }).choices[0]).toMatchObject({
      finishReason: reason,
      rawFinishReason: raw,
    });
  });

  test('counts cached tokens as read even where only the bill is told', () => {
    const told = { billed_units: { input_tokens: 50, output_tokens: 26 }, cached_tokens: 176 };
    const message = { content: [] };
    expect(decode({ message, usage: told }).usage).toEqual({ input: 176, output: 26, cachedInput: 176 });
    expect(decode({ message, usage: {} }).usage).toBeUndefined();
  });

  test.each([
    [{}, 'upstream_invalid'],
    [{ message: 'boom' }, 'upstream_failed'],
    [{ message: { content: [] }, finish_reason: 'ERROR' }, 'upstream_failed'],
    [{ message: { content: [] }, finish_reason: 'TIMEOUT' }, 'upstream_timeout'],
  ])('is none: %j', (body, code) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code }));
  });
});
