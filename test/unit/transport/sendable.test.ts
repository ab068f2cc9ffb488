import { describe, expect, it } from 'vitest';
import { requireSendablePath, sendableFields } from '../../../src/transport/sendable.ts';

it.each(['/', '/a?b=%20&c#', '/~!$'])('the path %j can be sent', (path) => {
  expect(() => requireSendablePath(path)).not.toThrow();
});

it.each(['Connection', 'Transfer-Encoding', 'keep-alive', 'Upgrade', 'expect', 'Content-Length'])(
  '%s is the connection’s own, and not passed on',
  (name) => {
    expect(sendableFields(['x-a', '1', name, 'chunked', 'x-b', '2'])).toEqual(['x-a', '1', 'x-b', '2']);
  },
);

it('every value that a field may have is passed on', () => {
  const fields = ['', 'a\tb', ' ', '~!"\\', '\x80\xff', 'a: b'].flatMap((value, at) => [`X-${at}`, value]);
  expect(sendableFields(fields)).toEqual(fields);
});

describe('is refused', () => {
  const injections = ['\r\nx: y', '\nx: y', '\rx', '\r\n', '\n', '\0', '\x7f', '\x1b[0m', 'ā', '👋'];

  it.each(injections)('%j in a value', (bad) => {
    for (const value of [bad, `a${bad}`, `${bad}a`]) expect(() => sendableFields(['x-a', value])).toThrow(TypeError);
  });

  it.each(['', ' ', 'a b', 'a:', ':', 'a(b)', 'ü', ...injections])('%j in a name', (bad) => {
    expect(() => sendableFields([bad, 'a'])).toThrow(TypeError);
  });

  it.each([' ', '/a b', '/a\tb', '/ü', ...injections])('%j in the path', (bad) => {
    expect(() => requireSendablePath(bad)).toThrow(TypeError);
  });

  it('a host that would end its line', () => {
    expect(() => sendableFields(['host', 'a\r\nx: y'])).toThrow(TypeError);
  });

  it('without telling the value, which may be a credential', () => {
    expect(() => sendableFields(['authorization', 'Bearer s3cret\n'])).toThrow(/^(?!.*s3cret).*"authorization"/s);
  });
});
