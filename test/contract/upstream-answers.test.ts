import { describe, expect, it } from 'vitest';
import { ask, poolVariants } from './upstream-pools.ts';

const ok = 'HTTP/1.1 200 OK';
const chunked = 'Transfer-Encoding: chunked';
const empty = 'Content-Length: 0';

interface Good {
  readonly name: string;
  readonly head: readonly string[];
  readonly wire?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  /** Whether the next request may use the connection. */
  readonly mayReuse?: boolean;
  /** The server closes after it. */
  readonly closes?: boolean;
}

const good: readonly Good[] = [
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
  { name: 'chunk extensions', head: [ok, chunked], wire: '2;a=b;c="d"\r\nhi\r\n0;z\r\n\r\n', body: 'hi' },
  { name: 'trailers', head: [ok, chunked], wire: '2\r\nhi\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n', body: 'hi' },
  { name: 'a body until the server closes', head: [ok], wire: 'until', body: 'until', mayReuse: false, closes: true },
  { name: 'nothing until the server closes', head: [ok], mayReuse: false, closes: true },
  { name: '204 without a length', head: ['HTTP/1.1 204 No Content'], status: 204 },
  // It may have sent a body all the same, which would be read as the next answer.
  { name: '204 and a length', head: ['HTTP/1.1 204 No', 'Content-Length: 5'], status: 204, mayReuse: false },
  { name: '304 and a coding', head: ['HTTP/1.1 304 Not', chunked], status: 304, mayReuse: false },
  { name: 'interim answers first', head: [`HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\nA: 1\r\n\r\n${ok}`, empty] },
  { name: 'a word of no meaning in Connection', head: [ok, empty, 'Connection: x'] },
  { name: 'close', head: [ok, empty, 'Connection: close'], mayReuse: false },
  { name: 'close among others', head: [ok, empty, 'Connection: X, Close', 'Connection: keep-alive'], mayReuse: false },
  { name: 'HTTP/1.0', head: ['HTTP/1.0 200 OK', empty], mayReuse: false },
  { name: 'HTTP/1.0 with keep-alive', head: ['HTTP/1.0 200 OK', empty, 'Connection: Keep-Alive'] },
  {
    name: 'spaces before values, and empty ones',
    head: [ok, 'Content-Length:\t0', 'A:  b c', 'D:', 'E: Gr\xfc\xdfe'],
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

describe.each(poolVariants)('$name', ({ start }) => {
  describe.each(good)('an answer with $name', ({ head, wire = '', status = 200, headers, body = '', ...row }) => {
    const { mayReuse = true, closes = false } = row;
    const all = Buffer.from(`${head.join('\r\n')}\r\n\r\n${wire}`, 'latin1');
    const expected = { events: body === '' ? ['head', 'end'] : ['head', 'data', 'end'], status, text: body };

    it('is read whole', async () => {
      const { pool, upstream } = await start(async (call) => {
        await call.write(all);
        if (closes) call.socket.end();
      });
      const asked = await ask(pool);
      expect(asked).toMatchObject(expected);
      if (headers !== undefined) expect(asked.headers).toMatchObject(headers);
      await ask(pool);
      expect(upstream.connections).toBe(mayReuse ? 1 : 2);
    });

    it('is the same byte by byte', async () => {
      const { pool } = await start(async (call) => {
        for (const byte of all) await call.write(Buffer.of(byte));
        if (closes) call.socket.end();
      });
      expect(await ask(pool)).toMatchObject(expected);
    });
  });

  it('a field named __proto__ gives the headers no other prototype', async () => {
    const { pool } = await start((call) => call.answer('', '__proto__: a', '__proto__: b', 'c: d'));
    const { headers } = await ask(pool);
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
    expect(headers.c).toBe('d');
  });

  const bad: readonly (readonly [string, string])[] = [
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['another version', 'HTTP/1.2 200 OK\r\n\r\n'],
    [
      'an answer to no request of ours',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    ],
    // undici takes one that nobody asked for as the answer to another request.
    ['a 100 that nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${ok}\r\n${empty}\r\n\r\n`],
    ['a field without colon', `${ok}\r\nabc\r\n\r\n`],
    ['a field without name', `${ok}\r\n: abc\r\n\r\n`],
    ['a space before the colon', `${ok}\r\nContent-Length : 0\r\n\r\n`],
    ['a lone LF in a value', `${ok}\r\nA: b\nContent-Length: 0\r\n\r\n`],
    ['a lone CR in a value', `${ok}\r\nA: b\rc\r\n\r\n`],
    ['NUL in a value', `${ok}\r\nA: b\0c\r\n\r\n`],
    ['a lone LF in the status line', `${ok}\nA: b\r\n\r\n`],
    ['a folded line', `${ok}\r\nA: b\r\n c: d\r\n\r\n`],
    ['chunks and a length', `${ok}\r\nContent-Length: 3\r\n${chunked}\r\n\r\n2\r\nhi\r\n0\r\n\r\n`],
    ...['-1', '+5', '5a', '0x5', '5, 5', '1.0', '9'.repeat(20)].map(
      (length) => [`a length of ${length}`, `${ok}\r\nContent-Length: ${length}\r\n\r\n`] as const,
    ),
    ['two lengths', `${ok}\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n`],
    ...['gzip', 'gzip, chunked', 'chunked, identity', 'xchunked', '', 'chunked\r\nTransfer-Encoding: chunked'].map(
      (coding) =>
        [`the coding ${JSON.stringify(coding)}`, `${ok}\r\nTransfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n`] as const,
    ),
    ...['x', '-1', '0x5', '5 5', '5,', `1${'0'.repeat(16)}`, '5\n', '5;a\nb', '5;a\rb'].map(
      (size) =>
        [
          `a chunk of size ${JSON.stringify(size)}`,
          `${ok}\r\n${chunked}\r\n\r\n${size}\r\nhello\r\n0\r\n\r\n`,
        ] as const,
    ),
    ['a chunk longer than it says', `${ok}\r\n${chunked}\r\n\r\n4\r\nhello\r\n0\r\n\r\n`],
    ['a chunk that ends in a lone LF', `${ok}\r\n${chunked}\r\n\r\n5\r\nhello\n0\r\n\r\n`],
    ['a head without end', `${ok}\r\nA: ${'x'.repeat(70_000)}`],
    ['a trailer without end', `${ok}\r\n${chunked}\r\n\r\n0\r\n${`A: ${'x'.repeat(997)}\r\n`.repeat(70)}`],
    ['interim answers without end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(101)],
    ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
    ['a web page', '<html>'],
    ['another case', 'http/1.1 200 OK\r\n\r\n'],
  ];

  it.each(bad)('%s is upstream_invalid, and the connection is closed', async (_name, wire) => {
    const { pool, upstream } = await start((call) => call.write(wire));
    const asked = await ask(pool);
    expect([asked.events.at(-1), asked.error?.code]).toEqual(['error', 'upstream_invalid']);
    await upstream.call(0).then(({ closed }) => closed);
    expect(upstream.calls.length).toBe(1);
  });
});
