import { describe, expect, it } from 'vitest';
import { endOfString, exceeded, type JsonLimits } from '../../../src/protocols/json-text.ts';

const limits: JsonLimits = { depth: 10, nodes: 5_000, items: 3_000, fields: 2_000 };
const of = (text: string) => exceeded(Buffer.from(text), limits);
const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`;
const list = (count: number, item: string) => `[${Array.from({ length: count }, () => item).join(',')}]`;
const object = (count: number) => `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join(',')}}`;

describe('exceeded', () => {
  it.each([
    ['lists at the limit', nested(10, '[', ']'), undefined],
    ['lists one deeper', nested(11, '[', ']'), 'depth'],
    ['objects one deeper', nested(11, '{"a":', '}'), 'depth'],
    ['both in turn', nested(6, '[{"a":', '}]'), 'depth'],
    ['brackets that never close', '['.repeat(100), 'depth'],
    ['brackets that only close', ']'.repeat(100), undefined],
    ['many lists side by side', list(2_000, '[[[1]]]'), 'nodes'],
    ['brackets in a string', `"${'['.repeat(100)}"`, undefined],
    ['brackets behind an escaped quote', `"\\"${'['.repeat(100)}"`, undefined],
    ['brackets behind an escaped backslash', `["\\\\",${nested(11, '[', ']')}]`, 'depth'],
    ['a long list of texts', list(4_100, '"a"'), 'items'],
    ['two lists that are long together', `[${list(2_600, '"a"')},${list(2_600, '"a"')}]`, 'items'],
    ['many short lists', list(20, list(900, '"a"')), undefined],
    ['a list of numbers', list(9_000, '-1'), undefined],
    ['a wide object', object(3_100), 'fields'],
    ['an object of some width', object(2_900), undefined],
  ])('%s', (_name, text, expected) => {
    expect(of(text)).toBe(expected);
  });
});

describe('endOfString', () => {
  const long = 'a'.repeat(300);

  it.each([
    '""',
    '"a"',
    '"\\""',
    '"\\\\"',
    `"${long}"`,
    `"${long}\\"${long}"`,
    `"${long}\\\\"`,
    `"${'\\"'.repeat(300)}"`,
  ])('is just past %s', (text) => {
    expect(endOfString(Buffer.from(`${text},"x"`), 0)).toBe(text.length);
  });

  it.each(['"', '"a', '"\\', `"${long}`, `"${long}\\"`])('is the end of %s, which lacks its own', (text) => {
    expect(endOfString(Buffer.from(text), 0)).toBe(text.length);
  });
});
