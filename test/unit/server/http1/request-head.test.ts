import { describe, expect, it } from 'vitest';
import { checkBeginning, type RequestHead, readRequestHead } from '../../../../src/server/http1/request-head.ts';
import { MessageError } from '../../../../src/transport/http1/message-error.ts';
import { MessageReader } from '../../../../src/transport/http1/message-reader.ts';

interface Told {
  readonly head: RequestHead | undefined;
  readonly body: string;
  readonly isOver: boolean;
  /** Bytes that belong to what follows. */
  readonly held: number;
  /** Code of the error that refused it. */
  readonly refused: string | undefined;
}

function read(pieces: readonly Buffer[]): Told {
  let head: RequestHead | undefined;
  let body = '';
  let isOver = false;
  let refused: string | undefined;
  const reader = new MessageReader({
    onBeginning: checkBeginning,
    onHead(text) {
      head = readRequestHead(text);
      return head.framing;
    },
    onBody(bytes) {
      body += bytes.toString('latin1');
    },
    onEnd() {
      isOver = true;
    },
  });
  reader.begin();
  try {
    for (const piece of pieces) reader.push(piece);
  } catch (thrown) {
    if (!(thrown instanceof MessageError)) throw thrown;
    refused = thrown.code;
  }
  return { head, body, isOver, held: reader.heldBytes, refused };
}

const bytesOf = (wire: string) => Buffer.from(wire, 'latin1');
const readWhole = (wire: string) => read([bytesOf(wire)]);
const readByteByByte = (wire: string) => read(Array.from(bytesOf(wire), (byte) => Buffer.of(byte)));

/** Once per place between two bytes. */
function readSplit(wire: string): readonly Told[] {
  const bytes = bytesOf(wire);
  return Array.from({ length: bytes.length - 1 }, (_, at) => read([bytes.subarray(0, at + 1), bytes.subarray(at + 1)]));
}

interface Valid {
  readonly name: string;
  readonly lines: readonly string[];
  readonly wire?: string;
  readonly says: Partial<RequestHead>;
  readonly body?: string;
}

const get = 'GET /a HTTP/1.1';
const post = 'POST /a HTTP/1.1';
const old = 'GET /a HTTP/1.0';
const host = 'Host: h';
const chunked = 'Transfer-Encoding: chunked';

const valid: readonly Valid[] = [
  {
    name: 'a path',
    lines: ['GET /v1/models?a=b%20c&d HTTP/1.1', host],
    says: {
      method: 'GET',
      target: '/v1/models?a=b%20c&d',
      headers: { host: 'h' },
      rawHeaders: ['Host', 'h'],
      framing: 0,
      isVersion11: true,
      keepsAlive: true,
      expectsContinue: false,
    },
  },
  ...['POST', 'HEAD', 'OPTIONS', 'get', 'M-SEARCH', "!#$%&'*+.^_`|~09"].map((method) => ({
    name: `the method ${method}`,
    lines: [`${method} / HTTP/1.1`, host],
    says: { method, target: '/' },
  })),
  ...['http://h:80/v1?x', '*', 'h:443', '/\xe4\xff', '/a#b', '//', '/%00'].map((target) => ({
    name: `the target ${target}`,
    lines: [`GET ${target} HTTP/1.1`, host],
    says: { target },
  })),
  { name: 'HTTP/1.0', lines: [old], says: { isVersion11: false, keepsAlive: false, headers: {} } },
  { name: 'HTTP/1.0 and a host', lines: [old, host], says: { keepsAlive: false, headers: { host: 'h' } } },
  { name: 'HTTP/1.0 and keep-alive', lines: [old, 'Connection: Keep-Alive'], says: { keepsAlive: true } },
  { name: 'HTTP/1.0 and both', lines: [old, 'Connection: keep-alive, close'], says: { keepsAlive: false } },
  { name: 'HTTP/1.0 and another word', lines: [old, 'Connection: te'], says: { keepsAlive: false } },
  { name: 'close', lines: [get, host, 'Connection: close'], says: { keepsAlive: false } },
  { name: 'close in capitals', lines: [get, host, 'CONNECTION: CLOSE'], says: { keepsAlive: false } },
  { name: 'close among words', lines: [get, host, 'Connection: te, Close ,x'], says: { keepsAlive: false } },
  {
    name: 'close in a second field',
    lines: [get, host, 'Connection: keep-alive', 'connection: close'],
    says: { keepsAlive: false },
  },
  { name: 'keep-alive', lines: [get, host, 'Connection: keep-alive'], says: { keepsAlive: true } },
  { name: 'another word in Connection', lines: [get, host, 'Connection: upgrade'], says: { keepsAlive: true } },
  { name: 'an empty host', lines: [get, 'Host:'], says: { headers: { host: '' } } },
  {
    name: 'fields that repeat',
    lines: [get, host, 'Accept: a', 'X-One: 1', 'accept: b', 'ACCEPT: c'],
    says: {
      headers: { host: 'h', accept: 'a, b, c', 'x-one': '1' },
      rawHeaders: ['Host', 'h', 'Accept', 'a', 'X-One', '1', 'accept', 'b', 'ACCEPT', 'c'],
    },
  },
  {
    name: 'repeated fields of which the first counts',
    lines: [
      get,
      host,
      ...['Authorization', 'Content-Type', 'User-Agent'].flatMap((name) => [`${name}: a`, `${name}: b`]),
    ],
    says: { headers: { host: 'h', authorization: 'a', 'content-type': 'a', 'user-agent': 'a' } },
  },
  {
    name: 'spaces around values, and empty ones',
    lines: [get, 'Host:h', 'A:  b \t c\t ', 'B:', 'C: \t'],
    says: {
      headers: { host: 'h', a: 'b \t c', b: '', c: '' },
      rawHeaders: ['Host', 'h', 'A', 'b \t c', 'B', '', 'C', ''],
    },
  },
  { name: 'colons in a value', lines: [get, host, 'A::b:c'], says: { headers: { host: 'h', a: ':b:c' } } },
  { name: 'latin-1 values', lines: [get, host, 'A: Gr\xfc\xdfe'], says: { headers: { host: 'h', a: 'Gr\xfc\xdfe' } } },
  {
    name: 'names of what every object has',
    lines: [get, host, 'constructor: a', 'toString: b', 'TOSTRING: c', 'hasOwnProperty: d'],
    says: { headers: { host: 'h', constructor: 'a' as never, tostring: 'b, c', hasownproperty: 'd' } },
  },
  { name: 'a length of none', lines: [post, host, 'Content-Length: 0'], says: { framing: 0 } },
  {
    name: 'a length',
    lines: [post, host, 'content-length: 5'],
    wire: 'a\r\n\r\n',
    says: { framing: 5 },
    body: 'a\r\n\r\n',
  },
  {
    name: 'a length with zeros',
    lines: [post, host, 'Content-Length: 005'],
    wire: 'hello',
    says: { framing: 5 },
    body: 'hello',
  },
  { name: 'a length in HTTP/1.0', lines: [old, 'Content-Length: 1'], wire: 'x', says: { framing: 1 }, body: 'x' },
  ...['chunked', 'Chunked', 'CHUNKED', '\t chunked '].map((coding) => ({
    name: `the coding ${JSON.stringify(coding)}`,
    lines: [post, host, `Transfer-Encoding:${coding}`],
    wire: '2\r\nhi\r\n1;x=y\r\n!\r\n0\r\nA: b\r\n\r\n',
    says: { framing: 'chunked' as const },
    body: 'hi!',
  })),
  { name: 'no chunk', lines: [post, host, chunked], wire: '0\r\n\r\n', says: { framing: 'chunked' } },
  { name: 'expect', lines: [post, host, 'Expect: 100-Continue'], says: { expectsContinue: true } },
  { name: 'expect in HTTP/1.0', lines: [old, 'Expect: 100-continue'], says: { expectsContinue: false } },
  { name: 'another expectation', lines: [post, host, 'Expect: x'], says: { expectsContinue: false } },
];

describe.each(valid)('a request with $name', ({ lines, wire = '', says, body = '' }) => {
  const all = `${lines.join('\r\n')}\r\n\r\n${wire}`;

  it('is read whole', () => {
    const told = readWhole(all);
    expect(told).toMatchObject({ body, isOver: true, held: 0, refused: undefined });
    // Own fields alone: what an object has anyway is none.
    for (const [name, value] of Object.entries(says)) expect(told.head?.[name as keyof RequestHead]).toEqual(value);
  });

  it('is the same byte by byte and cut anywhere', () => {
    const whole = readWhole(all);
    expect(readByteByByte(all)).toEqual(whole);
    for (const told of readSplit(all)) expect(told).toEqual(whole);
  });

  it('is not over a byte too early', () => {
    expect(readWhole(all.slice(0, -1))).toMatchObject({ isOver: false, refused: undefined });
  });

  it('keeps what follows for the next one', () => {
    expect(readWhole(`${all}GET /next`)).toMatchObject({ body, isOver: true, held: 9, refused: undefined });
  });
});

it('a field named __proto__ gives the headers no other prototype', () => {
  const { head } = readWhole(`${get}\r\n${host}\r\n__proto__: a\r\n__proto__: b\r\n\r\n`);
  expect(Object.getPrototypeOf(head?.headers)).toBe(Object.prototype);
  expect(head?.headers.host).toBe('h');
  expect(head?.rawHeaders).toEqual(['Host', 'h', '__proto__', 'a', '__proto__', 'b']);
});

const withFields = (...fields: readonly string[]) => [post, host, ...fields, '', ''].join('\r\n');

describe('is refused', () => {
  const lengthCode = 'HPE_INVALID_CONTENT_LENGTH';
  const codingCode = 'HPE_INVALID_TRANSFER_ENCODING';
  const fieldCode = 'HPE_INVALID_HEADER_TOKEN';
  const lineCode = 'HPE_INVALID_METHOD';

  it.each([
    ['a length and chunks', withFields('Content-Length: 5', chunked), lengthCode],
    ['chunks and a length', withFields(chunked, 'Content-Length: 5'), lengthCode],
    ['chunks and a length of none', withFields(chunked, 'Content-Length: 0'), lengthCode],
    ['two equal lengths', withFields('Content-Length: 5', 'Content-Length: 5'), lengthCode],
    ['two lengths', withFields('Content-Length: 5', 'content-length: 6'), lengthCode],
    ...['-1', '+5', '5a', '0x5', '', '5, 5', '5,', '1.0', '5 5', '1e2', '9'.repeat(16)].map((length) => [
      `a length of ${JSON.stringify(length)}`,
      withFields(`Content-Length: ${length}`),
      lengthCode,
    ]),
    ...[
      'gzip',
      'identity',
      'gzip, chunked',
      'chunked, gzip',
      'chunked, chunked',
      'xchunked',
      'chunked;a',
      '\xa0chunked',
      'chunked\xa0',
      '',
    ].map((coding) => [`the coding ${JSON.stringify(coding)}`, withFields(`Transfer-Encoding: ${coding}`), codingCode]),
    ['the coding twice', withFields(chunked, chunked), codingCode],
    ['an unknown coding and a length', withFields('Transfer-Encoding: x', 'Content-Length: 5'), codingCode],
    ['chunks in HTTP/1.0', `POST / HTTP/1.0\r\n${host}\r\n${chunked}\r\n\r\n`, codingCode],
    ['no host', `${get}\r\nA: b\r\n\r\n`, 'HPE_INVALID_HOST'],
    ['no field at all', `${get}\r\n\r\n`, 'HPE_INVALID_HOST'],
    ['two hosts', withFields('Host: other'), 'HPE_INVALID_HOST'],
    ['two equal hosts', withFields('hOST: h'), 'HPE_INVALID_HOST'],
    ['two hosts in HTTP/1.0', `${old}\r\n${host}\r\n${host}\r\n\r\n`, 'HPE_INVALID_HOST'],
    ['a folded line', withFields('A: b', ' c'), fieldCode],
    ['a line folded with a tab', withFields('A: b', '\tc: d'), fieldCode],
    ['a folded coding', withFields('Transfer-Encoding:', ' chunked'), fieldCode],
    ['a folded first line', `${get}\r\n ${host}\r\n\r\n`, fieldCode],
    ['a space before the colon', withFields('Content-Length : 5'), fieldCode],
    ['a tab before the colon', withFields('Transfer-Encoding\t: chunked'), fieldCode],
    ['a field without colon', withFields('abc'), fieldCode],
    ['a field without colon before one with', withFields('abc', 'd: e'), fieldCode],
    ['a field without name', withFields(': abc'), fieldCode],
    ['a name beyond ASCII', withFields('\xe4: b'), fieldCode],
    ...['\x01', '\b', '\v', '\f', '\x1b', '\x7f'].map((character) => [
      `${JSON.stringify(character)} in a value`,
      withFields(`A: b${character}c`),
      fieldCode,
    ]),
    ['a name with NUL', withFields('a\0: b'), fieldCode],
    ['a lone LF after a field', withFields('A: b\nContent-Length: 5'), fieldCode],
    ['a lone CR after a field', withFields('A: b\rContent-Length: 5'), fieldCode],
    ['a lone CR at the end of a field', withFields('A: b\r'), fieldCode],
    ['NUL in a value', withFields('A: b\0c'), fieldCode],
    ['HTTP/1.2', `GET / HTTP/1.2\r\n${host}\r\n\r\n`, lineCode],
    ['HTTP/0.9', `GET /\r\n${host}\r\n\r\n`, lineCode],
    ['a version in another case', `GET / http/1.1\r\n${host}\r\n\r\n`, lineCode],
    ['more after the version', `GET / HTTP/1.1 x\r\n${host}\r\n\r\n`, lineCode],
    ['a space after the version', `GET / HTTP/1.1 \r\n${host}\r\n\r\n`, lineCode],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', lineCode],
    ['an answer', `HTTP/1.1 200 OK\r\n${host}\r\n\r\n`, lineCode],
    ['a space in the target', `GET /a b HTTP/1.1\r\n${host}\r\n\r\n`, lineCode],
    ['two spaces before the target', `GET  /a HTTP/1.1\r\n${host}\r\n\r\n`, lineCode],
    ['two spaces after the target', `GET /a  HTTP/1.1\r\n${host}\r\n\r\n`, lineCode],
    ['tabs for spaces', `GET\t/a\tHTTP/1.1\r\n${host}\r\n\r\n`, lineCode],
    ['no target', `GET  HTTP/1.1\r\n${host}\r\n\r\n`, lineCode],
    ['a space before the method', ` GET / HTTP/1.1\r\n${host}\r\n\r\n`, lineCode],
    ['a method that is no token', `G(T / HTTP/1.1\r\n${host}\r\n\r\n`, lineCode],
    ...['\0', '\x01', '\t', '\r', '\x1b', '\x7f'].map((character) => [
      `${JSON.stringify(character)} in the target`,
      `GET /a${character}b HTTP/1.1\r\n${host}\r\n\r\n`,
      lineCode,
    ]),
    ['a lone LF after the request line', `${get}\n${host}\r\n\r\n`, lineCode],
    ['a lone CR after the request line', `${get}\r${host}\r\n\r\n`, lineCode],
  ])('%s', (_name, wire, code) => {
    for (const told of [readWhole(wire), readByteByByte(wire), ...readSplit(wire)]) {
      expect(told).toMatchObject({ refused: code, head: undefined, isOver: false });
    }
  });

  it.each([
    ['the greeting of TLS', '\x16\x03\x01\x02\0'],
    ['NUL', '\0'],
    ['a space', ' '],
    ['a line feed', '\n'],
    ['bytes beyond ASCII', '\xff\xfe'],
    ['lines that end in LF', `${get}\n`],
  ])('%s, without waiting for more', (_name, wire) => {
    for (const told of [readWhole(wire), readByteByByte(wire)]) expect(told.refused).toBe(lineCode);
  });

  it.each([
    ...['', 'x', '-1', '0x5', ' 5', '5 5', `1${'0'.repeat(12)}`, '5\n', '5;a\nb', '5;a\rb'].map((size) => [
      `a chunk of size ${JSON.stringify(size)}`,
      `${size}\r\nhello\r\n0\r\n\r\n`,
      'HPE_INVALID_CHUNK_SIZE',
    ]),
    ['a chunk longer than it says', '4\r\nhello\r\n0\r\n\r\n', 'HPE_STRICT'],
    ['a chunk that ends in a lone LF', '5\r\nhello\n0\r\n\r\n', 'HPE_STRICT'],
    ['a last chunk that ends in a lone LF', '0\n\r\n', 'HPE_INVALID_CHUNK_SIZE'],
    // Whoever ends lines at LF alone sees another request begin here.
    ['a lone LF for the end of the body', `0\r\n\nGET / HTTP/1.1\r\n\r\n`, fieldCode],
    ['a trailer with a lone LF', '0\r\nA: b\n\r\n\r\n', fieldCode],
    ['a trailer that is no field', `0\r\nGET / HTTP/1.1\r\n${host}\r\n\r\n`, fieldCode],
    ['a control character in a trailer', '0\r\nA: b\x01c\r\n\r\n', fieldCode],
    ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n', fieldCode],
  ])('%s', (_name, body, code) => {
    const wire = withFields(chunked) + body;
    for (const told of [readWhole(wire), readByteByByte(wire), ...readSplit(wire)]) {
      expect(told).toMatchObject({ refused: code, isOver: false });
    }
  });

  it('a head that is too long, at once and in pieces', () => {
    const long = `${get}\r\n${host}\r\nA: ${'x'.repeat(64 * 1024)}`;
    const pieces = Array.from({ length: Math.ceil(long.length / 1000) }, (_, at) =>
      bytesOf(long.slice(at * 1000, (at + 1) * 1000)),
    );
    for (const told of [readWhole(long), readWhole(`${long}\r\n\r\n`), read(pieces)]) {
      expect(told).toMatchObject({ refused: 'HPE_HEADER_OVERFLOW', head: undefined });
    }
  });
});
