import { EventStreamCodec } from '@smithy/eventstream-codec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventStreamDecoder, EventStreamError, type EventStreamMessage } from '../../../src/transport/event-stream.ts';
import { cutAt } from '../../contract/codec.ts';

/** Amazon's own encoder is the reference. */
const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString('utf8'),
  (text) => Buffer.from(text),
);

function encode(headers: Readonly<Record<string, string>>, payload: Uint8Array): Buffer {
  const wire = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }]),
  );
  return Buffer.from(codec.encode({ headers: wire, body: payload }));
}

function decodeAll(chunks: readonly Buffer[]): readonly EventStreamMessage[] {
  const decoder = new EventStreamDecoder();
  const messages = chunks.flatMap((chunk) => decoder.push(chunk));
  expect(decoder.isHolding).toBe(false);
  return messages.map(({ headers, payload }) => ({ headers, payload: Buffer.from(payload) }));
}

const messages = fc.array(
  fc.record({
    headers: fc.dictionary(fc.stringMatching(/^:?[a-z-]{1,20}$/), fc.string({ unit: 'grapheme', maxLength: 20 }), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
    payload: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  }),
  { maxLength: 5 },
);

describe('messages', () => {
  test("of Amazon's own encoder are read wherever they are cut", () => {
    fc.assert(
      fc.property(messages, fc.array(fc.nat(), { maxLength: 10 }), (sent, at) => {
        const bytes = Buffer.concat(sent.map(({ headers, payload }) => encode(headers, payload)));
        expect(decodeAll(cutAt(bytes, at))).toEqual(sent);
      }),
    );
  });

  test('are read byte by byte', () => {
    const bytes = Buffer.concat([encode({ ':event-type': 'a' }, Buffer.from('{}')), encode({}, Buffer.from('é'))]);
    expect(decodeAll(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual([
      { headers: { ':event-type': 'a' }, payload: Buffer.from('{}') },
      { headers: {}, payload: Buffer.from('é') },
    ]);
  });

  test('keep the headers that are text, whatever stands between them', () => {
    const bytes = codec.encode({
      headers: {
        yes: { type: 'boolean', value: true },
        first: { type: 'string', value: '1' },
        byte: { type: 'byte', value: 7 },
        short: { type: 'short', value: 7 },
        integer: { type: 'integer', value: 7 },
        blob: { type: 'binary', value: Buffer.from('xyz') },
        time: { type: 'timestamp', value: new Date(0) },
        id: { type: 'uuid', value: '00000000-0000-4000-8000-000000000000' },
        last: { type: 'string', value: '2' },
      },
      body: Buffer.from('x'),
    });
    expect(decodeAll([Buffer.from(bytes)])[0]?.headers).toEqual({ first: '1', last: '2' });
  });
});

describe('a damaged stream', () => {
  const bytes = encode({ ':event-type': 'messageStop' }, Buffer.from('{"stopReason":"end_turn"}'));

  test('is refused for any flipped bit', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        expect(() => new EventStreamDecoder().push(damaged)).toThrow(EventStreamError);
      }),
    );
  });

  test('is known to be in the middle of a message when it ends there', () => {
    const decoder = new EventStreamDecoder();
    expect(decoder.push(bytes.subarray(0, bytes.length - 1))).toEqual([]);
    expect(decoder.isHolding).toBe(true);
  });

  test('is refused when it is no event stream at all', () => {
    expect(() => new EventStreamDecoder().push(Buffer.from('data: {"hello":1}\n\n'))).toThrow(/checksum/);
  });
});
