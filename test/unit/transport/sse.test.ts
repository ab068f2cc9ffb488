import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEvent, SseSplitter } from '../../../src/transport/sse.ts';

function cut(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.subarray(start, at[index] ?? bytes.length));
}

function eventsOf(chunks: readonly Buffer[]): readonly { readonly event: string; readonly data: string | undefined }[] {
  const splitter = new SseSplitter();
  return chunks.flatMap((chunk) => splitter.push(chunk)).map(({ event, data }) => ({ event, data }));
}

const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ' ').replace(/^ /, '_'));
const event = fc.record({ event: fc.constantFrom('', 'message', 'error'), data: line });

it.each(['\n', '\r\n', '\r'])('gives the same events however the bytes are cut, line ends %j', (end) => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 }), (events, places) => {
      const wire = events.map(
        (one) => `${one.event === '' ? '' : `event: ${one.event}${end}`}data: ${one.data}${end}${end}`,
      );
      const bytes = Buffer.from(wire.join(''));
      expect(eventsOf(cut(bytes, places))).toEqual(events);
      expect(eventsOf(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))).toEqual(events);
    }),
  );
});

it('loses and doubles no byte, but for the kind of line end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(), { maxLength: 9 }), (noise, places) => {
      const bytes = Buffer.from(noise.map((byte) => (byte % 3 === 0 ? 0x0a : byte % 7 === 0 ? 0x0d : byte)));
      const splitter = new SseSplitter();
      const pieces = cut(bytes, places).flatMap((chunk) => splitter.split(chunk));
      const wanted = bytes.toString('latin1').replaceAll(/\r\n?/g, '\n');
      const told = Buffer.concat([...pieces, splitter.rest() ?? Buffer.alloc(0)]).toString('latin1');
      expect(told.replaceAll(/\r\n?/g, '\n')).toBe(wanted);
    }),
  );
});

describe('an event', () => {
  it.each([
    ['data: {"a":1}\n\n', '', '{"a":1}'],
    ['data:{"a":1}\n\n', '', '{"a":1}'],
    ['data:  two spaces\n\n', '', ' two spaces'],
    ['data: one\ndata: two\n\n', '', 'one\ntwo'],
    ['event: error\r\ndata: x\r\n\r\n', 'error', 'x'],
    ['data\n\n', '', undefined],
    [': a comment\n\n', '', undefined],
    ['id: 7\nretry: 10\ndata: x\n\n', '', 'x'],
    ['data: \n\n', '', ''],
  ])('%j', (raw, name, data) => {
    expect(parseEvent(Buffer.from(raw))).toMatchObject({ event: name, data });
  });
});

it('keeps what has no blank line yet, and gives it at the end', () => {
  const splitter = new SseSplitter();
  expect(splitter.push(Buffer.from('data: a\n\ndata: b\n')).map(({ data }) => data)).toEqual(['a']);
  expect(splitter.isHolding).toBe(true);
  expect(splitter.rest()?.toString()).toBe('data: b\n');
  expect([splitter.isHolding, splitter.rest()]).toEqual([false, undefined]);
});

it('does not hold a line without end', () => {
  const splitter = new SseSplitter();
  const megabyte = Buffer.alloc(1024 * 1024, 'x');
  expect(() => {
    for (let count = 0; count < 40; count++) splitter.split(megabyte);
  }).toThrow(expect.objectContaining({ code: 'upstream_invalid' }));
});
