import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collectParts } from '../../../../src/protocols/collect.ts';
import { outbound as responsesOutbound } from '../../../../src/protocols/openai-responses/outbound.ts';
import { readCapture, readFixture } from '../../../support/read-fixture.ts';
import { cutAt, decodeStream, request, target } from './samples.ts';

const recorded = {
  reasoning: readFixture('responses/openai-reasoning-tools.chunks.txt'),
  incomplete: readFixture('responses/openai-incomplete.chunks.txt'),
  failed: readFixture('responses/openai-failed.chunks.txt'),
  'llama.cpp text': readCapture('responses-stream').body,
  'llama.cpp tool': readCapture('responses-tool-stream').body,
  'llama.cpp thinking': readCapture('think-responses-stream').body,
};

const answered = ['reasoning', 'incomplete', 'llama.cpp text', 'llama.cpp tool', 'llama.cpp thinking'] as const;

describe('decoding a stream', () => {
  test('reasoning, text and parallel calls, sealed and counted', () => {
    const parts = decodeStream([recorded.reasoning]);
    expect(parts[0]).toEqual({
      kind: 'start',
      id: 'resp_0a1b2c',
      model: 'gpt-5.1-2025-11-13',
      created: 1_763_600_000,
    });
    expect(collectParts(parts)).toMatchObject({
      choices: [
        {
          content: [
            {
              kind: 'reasoning',
              text: '**Weather**\n\nTwo cities.',
              isSummary: true,
              id: 'rs_1',
              seal: { protocol: 'responses', value: 'gAAAAAB=' },
            },
            { kind: 'text', text: 'Ich prüfe 🌦 das Wetter.' },
            { kind: 'tool-call', id: 'call_a', name: 'get_weather', arguments: '{"city":"Köln"}' },
            { kind: 'tool-call', id: 'call_b', name: 'get_weather', arguments: '{"city":"Rom"}' },
          ],
          finishReason: 'tool-calls',
          rawFinishReason: 'completed',
        },
      ],
      usage: { input: 36, output: 87, cachedInput: 16, reasoning: 64 },
    });
  });

  test('the stream and the complete answer say the same', () => {
    const body = JSON.parse(readFixture('responses/openai-reasoning-tools.json').toString('utf8'));
    const whole = responsesOutbound.decodeResponse(body, { target: target(), request: request() });
    const streamed = collectParts(decodeStream([recorded.reasoning]));
    expect(JSON.parse(JSON.stringify(streamed))).toEqual(JSON.parse(JSON.stringify(whole)));
  });

  test('an answer cut by the limit', () => {
    const parts = decodeStream([recorded.incomplete]);
    expect(parts).toContainEqual({ kind: 'finish', choice: 0, reason: 'length', raw: 'max_output_tokens' });
  });

  test('llama.cpp: neither numbers nor indexes, reasoning that ends late, no model at the start', () => {
    const thinking = decodeStream([recorded['llama.cpp thinking']]);
    expect(thinking[0]).toMatchObject({ kind: 'start', model: 'gpt-5.1', created: 0 });
    expect(collectParts(thinking)).toMatchObject({
      choices: [
        {
          content: [
            { kind: 'reasoning', text: ' this in than! two' },
            { kind: 'text', text: ' after🚀 ga after silv these river silver p your' },
          ],
          finishReason: 'stop',
        },
      ],
      usage: { input: 24, output: 16, cachedInput: 7 },
    });
    const call = collectParts(decodeStream([recorded['llama.cpp tool']])).choices[0];
    expect(call).toMatchObject({
      content: [{ kind: 'tool-call', name: 'get_weather', arguments: '{ "city": "Rome" }' }],
      finishReason: 'tool-calls',
    });
  });

  test.each(answered)('%s: blocks of text and reasoning do not overlap', (name) => {
    let open: number | undefined;
    for (const part of decodeStream([recorded[name]])) {
      if (part.kind === 'block-start') {
        expect(open).toBeUndefined();
        open = part.block;
      }
      if (part.kind === 'block-end') {
        expect(part.block).toBe(open);
        open = undefined;
      }
    }
    expect(open).toBeUndefined();
  });

  test.each(answered)('%s: the same parts byte by byte and however it is cut', (name) => {
    const bytes = recorded[name];
    const whole = decodeStream([bytes]);
    expect(decodeStream([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }), (cuts) => {
        expect(decodeStream(cutAt(bytes, cuts))).toEqual(whole);
      }),
      { numRuns: 25 },
    );
  });

  test('a server that streams nothing but the last event', () => {
    const response = JSON.parse(readFixture('responses/openai-reasoning-tools.json').toString('utf8'));
    const only = `data: ${JSON.stringify({ type: 'response.completed', response })}\n\n`;
    expect(collectParts(decodeStream([Buffer.from(only)]))).toEqual(collectParts(decodeStream([recorded.reasoning])));
  });

  test('events of a later version, [DONE] and comments are passed over', () => {
    const bytes = Buffer.concat([
      Buffer.from(': comment\n\nevent: response.sparkle\ndata: {"type":"response.sparkle"}\n\n'),
      recorded.incomplete,
      Buffer.from('data: [DONE]\n\n'),
    ]);
    expect(decodeStream([bytes])).toEqual(decodeStream([recorded.incomplete]));
  });

  test('log probabilities of the pieces', () => {
    const logprobs = [{ token: 'Hi', logprob: -0.5, bytes: [72, 105], top_logprobs: [{ token: 'Ho', logprob: -2 }] }];
    const events = [
      { type: 'response.output_text.delta', item_id: 'm', content_index: 0, delta: 'Hi', logprobs },
      { type: 'response.completed', response: { status: 'completed', output: [] } },
    ];
    const bytes = Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
    expect(collectParts(decodeStream([bytes])).choices[0]?.logprobs).toMatchObject([
      { token: 'Hi', logprob: -0.5, bytes: [72, 105], top: [{ token: 'Ho', logprob: -2 }] },
    ]);
  });
});

describe('a stream that fails', () => {
  const data = (event: unknown) => Buffer.from(`data: ${JSON.stringify(event)}\n\n`);
  const created = data({ type: 'response.created', response: { id: 'resp_1' } });

  test.each([
    ['error event', recorded.failed, 'upstream_rate_limited'],
    [
      'failed response',
      data({ type: 'response.failed', response: { status: 'failed', error: { code: 'server_error', message: 'no' } } }),
      'upstream_failed',
    ],
    [
      'prompt too long',
      data({ type: 'response.failed', response: { error: { code: 'context_length_exceeded', message: 'too long' } } }),
      'upstream_context',
    ],
    [
      'overloaded',
      data({ type: 'error', code: 'server_is_overloaded', message: 'later', sequence_number: 3 }),
      'upstream_busy',
    ],
    ['bad image', data({ type: 'error', code: 'invalid_image', message: 'what is this' }), 'upstream_rejected'],
    ['bare envelope', data({ error: { code: 500, message: 'broke', type: 'server_error' } }), 'upstream_failed'],
    ['failed without a word', data({ type: 'response.failed', response: { status: 'failed' } }), 'upstream_failed'],
    ['not JSON', Buffer.from('data: {"type":\n\n'), 'upstream_invalid'],
    ['not an object', Buffer.from('data: 7\n\n'), 'upstream_invalid'],
    ['no end', data({ type: 'response.completed', response: { status: 'cancelled', output: [] } }), 'upstream_invalid'],
    ['closed early', recorded.reasoning.subarray(0, 4000), 'upstream_invalid'],
    ['nothing', Buffer.alloc(0), 'upstream_invalid'],
    ['[DONE] alone', Buffer.from('data: [DONE]\n\n'), 'upstream_invalid'],
    ['bare text', Buffer.from('proxy error: Failed to read connection'), 'upstream_invalid'],
  ])('%s', (_, bytes, code) => {
    expect(() => decodeStream([created, bytes])).toThrow(expect.objectContaining({ code }));
  });

  test('the upstream’s words reach the error', () => {
    expect(() => decodeStream([recorded.failed])).toThrow(/Rate limit reached for gpt-5.1/);
  });
});
