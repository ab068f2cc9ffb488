import { describe, expect, it } from 'vitest';
import { type AnswerHeaders, AnswerParser } from '../../../../src/transport/http1/answer-parser.ts';
import { MessageError } from '../../../../src/transport/http1/message-error.ts';

/** What a sink was told. Bodies are joined: where they were cut says nothing. */
interface Told {
  readonly events: readonly string[];
  readonly status: number | undefined;
  readonly headers: AnswerHeaders;
  readonly body: string;
  readonly isOver: boolean;
  readonly mayReuse: boolean;
  /** Code of the error that refused it. */
  readonly refused: string | undefined;
}

/** Every piece is lent and then overwritten, as a connection does with the memory it reads to. */
function lend(parser: AnswerParser, piece: Buffer): void {
  const lent = Buffer.from(piece);
  try {
    parser.push(lent);
  } finally {
    lent.fill('~');
  }
}

function read(pieces: readonly Buffer[], closes = false): Told {
  const events: string[] = [];
  const bodies: Buffer[] = [];
  let status: number | undefined;
  let headers: AnswerHeaders = {};
  let refused: string | undefined;
  const tell = (event: string) => {
    if (events.at(-1) !== event) events.push(event);
  };
  const parser = new AnswerParser({
    onHead(code, fields) {
      tell('head');
      status = code;
      headers = fields;
    },
    onBody(bytes) {
      tell('body');
      bodies.push(Buffer.from(bytes));
    },
    onEnd: () => tell('end'),
  });
  parser.begin();
  try {
    for (const piece of pieces) lend(parser, piece);
    if (closes) parser.close();
  } catch (thrown) {
    if (!(thrown instanceof MessageError)) throw thrown;
    refused = thrown.code;
  }
  const body = Buffer.concat(bodies).toString('latin1');
  return { events, status, headers, body, isOver: parser.isOver, mayReuse: parser.mayReuse, refused };
}

const bytesOf = (wire: string) => Buffer.from(wire, 'latin1');
const readWhole = (wire: string, closes = false) => read([bytesOf(wire)], closes);

function readByteByByte(wire: string, closes = false): Told {
  const bytes = bytesOf(wire);
  return read(
    Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)),
    closes,
  );
}

/** Once per place between two bytes. */
function readSplit(wire: string, closes = false): readonly Told[] {
  const bytes = bytesOf(wire);
  return Array.from({ length: bytes.length - 1 }, (_, at) =>
    read([bytes.subarray(0, at + 1), bytes.subarray(at + 1)], closes),
  );
}

interface Valid {
  readonly name: string;
  readonly head: readonly string[];
  readonly wire?: string;
  readonly status?: number;
  readonly headers?: AnswerHeaders;
  readonly body?: string;
  readonly mayReuse?: boolean;
  /** The server closes after it. */
  readonly closes?: boolean;
}

const ok = 'HTTP/1.1 200 OK';
const chunked = 'Transfer-Encoding: chunked';
const empty = 'Content-Length: 0';

const valid: readonly Valid[] = [
  { name: 'a body of known length', head: [ok, 'Content-Length: 5'], wire: 'h\r\n\r\n', body: 'h\r\n\r\n' },
  { name: 'a body of no bytes', head: [ok, empty] },
  { name: 'a body of any bytes', head: [ok, 'Content-Length: 4'], wire: '\0\xff\r\n', body: '\0\xff\r\n' },
  { name: 'no reason phrase', head: ['HTTP/1.1 200', empty] },
  { name: 'an empty reason phrase', head: ['HTTP/1.1 200 ', empty] },
  { name: 'a status above 599', head: ['HTTP/1.1 999 ?', empty], status: 999 },
  { name: 'one chunk', head: [ok, chunked], wire: '5\r\nhello\r\n0\r\n\r\n', body: 'hello' },
  { name: 'no chunk', head: [ok, chunked], wire: '0\r\n\r\n' },
  { name: 'the coding in capitals', head: [ok, 'TRANSFER-ENCODING: Chunked'], wire: '1\r\na\r\n0\r\n\r\n', body: 'a' },
  {
    name: 'several chunks with sizes in either case and leading zeros',
    head: [ok, chunked],
    wire: `a\r\n0123456789\r\n0B\r\n0123456789a\r\n0001\r\nb\r\n00\r\n\r\n`,
    body: '01234567890123456789ab',
  },
  { name: 'line ends within a chunk', head: [ok, chunked], wire: '6\r\n\r\n0\r\n\r\r\n0\r\n\r\n', body: '\r\n0\r\n\r' },
  { name: 'chunk extensions', head: [ok, chunked], wire: '2;a=b;c="d"\r\nhi\r\n1 ;x\r\n!\r\n0;z\r\n\r\n', body: 'hi!' },
  { name: 'trailers', head: [ok, chunked], wire: '2\r\nhi\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n', body: 'hi' },
  { name: 'a body until the server closes', head: [ok], wire: 'until', body: 'until', mayReuse: false, closes: true },
  { name: 'nothing until the server closes', head: [ok], mayReuse: false, closes: true },
  { name: '204, whatever length it names', head: ['HTTP/1.1 204 No Content', 'Content-Length: 5'], status: 204 },
  { name: '204 without a length', head: ['HTTP/1.1 204 No Content'], status: 204 },
  { name: '304, whatever coding it names', head: ['HTTP/1.1 304 Not Modified', chunked], status: 304 },
  { name: 'interim answers first', head: [`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nA: 1\r\n\r\n${ok}`, empty] },
  { name: 'a word of no meaning in Connection', head: [ok, empty, 'Connection: x'] },
  { name: 'close', head: [ok, empty, 'Connection: close'], mayReuse: false },
  { name: 'close among others', head: [ok, empty, 'Connection: X, Close', 'Connection: keep-alive'], mayReuse: false },
  { name: 'HTTP/1.0', head: ['HTTP/1.0 200 OK', empty], mayReuse: false },
  { name: 'HTTP/1.0 with keep-alive', head: ['HTTP/1.0 200 OK', empty, 'Connection: Keep-Alive'] },
  { name: 'HTTP/1.0 with both', head: ['HTTP/1.0 200 OK', empty, 'Connection: keep-alive, close'], mayReuse: false },
  {
    // RFC 9112, 6.1: the version knows no codings, somebody on the way may have read other bounds.
    name: 'HTTP/1.0 with chunks',
    head: ['HTTP/1.0 200 OK', chunked, 'Connection: keep-alive'],
    wire: '1\r\na\r\n0\r\n\r\n',
    body: 'a',
    mayReuse: false,
  },
  {
    name: 'chunks and a length',
    head: [ok, 'Content-Length: 3', chunked],
    wire: '2\r\nhi\r\n0\r\n\r\n',
    body: 'hi',
    mayReuse: false,
  },
  {
    name: 'spaces around values, and empty ones',
    head: [ok, 'Content-Length:\t0 ', 'A:  b c\t', 'D:', 'E: Gr\xfc\xdfe'],
    headers: { a: 'b c', d: '', e: 'Gr\xfc\xdfe' },
  },
  {
    name: 'fields that repeat',
    head: [ok, empty, 'Set-Cookie: a', 'x-once: 1', 'set-cookie: b', 'SET-COOKIE: c'],
    headers: { 'set-cookie': ['a', 'b', 'c'], 'x-once': '1' },
  },
  {
    name: 'names of what every object has',
    head: [ok, empty, 'constructor: a', 'toString: b', 'ToString: c'],
    headers: { constructor: 'a' as never, tostring: ['b', 'c'] },
  },
];

describe.each(valid)('an answer with $name', ({ head, wire = '', status = 200, headers, body = '', ...row }) => {
  const { mayReuse = true, closes = false } = row;
  const all = `${head.join('\r\n')}\r\n\r\n${wire}`;
  const events = body === '' ? ['head', 'end'] : ['head', 'body', 'end'];

  it('is read whole', () => {
    const told = readWhole(all, closes);
    expect(told).toMatchObject({ events, status, body, isOver: true, mayReuse, refused: undefined });
    if (headers !== undefined) expect(told.headers).toEqual(headers);
  });

  it('is the same byte by byte and cut anywhere', () => {
    const whole = readWhole(all, closes);
    expect(readByteByByte(all, closes)).toEqual(whole);
    for (const told of readSplit(all, closes)) expect(told).toEqual(whole);
  });

  it('is not over a byte too early', () => {
    const told = readWhole(all.slice(0, -1));
    expect(told).toMatchObject({ isOver: false, mayReuse: false, refused: undefined });
    expect(told.events).not.toContain('end');
  });

  it.skipIf(closes)('has no bytes after its end', () => {
    expect(readWhole(`${all}H`)).toMatchObject({ events, body, refused: 'HPE_UNEXPECTED_DATA' });
    expect(read([bytesOf(all), bytesOf('H')])).toMatchObject({ events, body, refused: 'HPE_UNEXPECTED_DATA' });
  });
});

it('a field named __proto__ gives the headers no other prototype', () => {
  const { headers, refused } = readWhole(`${ok}\r\n${empty}\r\n__proto__: a\r\n__proto__: b\r\nc: d\r\n\r\n`);
  expect(refused).toBeUndefined();
  expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  expect(headers.c).toBe('d');
});

describe('is refused', () => {
  it.each([
    ['a status that is none', 'HTTP/1.1 20 OK\r\n\r\n', 'HPE_INVALID_CONSTANT'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n', 'HPE_INVALID_CONSTANT'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n', 'HPE_INVALID_CONSTANT'],
    ['another version', 'HTTP/1.2 200 OK\r\n\r\n', 'HPE_INVALID_CONSTANT'],
    ['two spaces', 'HTTP/1.1  200 OK\r\n\r\n', 'HPE_INVALID_CONSTANT'],
    ['an answer to no request of ours', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n', 'HPE_PAUSED_UPGRADE'],
    ['a field without colon', `${ok}\r\nabc\r\n\r\n`, 'HPE_INVALID_HEADER_TOKEN'],
    ['one whose colon is on the next line', `${ok}\r\nabc\r\nd: e\r\n\r\n`, 'HPE_INVALID_HEADER_TOKEN'],
    ['a field without name', `${ok}\r\n: abc\r\n\r\n`, 'HPE_INVALID_HEADER_TOKEN'],
    ['a space before the colon', `${ok}\r\nContent-Length : 0\r\n\r\n`, 'HPE_INVALID_HEADER_TOKEN'],
    ['a folded line', `${ok}\r\nA: b\r\n c: d\r\n\r\n`, 'HPE_INVALID_HEADER_TOKEN'],
    ['a lone LF in a value', `${ok}\r\nA: b\nContent-Length: 0\r\n\r\n`, 'HPE_INVALID_HEADER_TOKEN'],
    ['a lone CR in a value', `${ok}\r\nA: b\rc\r\n\r\n`, 'HPE_INVALID_HEADER_TOKEN'],
    ['a lone CR at the end of one', `${ok}\r\nA: b\r\r\n\r\n`, 'HPE_INVALID_HEADER_TOKEN'],
    ['NUL in a value', `${ok}\r\nA: b\0c\r\n\r\n`, 'HPE_INVALID_HEADER_TOKEN'],
    ['a lone LF in the status line', `${ok}\nA: b\r\n\r\n`, 'HPE_INVALID_CONSTANT'],
    ...['-1', '+5', '5a', '0x5', '', '5, 5', '1.0', '9'.repeat(16)].map((length) => [
      `a length of ${length}`,
      `${ok}\r\nContent-Length: ${length}\r\n\r\n`,
      'HPE_INVALID_CONTENT_LENGTH',
    ]),
    ['two lengths', `${ok}\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n`, 'HPE_INVALID_CONTENT_LENGTH'],
    ...['gzip', 'gzip, chunked', 'chunked, identity', 'xchunked', '', 'chunked\r\nTransfer-Encoding: chunked'].map(
      (coding) => [
        `the coding ${JSON.stringify(coding)}`,
        `${ok}\r\nTransfer-Encoding: ${coding}\r\n\r\n`,
        'HPE_INVALID_TRANSFER_ENCODING',
      ],
    ),
    ...['', 'x', '-1', '0x5', ' 5', '5 5', '5,', `1${'0'.repeat(12)}`, '5\n', '5;a\nb', '5;a\rb'].map((size) => [
      `a chunk of size ${JSON.stringify(size)}`,
      `${ok}\r\n${chunked}\r\n\r\n${size}\r\nhello\r\n0\r\n\r\n`,
      'HPE_INVALID_CHUNK_SIZE',
    ]),
    ['a chunk longer than it says', `${ok}\r\n${chunked}\r\n\r\n4\r\nhello\r\n0\r\n\r\n`, 'HPE_STRICT'],
    ['a chunk that ends in a lone LF', `${ok}\r\n${chunked}\r\n\r\n5\r\nhello\n0\r\n\r\n`, 'HPE_STRICT'],
  ])('%s', (_name, wire, code) => {
    for (const told of [readWhole(wire), readByteByByte(wire), ...readSplit(wire)]) {
      expect(told.refused).toBe(code);
      expect(told.events).not.toContain('end');
    }
  });

  it.each([
    ['what is no HTTP', 'SSH-2.0-x'],
    ['HTTP/2', 'HTTP/2'],
    ['a web page', '<html>'],
    ['another case', 'http/1.1'],
    ['lines that end in LF', `${ok}\n`],
  ])('%s, without waiting for more', (_name, wire) => {
    for (const told of [readWhole(wire), readByteByByte(wire)]) expect(told.refused).toBe('HPE_INVALID_CONSTANT');
  });
});

describe('what never ends is refused', () => {
  /** Bytes. */
  const limit = 64 * 1024;
  const lineLimit = 8 * 1024;
  const long = (bytes: number) => 'x'.repeat(bytes);
  const reads = (wire: string) => {
    const bytes = bytesOf(wire);
    return read(
      Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, at) => bytes.subarray(at * 1000).subarray(0, 1000)),
    );
  };

  it.each([
    ['a head', `${ok}\r\nA: `, limit],
    ['the line of a chunk', `${ok}\r\n${chunked}\r\n\r\n1;`, lineLimit],
    ['a line of a trailer', `${ok}\r\n${chunked}\r\n\r\n0\r\nA: `, lineLimit],
  ])('%s', (_name, start, most) => {
    expect(reads(start + long(most - 2000)).refused).toBeUndefined();
    expect(reads(start + long(most + 2000)).refused).toBe('HPE_HEADER_OVERFLOW');
    expect(readWhole(start + long(most + 2000)).refused).toBe('HPE_HEADER_OVERFLOW');
  });

  it('a trailer of many lines', () => {
    const trailer = (lines: number) => `${ok}\r\n${chunked}\r\n\r\n0\r\n${`A: ${long(997)}\r\n`.repeat(lines)}`;
    expect(reads(trailer(60)).refused).toBeUndefined();
    expect(reads(trailer(70)).refused).toBe('HPE_HEADER_OVERFLOW');
  });

  it('a head that is too long is so in one piece too, and only then', () => {
    const rest = `\r\n${empty}`;
    const fits = `${ok}\r\nA: ${long(limit - ok.length - rest.length - 5)}${rest}\r\n\r\n`;
    const isOver = `${ok}\r\nA: ${long(limit - ok.length - rest.length - 4)}${rest}\r\n\r\n`;
    for (const way of [readWhole, reads]) {
      expect(way(fits).events).toEqual(['head', 'end']);
      expect(way(isOver)).toMatchObject({ refused: 'HPE_HEADER_OVERFLOW', events: [] });
    }
  });
});

it('reads one answer after another, and each by its own rules', () => {
  const statuses: number[] = [];
  const parser = new AnswerParser({ onHead: (status) => statuses.push(status), onBody() {}, onEnd() {} });
  const reuse: boolean[] = [];
  for (const wire of [
    `${ok}\r\n${empty}\r\n\r\n`,
    'HTTP/1.1 404 No\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx',
  ]) {
    parser.begin();
    expect([parser.isOver, parser.mayReuse]).toEqual([false, false]);
    lend(parser, bytesOf(wire));
    reuse.push(parser.mayReuse);
  }
  expect(statuses).toEqual([200, 404]);
  expect(reuse).toEqual([true, false]);
});

it('a server that closes does not complete an answer whose end is known', () => {
  for (const wire of [
    '',
    'HTTP/1.1 2',
    `${ok}\r\nContent-Length: 2\r\n\r\na`,
    `${ok}\r\n${chunked}\r\n\r\n1\r\na\r\n`,
  ]) {
    expect(readWhole(wire, true)).toMatchObject({ isOver: false, mayReuse: false, refused: undefined });
  }
});

it('expects nothing before a request was sent', () => {
  const parser = new AnswerParser({ onHead() {}, onBody() {}, onEnd() {} });
  expect(() => parser.push(bytesOf(`${ok}\r\n`))).toThrow(MessageError);
});
