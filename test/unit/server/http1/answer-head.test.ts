import { describe, expect, it } from 'vitest';
import { answerHead } from '../../../../src/server/http1/answer-head.ts';

describe('the head of an answer', () => {
  it.each([
    [200, 'HTTP/1.1 200 OK'],
    [204, 'HTTP/1.1 204 No Content'],
    [429, 'HTTP/1.1 429 Too Many Requests'],
    [599, 'HTTP/1.1 599 Unknown'],
    [299, 'HTTP/1.1 299 Unknown'],
  ])('of status %i has a reason, known or not', (status, text) => {
    expect(answerHead(status, [])).toEqual({ text, length: undefined, hasDate: false });
  });

  it('has the fields as given and in their order', () => {
    const { text } = answerHead(200, ['X-b', '1', 'a', '', 'Set-Cookie', 'a=b', 'set-cookie', 'c; d="e"']);
    expect(text).toBe('HTTP/1.1 200 OK\r\nX-b: 1\r\na: \r\nSet-Cookie: a=b\r\nset-cookie: c; d="e"');
  });

  it('has values of latin-1 and tabs', () => {
    expect(answerHead(200, ['a', 'Gr\xfc\xdfe\t\x80\xff~ ']).text).toBe(
      'HTTP/1.1 200 OK\r\na: Gr\xfc\xdfe\t\x80\xff~ ',
    );
  });

  it.each(['content-length', 'Content-Length', 'CONTENT-LENGTH'])('tells the length in %s', (name) => {
    expect(answerHead(200, ['a', '1', name, '17']).length).toBe(17);
    expect(answerHead(200, [name, '0']).length).toBe(0);
  });

  it.each(['date', 'Date', 'DATE'])('tells that it has %s', (name) => {
    expect(answerHead(200, ['a', '1', name, 'Fri, 20 Nov 2026 00:00:00 GMT']).hasDate).toBe(true);
  });

  it('takes no other field for a length or a date', () => {
    const others = ['content-lengths', '1', 'x-content-length', '2', 'content_length', '3', 'etad', '4', 'dates', '5'];
    expect(answerHead(200, others)).toMatchObject({ length: undefined, hasDate: false });
  });
});

describe('a field that would not arrive as one is not sent', () => {
  // Of U+010A and U+010D latin-1 would send the low byte: LF and CR.
  const values = ['\r', '\n', '\r\nx: y', '\0', '\x01', '\x1b', '\x7f', '\u0100', '\u010a', '\u010d', '€', '\u{1f600}'];
  it.each(values.map((value) => [JSON.stringify(value), value]))('with %s in its value', (_name, value) => {
    expect(() => answerHead(200, ['b', 'c', 'x-a', `a${value}b`])).toThrow('x-a');
    expect(() => answerHead(200, ['x-a', value])).toThrow('x-a');
  });

  const names = ['', ' ', 'a b', 'a:', 'a\r\n', 'a\n', '\na', 'a\0', 'a\t', 'a(b)', 'a"', '\xe4', 'a\u010a', '€'];
  it.each(names.map((name) => [JSON.stringify(name), name]))('with the name %s', (_name, name) => {
    expect(() => answerHead(200, [name, 'b'])).toThrow('cannot be sent');
  });
});
