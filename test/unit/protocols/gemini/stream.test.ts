import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.ts';
import type { Part } from '../../../../src/protocols/canonical.ts';
import { keepAlive, streamEncoder } from '../../../../src/protocols/gemini/client/encode-stream.ts';
import { streamDecoder } from '../../../../src/protocols/gemini/upstream/decode-stream.ts';
import type { Framing } from '../../../../src/protocols/protocol.ts';
import { readFixture } from '../../../support/read-fixture.ts';
import { answerContext, decodeContext } from './samples.ts';

function decodeChunks(chunks: readonly Buffer[]): readonly Part[] {
  const decoder = streamDecoder(decodeContext());
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
}

const decodeFixture = (name: string) => decodeChunks([readFixture(`gemini/${name}`)]);
const sse = (...chunks: readonly object[]) =>
  Buffer.from(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(''));
const candidate = (parts: readonly object[], more: object = {}) => ({
  candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
});

describe('decoding', () => {
  test('text', () => {
    const at = { choice: 0, block: 0 };
    expect(decodeFixture('text.sse')).toEqual([
      {
        kind: 'start',
        id: 'mAitaLmkHPPlz7IPvtfUqQ4',
        model: 'gemini-2.5-flash',
        created: 0,
        usage: { input: 8, output: 2 },
      },
      { kind: 'block-start', ...at, content: { kind: 'text' } },
      { kind: 'block-delta', ...at, text: 'Grüße' },
      { kind: 'block-delta', ...at, text: ' aus 東京 🗼' },
      { kind: 'block-delta', ...at, text: '.' },
      { kind: 'block-end', ...at },
      { kind: 'finish', choice: 0, reason: 'stop', raw: 'STOP' },
      { kind: 'usage', usage: { input: 8, output: 8 } },
    ]);
  });

  test('thoughts, then parallel calls of which the first is signed', () => {
    const parts = decodeFixture('thinking-call.sse');
    const seal = { protocol: 'generate_content', value: 'CpcHAdHtim9+q4rstcbvQC0=' };
    expect(parts.filter((part) => part.kind === 'block-start')).toEqual([
      { kind: 'block-start', choice: 0, block: 0, content: { kind: 'reasoning' } },
      {
        kind: 'block-start',
        choice: 0,
        block: 1,
        content: { kind: 'tool-call', id: 'call_mAitaLmkHPPlz7IPvtfUqQ4_1', name: 'get_weather', seal },
      },
      {
        kind: 'block-start',
        choice: 0,
        block: 2,
        content: { kind: 'tool-call', id: 'call_mAitaLmkHPPlz7IPvtfUqQ4_2', name: 'get_weather' },
      },
    ]);
    expect(parts.filter((part) => part.kind === 'block-delta').map((part) => part.text)).toEqual([
      '**Weather**\n\nI need the',
      ' tool.',
      '{"city":"Paris"}',
      '{"city":"Łódź"}',
    ]);
    expect(parts.filter((part) => part.kind === 'block-end').map((part) => part.block)).toEqual([0, 1, 2]);
    expect(parts.slice(-2)).toEqual([
      { kind: 'finish', choice: 0, reason: 'tool-calls', raw: 'STOP' },
      { kind: 'usage', usage: { input: 60, output: 76, reasoning: 45, cachedInput: 32 } },
    ]);
  });

  test('a signature behind the text is a block of its own', () => {
    const parts = decodeFixture('signed-text.sse');
    expect(parts.filter((part) => part.kind === 'block-end')).toEqual([
      { kind: 'block-end', choice: 0, block: 0 },
      { kind: 'block-end', choice: 0, block: 1, seal: { protocol: 'generate_content', value: 'EqQBCqEB' } },
    ]);
  });

  test('a blocked prompt ends as filtered', () => {
    expect(decodeFixture('blocked.sse').slice(1)).toEqual([
      { kind: 'finish', choice: 0, reason: 'content-filter', raw: 'PROHIBITED_CONTENT' },
      { kind: 'usage', usage: { input: 12, output: 0 } },
    ]);
  });

  test.each(['text.sse', 'thinking-call.sse', 'signed-text.sse'])('%s is the same however it is split', (name) => {
    const bytes = readFixture(`gemini/${name}`);
    const whole = decodeChunks([bytes]);
    expect(decodeChunks([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const chunks = edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
        expect(decodeChunks(chunks)).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });

  test('candidates keep their numbers, blocks are unique', () => {
    const chunk = (index: number, more: object = {}) => ({
      candidates: [{ content: { parts: [{ text: `${index}` }] }, index, ...more }],
    });
    const parts = decodeChunks([
      sse(chunk(0), chunk(1), chunk(0, { finishReason: 'STOP' }), chunk(1, { finishReason: 'MAX_TOKENS' })),
    ]);
    expect(parts.filter((part) => part.kind === 'block-start').map(({ choice, block }) => [choice, block])).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(parts.filter((part) => part.kind === 'finish').map(({ choice, reason }) => [choice, reason])).toEqual([
      [0, 'stop'],
      [1, 'length'],
    ]);
  });

  test('an image becomes Markdown', () => {
    const inlineData = { mimeType: 'image/png', data: 'AAAA' };
    const parts = decodeChunks([sse(candidate([{ inlineData }], { finishReason: 'STOP' }))]);
    expect(parts).toContainEqual({
      kind: 'block-delta',
      choice: 0,
      block: 0,
      text: '![image](data:image/png;base64,AAAA)',
    });
  });

  test('the last event may lack its blank line', () => {
    const bytes = sse(candidate([{ text: 'x' }], { finishReason: 'STOP' }));
    expect(decodeChunks([bytes.subarray(0, -1)]).at(-1)).toMatchObject({ kind: 'finish' });
  });

  test.each([
    ['a cut', readFixture('gemini/cut.sse')],
    ['nothing', Buffer.alloc(0)],
    [
      'one of two candidates unfinished',
      sse(candidate([{ text: 'a' }], { finishReason: 'STOP' }), {
        candidates: [{ index: 1, content: { parts: [{ text: 'b' }] } }],
      }),
    ],
    ['half an event', sse(candidate([{ text: 'x' }], { finishReason: 'STOP' })).subarray(0, -9)],
    ['an empty failure', sse(candidate([], { finishReason: 'MALFORMED_FUNCTION_CALL' }))],
    ['no JSON', Buffer.from('data: hello\n\n')],
  ])('%s is no answer', (_name, bytes) => {
    expect(() => decodeChunks([bytes])).toThrow(expect.objectContaining({ code: 'upstream_invalid' }));
  });

  test.each([
    [
      'as an event',
      sse(candidate([{ text: 'x' }]), { error: { code: 503, message: 'Overloaded.', status: 'UNAVAILABLE' } }),
    ],
    ['bare', Buffer.from('[{"error":{"code":503,"message":"Overloaded.","status":"UNAVAILABLE"}}]\n')],
  ])('an error %s', (_name, bytes) => {
    expect(() => decodeChunks([bytes])).toThrow(
      expect.objectContaining({ code: 'upstream_busy', message: 'Overloaded.' }),
    );
  });
});

describe('encoding', () => {
  const at = { choice: 0, block: 0 };
  const parts: readonly Part[] = [
    { kind: 'start', id: 'r', model: 'llama', created: 0 },
    { kind: 'block-start', ...at, content: { kind: 'reasoning' } },
    { kind: 'block-delta', ...at, text: 'hm' },
    { kind: 'block-end', ...at, seal: { protocol: 'generate_content', value: 'c2ln' } },
    { kind: 'block-start', choice: 0, block: 1, content: { kind: 'text' } },
    { kind: 'block-delta', choice: 0, block: 1, text: 'Hi' },
    { kind: 'block-start', choice: 0, block: 2, content: { kind: 'tool-call', id: 'c', name: 'f' } },
    { kind: 'block-delta', choice: 0, block: 2, text: '{"a"' },
    { kind: 'block-end', choice: 0, block: 1 },
    { kind: 'block-delta', choice: 0, block: 2, text: ':1}' },
    { kind: 'block-end', choice: 0, block: 2 },
    { kind: 'finish', choice: 0, reason: 'tool-calls' },
    { kind: 'usage', usage: { input: 3, output: 4 } },
  ];
  const encoded = (framing: Framing, list = parts) => {
    const encoder = streamEncoder(answerContext, framing);
    return list.map((part) => encoder.encode(part)).join('') + encoder.end();
  };
  const facts = { requestId: 'q', attempts: [] };
  const broken = new GatewayError('stream_broken', 'It broke.');

  test('SSE: whole calls, and the end beside the usage', () => {
    const events = encoded('sse').trimEnd().split('\n\n');
    expect(events.map((event) => JSON.parse(event.slice('data: '.length)))).toMatchObject([
      { candidates: [{ content: { parts: [{ text: 'hm', thought: true }] } }], modelVersion: 'llama', responseId: 'r' },
      { candidates: [{ content: { parts: [{ text: '', thought: true, thoughtSignature: 'c2ln' }] } }] },
      { candidates: [{ content: { parts: [{ text: 'Hi' }], role: 'model' }, index: 0 }] },
      { candidates: [{ content: { parts: [{ functionCall: { id: 'c', name: 'f', args: { a: 1 } } }] } }] },
      { candidates: [{ finishReason: 'STOP' }], usageMetadata: { totalTokenCount: 7 } },
    ]);
  });

  test('the JSON list has the same chunks', () => {
    const events = encoded('sse').trimEnd().split('\n\n');
    expect(JSON.parse(encoded('json-array'))).toEqual(events.map((event) => JSON.parse(event.slice(6))));
  });

  test('cut arguments are not called', () => {
    const cut = parts.filter((part) => part.kind !== 'block-delta' || part.text !== ':1}');
    expect(encoded('sse', cut)).toContain('MALFORMED_FUNCTION_CALL');
    expect(encoded('sse', cut)).not.toContain('functionCall"');
  });

  test('an error ends the stream and is the last that is read', () => {
    const encoder = streamEncoder(answerContext, 'sse');
    for (const part of parts.slice(0, 6)) encoder.encode(part);
    const event = encoder.error(broken, facts);
    expect(JSON.parse(event.slice('data: '.length))).toMatchObject({ error: { code: 502, message: 'It broke.' } });
    expect(event.endsWith('\n\n')).toBe(true);
  });

  test.each([0, 6])('an error in the list after %s parts', (count) => {
    const encoder = streamEncoder(answerContext, 'json-array');
    const head = parts.slice(0, count).map((part) => encoder.encode(part));
    const list = JSON.parse(head.join('') + encoder.error(broken, facts));
    expect(list.at(-1)).toMatchObject({ error: { status: 'UNAVAILABLE' } });
  });

  test('signs of life are legal in both framings', () => {
    expect(keepAlive('sse')).toBe('\n\n');
    expect(JSON.parse(keepAlive('json-array') + encoded('json-array'))).toHaveLength(5);
  });
});
