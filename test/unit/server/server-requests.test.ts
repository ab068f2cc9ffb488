import { describe, expect, it } from 'vitest';
import type { RequestHead } from '../../../src/server/http-request.ts';
import { get as getRequest, type Serving, serve, turn } from './serving.ts';

interface Valid {
  readonly name: string;
  readonly lines: readonly string[];
  readonly wire?: string;
  readonly says: Partial<RequestHead> & { readonly keepsAlive?: boolean };
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
  ...['POST', 'HEAD', 'OPTIONS', 'M-SEARCH', 'QUERY'].map((method) => ({
    name: `the method ${method}`,
    lines: [`${method} / HTTP/1.1`, host],
    says: { method, target: '/' },
  })),
  ...['http://h/v1?x', 'HTTPS://H', '/a#b', '//', '/%00', '/a?b=[c]'].map((target) => ({
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

interface Told {
  readonly head: Partial<RequestHead>;
  readonly body: string;
  /** The connection was kept for another request. */
  readonly keepsAlive: boolean;
}

async function tellOf(serving: Serving, pieces: readonly Buffer[]): Promise<Told> {
  const wire = serving.wire();
  for (const piece of pieces) await new Promise<void>((resolve) => wire.socket.write(piece, () => resolve()));
  const visit = await (await serving.visit(serving.visits.length)).until('end');
  visit.answer('answered');
  const text = visit.head.method === 'HEAD' ? await wire.until('\r\n\r\n') : await wire.until('answered');
  wire.socket.destroy();
  return { head: visit.head, body: visit.body, keepsAlive: text.includes('\r\nConnection: keep-alive\r\n') };
}

const bytesOf = (wire: string) => Buffer.from(wire, 'latin1');

describe.each(valid)('a request with $name', ({ lines, wire = '', says, body = '' }) => {
  const all = bytesOf(`${lines.join('\r\n')}\r\n\r\n${wire}`);
  const { keepsAlive, ...head } = says;
  const expected = { head, body, ...(keepsAlive === undefined ? {} : { keepsAlive }) };

  it('is read whole', async () => {
    const serving = await serve((visit) => void visit.receive());
    expect(await tellOf(serving, [all])).toMatchObject(expected);
  });

  it('is the same byte by byte', async () => {
    const serving = await serve((visit) => void visit.receive());
    expect(
      await tellOf(
        serving,
        Array.from(all, (byte) => Buffer.of(byte)),
      ),
    ).toMatchObject(expected);
  });
});

it('a field named __proto__ is one like others', async () => {
  const serving = await serve((visit) => void visit.receive());
  const wire = [get, host, '__proto__: a', '__proto__: b', '', ''].join('\r\n');
  const { head } = await tellOf(serving, [bytesOf(wire)]);
  expect(head.headers?.host).toBe('h');
  expect(head.rawHeaders).toEqual(['Host', 'h', '__proto__', 'a', '__proto__', 'b']);
});

const withFields = (...fields: readonly string[]) => [post, host, ...fields, '', ''].join('\r\n');
const isOneRefusal = /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\r\n\r\n(HPE_\w+)$/;

/** All that came back for what is not a request, and for a good one behind it. */
async function refusalOf(pieces: readonly (Buffer | string)[]): Promise<string> {
  const serving = await serve((visit) => void visit.receive());
  const wire = serving.wire();
  for (const piece of pieces) {
    await wire.write(piece.toString('latin1'));
    await turn();
  }
  const text = await wire.over();
  await wire.write(getRequest('/smuggled'));
  await turn();
  const served = serving.visits.filter(({ target }) => target !== '/a');
  expect(served.map(({ target }) => target)).toEqual([]);
  return text;
}

describe('is refused', () => {
  it.each([
    ['a length and chunks', withFields('Content-Length: 5', chunked)],
    ['chunks and a length', withFields(chunked, 'Content-Length: 5')],
    ['chunks and a length of none', withFields(chunked, 'Content-Length: 0')],
    ['two equal lengths', withFields('Content-Length: 5', 'Content-Length: 5')],
    ['two lengths', withFields('Content-Length: 5', 'content-length: 6')],
    ...['-1', '+5', '5a', '0x5', '', '5, 5', '5,', '1.0', '5 5', '1e2', '9'.repeat(16)].map((length) => [
      `a length of ${JSON.stringify(length)}`,
      withFields(`Content-Length: ${length}`),
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
    ].map((coding) => [`the coding ${JSON.stringify(coding)}`, withFields(`Transfer-Encoding: ${coding}`)]),
    ['the coding twice', withFields(chunked, chunked)],
    ['an unknown coding and a length', withFields('Transfer-Encoding: x', 'Content-Length: 5')],
    ['chunks in HTTP/1.0', `POST / HTTP/1.0\r\n${host}\r\n${chunked}\r\n\r\n`],
    ['no host', `${get}\r\nA: b\r\n\r\n`],
    ['no field at all', `${get}\r\n\r\n`],
    ['two hosts', withFields('Host: other')],
    ['two equal hosts', withFields('hOST: h')],
    ['two hosts in HTTP/1.0', `${old}\r\n${host}\r\n${host}\r\n\r\n`],
    ['a folded line', withFields('A: b', ' c')],
    ['a line folded with a tab', withFields('A: b', '\tc: d')],
    ['a folded coding', withFields('Transfer-Encoding:', ' chunked')],
    ['a folded first line', `${get}\r\n ${host}\r\n\r\n`],
    ['a space before the colon', withFields('Content-Length : 5')],
    ['a tab before the colon', withFields('Transfer-Encoding\t: chunked')],
    ['a field without colon', withFields('abc')],
    ['a field without colon before one with', withFields('abc', 'd: e')],
    ['a field without name', withFields(': abc')],
    ['a name beyond ASCII', withFields('\xe4: b')],
    ...['\x01', '\b', '\v', '\f', '\x1b', '\x7f'].map((character) => [
      `${JSON.stringify(character)} in a value`,
      withFields(`A: b${character}c`),
    ]),
    ['a name with NUL', withFields('a\0: b')],
    ['a lone LF after a field', withFields('A: b\nContent-Length: 5')],
    ['a lone CR after a field', withFields('A: b\rContent-Length: 5')],
    ['a lone CR at the end of a field', withFields('A: b\r')],
    ['NUL in a value', withFields('A: b\0c')],
    ['HTTP/1.2', `GET / HTTP/1.2\r\n${host}\r\n\r\n`],
    ['HTTP/0.9', `GET /\r\n${host}\r\n\r\n`],
    ['a version in another case', `GET / http/1.1\r\n${host}\r\n\r\n`],
    ['more after the version', `GET / HTTP/1.1 x\r\n${host}\r\n\r\n`],
    ['a space after the version', `GET / HTTP/1.1 \r\n${host}\r\n\r\n`],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an answer', `HTTP/1.1 200 OK\r\n${host}\r\n\r\n`],
    ['a space in the target', `GET /a b HTTP/1.1\r\n${host}\r\n\r\n`],
    ['two spaces before the target', `GET  /a HTTP/1.1\r\n${host}\r\n\r\n`],
    ['two spaces after the target', `GET /a  HTTP/1.1\r\n${host}\r\n\r\n`],
    ['tabs for spaces', `GET\t/a\tHTTP/1.1\r\n${host}\r\n\r\n`],
    ['no target', `GET  HTTP/1.1\r\n${host}\r\n\r\n`],
    ['a space before the method', ` GET / HTTP/1.1\r\n${host}\r\n\r\n`],
    ['a method that is no token', `G(T / HTTP/1.1\r\n${host}\r\n\r\n`],
    ...['\0', '\x01', '\t', '\r', '\x1b', '\x7f'].map((character) => [
      `${JSON.stringify(character)} in the target`,
      `GET /a${character}b HTTP/1.1\r\n${host}\r\n\r\n`,
    ]),
    ['a lone LF after the request line', `${get}\n${host}\r\n\r\n`],
    ['a lone CR after the request line', `${get}\r${host}\r\n\r\n`],
  ])('%s', async (_name, wire) => {
    expect(await refusalOf([wire])).toMatch(isOneRefusal);
    expect(await refusalOf(wire.split(/(?<=[\r\n])/))).toMatch(isOneRefusal);
  });

  it.each([
    ['the greeting of TLS', '\x16\x03\x01\x02\0'],
    ['NUL', '\0'],
    ['a space', ' '],
    ['bytes beyond ASCII', '\xff\xfe'],
    ['lines that end in LF', `${get}\n`],
  ])('%s, without waiting for more', async (_name, wire) => {
    expect(await refusalOf([wire])).toMatch(isOneRefusal);
  });

  it.each([
    ...['x', '-1', '0x5', ' 5', '5 5', `1${'0'.repeat(16)}`, '5\n', '5;a\nb', '5;a\rb'].map((size) => [
      `a chunk of size ${JSON.stringify(size)}`,
      `${size}\r\nhello\r\n0\r\n\r\n`,
    ]),
    ['a chunk longer than it says', '4\r\nhello\r\n0\r\n\r\n'],
    ['a chunk that ends in a lone LF', '5\r\nhello\n0\r\n\r\n'],
    ['a last chunk that ends in a lone LF', '0\n\r\n'],
    // Whoever ends lines at LF alone sees another request begin here.
    ['a lone LF for the end of the body', `0\r\n\nGET / HTTP/1.1\r\n\r\n`],
    ['a trailer with a lone LF', '0\r\nA: b\n\r\n\r\n'],
    ['a trailer that is no field', `0\r\nGET / HTTP/1.1\r\n${host}\r\n\r\n`],
    ['a control character in a trailer', '0\r\nA: b\x01c\r\n\r\n'],
    ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n'],
  ])('%s', async (_name, body) => {
    const wire = withFields(chunked) + body;
    expect(await refusalOf([wire])).toMatch(isOneRefusal);
    expect(await refusalOf(wire.split(/(?<=[\r\n])/))).toMatch(isOneRefusal);
  });

  it('a head that is too long, at once and in pieces', async () => {
    const long = `${get}\r\n${host}\r\nA: ${'x'.repeat(64 * 1024)}`;
    for (const pieces of [[long], [`${long}\r\n\r\n`], long.match(/[\s\S]{1,9000}/g) ?? []]) {
      expect(await refusalOf(pieces)).toContain('HPE_HEADER_OVERFLOW');
    }
  });
});
