import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestHeads } from '../../../../src/server/http1/request-head.ts';
import { answerHeads } from '../../../../src/transport/http1/answer-parser.ts';
import { HeadReader, type HeadReading } from '../../../../src/transport/http1/head-reader.ts';
import { MessageError } from '../../../../src/transport/http1/message-error.ts';

/** A head, or the code of the error that refused it. */
function read(heads: { read(text: string): unknown }, text: string): unknown {
  try {
    return heads.read(text);
  } catch (thrown) {
    if (!(thrown instanceof MessageError)) throw thrown;
    return thrown.code;
  }
}

/** Few of each, so that heads come again, whole and in part. */
const field = fc.constantFrom(
  ...['Content-Length: 5', 'content-length:7', 'CONTENT-LENGTH:\t12 ', 'Content-Length: 007', 'Content-Length: 5, 5'],
  ...['Content-Length: ', 'Content-Length: 5a', 'Content-Length: -1', `Content-Length: ${'9'.repeat(16)}`],
  ...['Transfer-Encoding: chunked', 'Host: a', 'Host: a5', 'A: b\r\nContent-Length: 9', 'A: Content-Length: 5'],
  ...[
    'Connection: close',
    'Connection: keep-alive',
    'X-Content-Length: 5',
    'X-Content-Length: 6',
    'A: b',
    'A: ',
    'no field',
    ' folded: 5',
  ],
);
const fields = fc.array(field, { maxLength: 4 });
const requestLines = ['POST /a HTTP/1.1', 'GET /a HTTP/1.1', 'POST /a HTTP/1.0', 'HTTP/1.1'];
const statusLines = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 204 No',
  'HTTP/1.1 304 No',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 100 Go',
  'x',
];

describe.each<[string, HeadReading<unknown>, readonly string[]]>([
  ['requests', requestHeads, requestLines],
  ['answers', answerHeads, statusLines],
])('heads of %s', (_name, heads, firstLines) => {
  const texts = fc.tuple(fc.constantFrom(...firstLines), fields).map(([line, lines]) => [line, ...lines].join('\r\n'));

  it('are read after others as they are read alone', () => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 2, maxLength: 6 }), (sequence) => {
        const reader = new HeadReader(heads);
        for (const text of sequence) expect(read(reader, text)).toEqual(read(heads, text));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['digits after a head without length', 'Host: a', 'Host: a5'],
    ['another name that ends alike', 'Host: a\r\nX-Content-Length: 5', 'Host: a\r\nX-Content-Length: 6'],
    ['the name in a value', 'Host: a\r\nA: Content-Length: 5', 'Host: a\r\nA: Content-Length: 6'],
    [
      'another length after one that looked like it',
      'Host: a\r\nX: Content-Length: 5',
      'Host: a\r\nX: Content-Length: 56',
    ],
  ])('are not taken for one of another length: %s', (_what, before, after) => {
    for (const first of firstLines) {
      const reader = new HeadReader(heads);
      for (const rest of [before, after]) {
        const text = `${first}\r\n${rest}`;
        expect(read(reader, text)).toEqual(read(heads, text));
      }
    }
  });

  it('are read after one that differs in its length alone as they are read alone', () => {
    const length = fc.constantFrom(
      '0',
      '5',
      '05',
      '123',
      '',
      'x',
      '5 ',
      '5\r\nA: b',
      '5\r\nContent-Length: 5',
      '1'.repeat(16),
    );
    fc.assert(
      fc.property(texts, fc.array(length, { minLength: 2, maxLength: 6 }), fields, (start, lengths, end) => {
        const reader = new HeadReader(heads);
        for (const one of lengths) {
          const text = [`${start}\r\nContent-Length: ${one}`, ...end].join('\r\n');
          expect(read(reader, text)).toEqual(read(heads, text));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what is known', () => {
  function counted() {
    const asked: string[] = [];
    const reader = new HeadReader({
      read(text) {
        asked.push(text);
        return { text };
      },
      withLength: (head, length) => ({ ...head, length }),
    });
    return { asked, reader };
  }
  const head = (length: number, rest = '') => `POST / HTTP/1.1\r\nContent-Length: ${length}\r\nHost: a${rest}`;

  it('is not read again, whatever the length', () => {
    const { asked, reader } = counted();
    const first = reader.read(head(5));
    expect(reader.read(head(5))).toBe(first);
    expect(reader.read(head(1_234))).toEqual({ text: head(5), length: 1_234 });
    expect(reader.read(head(5))).toBe(first);
    expect(asked).toEqual([head(5)]);
  });

  it('is the last head only', () => {
    const { asked, reader } = counted();
    for (const text of [head(5), head(5, 'b'), head(5), head(6)]) reader.read(text);
    expect(asked).toEqual([head(5), head(5, 'b'), head(5)]);
  });

  it('is no head that would take much memory to keep', () => {
    const { asked, reader } = counted();
    const long = head(5, 'b'.repeat(5_000));
    for (const text of [head(5), long, long, head(5)]) reader.read(text);
    expect(asked).toEqual([head(5), long, long, head(5)]);
  });
});
