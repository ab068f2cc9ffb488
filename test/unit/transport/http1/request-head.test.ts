import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../../../src/core/model.ts';
import { requestHead } from '../../../../src/transport/http1/request-head.ts';
import type { UpstreamRequest } from '../../../../src/transport/upstream-pool.ts';

interface Asked extends Partial<Pick<UpstreamRequest, 'method' | 'headers' | 'body'>> {
  readonly path?: string;
}

function head({ method = 'POST', path = '/v1/x', headers = [], body }: Asked = {}): string {
  const request = { endpoint: {} as Endpoint, method, url: 'http://unused', headers, body };
  return requestHead({ request, path, host: '127.0.0.1:11434' });
}

const lines = (asked?: Asked) => head(asked).split('\r\n');
const body = Buffer.from('grüß');

it('is one request line, the fields as they were named, and a blank line', () => {
  expect(head({ headers: ['Content-Type', 'application/json', 'authorization', 'Bearer k'], body })).toBe(
    'POST /v1/x HTTP/1.1\r\n' +
      'Content-Type: application/json\r\n' +
      'authorization: Bearer k\r\n' +
      'host: 127.0.0.1:11434\r\n' +
      'content-length: 6\r\n' +
      'connection: keep-alive\r\n\r\n',
  );
});

it.each([
  ['/', '/'],
  ['/a?b=%20&c#', '/a?b=%20&c#'],
])('asks for the path %j as %j', (path, sent) => {
  expect(lines({ path })[0]).toBe(`POST ${sent} HTTP/1.1`);
});

it.each(['host', 'Host', 'HOST'])('names the host that the fields name as %s, and once', (name) => {
  const hosts = lines({ headers: [name, 'other:1'] }).filter((line) => /^host:/i.test(line));
  expect(hosts).toEqual([`${name}: other:1`]);
});

describe('the length', () => {
  const lengths = (asked: Asked) => lines(asked).filter((line) => /^content-length:/i.test(line));

  it.each([
    ['counts bytes', { body }, ['content-length: 6']],
    ['is 0 for an empty body', { body: Buffer.alloc(0) }, ['content-length: 0']],
    ['is 0 for a POST without body', {}, ['content-length: 0']],
    ['is left out of a GET without body', { method: 'GET' }, []],
    ['is left out of a DELETE without body', { method: 'DELETE' }, []],
    [
      'is ours, not what the fields say',
      { headers: ['Content-Length', '99', 'content-length', '7'], body },
      ['content-length: 6'],
    ],
  ] as const)('%s', (_name, asked, expected) => {
    expect(lengths(asked as Asked)).toEqual(expected);
  });
});

it.each(['Connection', 'Transfer-Encoding', 'keep-alive', 'Upgrade', 'expect'])('%s is not passed on', (name) => {
  const plain = head({ headers: ['x-a', '1', 'x-b', '2'], body });
  expect(head({ headers: ['x-a', '1', name, 'chunked', 'x-b', '2'], body })).toBe(plain);
});

it('passes on every value that a field may have', () => {
  const values = ['', 'a\tb', ' ', '~!"\\', '\x80\xff', 'a: b'];
  const headers = values.flatMap((value, at) => [`x-${at}`, value]);
  expect(lines({ headers }).slice(1, 1 + values.length)).toEqual(values.map((value, at) => `x-${at}: ${value}`));
});

describe('is refused', () => {
  const injections = ['\r\nx: y', '\nx: y', '\rx', '\r\n', '\n', '\0', '\x7f', '\x1b[0m', 'ā', '👋'];

  it.each(injections)('%j in a value', (bad) => {
    for (const value of [bad, `a${bad}`, `${bad}a`]) expect(() => head({ headers: ['x-a', value] })).toThrow(TypeError);
  });

  it.each(['', ' ', 'a b', 'a:', ':', 'a(b)', 'ü', ...injections])('%j in a name', (bad) => {
    expect(() => head({ headers: [bad, 'a'] })).toThrow(TypeError);
  });

  it.each([' ', '/a b', '/a\tb', '/ü', ...injections])('%j in the path', (bad) => {
    expect(() => head({ path: bad })).toThrow(TypeError);
  });

  it('a host that would end its line', () => {
    expect(() => head({ headers: ['host', 'a\r\nx: y'] })).toThrow(TypeError);
  });

  it('without telling the value, which may be a credential', () => {
    expect(() => head({ headers: ['authorization', 'Bearer s3cret\n'] })).toThrow(/^(?!.*s3cret).*"authorization"/s);
  });
});
