import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Splice, topLevelEntries } from '../../../src/protocols/splice.ts';

const apply = (json: string, edit: (splice: Splice) => void) => {
  const splice = new Splice(Buffer.from(json));
  edit(splice);
  return splice.apply().toString();
};

describe('Splice', () => {
  it('leaves every byte but the value it sets', () => {
    const json = '{ "big": 9007199254740993, "model" : "a" ,"f": 1.0, "x": 1, "x": {"model": "inner"} }';
    expect(apply(json, (s) => s.set('model', '"b"'))).toBe(
      '{ "big": 9007199254740993, "model" : "b" ,"f": 1.0, "x": 1, "x": {"model": "inner"} }',
    );
  });

  it('sets every occurrence of a repeated key', () => {
    expect(apply('{"model":"a","model":"c"}', (s) => s.set('model', '"b"'))).toBe('{"model":"b","model":"b"}');
  });

  it('copies nothing for a value that stands there already', () => {
    const json = Buffer.from('{"model":"b","x":1.0}');
    const splice = new Splice(json);
    splice.set('model', '"b"');
    expect(splice.apply()).toBe(json);
    expect(apply('{"model":"b","model":"a"}', (s) => s.set('model', '"b"'))).toBe('{"model":"b","model":"b"}');
  });

  it('finds a key that is written with escapes', () => {
    expect(apply('{"mod\\u0065l":"a"}', (s) => s.set('model', '"b"'))).toBe('{"mod\\u0065l":"b"}');
  });

  it('is not misled by quotes, braces and backslashes inside strings', () => {
    const json = '{"a":"}\\"{\\\\","model":"m","b":[{"c":"]"}]}';
    expect(apply(json, (s) => s.set('model', '"n"'))).toBe('{"a":"}\\"{\\\\","model":"n","b":[{"c":"]"}]}');
  });

  it.each([
    ['{}', '{"k":1}'],
    ['{ }', '{"k":1 }'],
    ['{"a":2}', '{"k":1,"a":2}'],
  ])('adds to %s', (json, expected) => {
    expect(apply(json, (s) => s.set('k', '1'))).toBe(expected);
  });

  it.each([
    [['a'], '{"b":2,"c":3}'],
    [['b'], '{"a":1,"c":3}'],
    [['c'], '{"a":1,"b":2}'],
    [['b', 'c'], '{"a":1}'],
    [['a', 'b'], '{"c":3}'],
    [['a', 'b', 'c'], '{}'],
  ])('removes %s', (keys, expected) => {
    expect(
      apply('{"a":1,"b":2,"c":3}', (s) =>
        keys.forEach((key) => {
          s.remove(key);
        }),
      ),
    ).toBe(expected);
  });

  it('prepends to an array, empty or not, and renames a key', () => {
    expect(apply('{"m":[ ]}', (s) => s.prepend('m', '1'))).toBe('{"m":[1 ]}');
    expect(apply('{"m":[2]}', (s) => s.prepend('m', '1'))).toBe('{"m":[1,2]}');
    expect(apply('{"max_tokens":5}', (s) => s.rename('max_tokens', 'n'))).toBe('{"n":5}');
  });

  it('agrees with JSON.parse on any object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.integer({ min: 0, max: 3 }), (object, indent) => {
        const text = JSON.stringify(object, null, indent);
        const entries = topLevelEntries(Buffer.from(text));
        const read = Object.fromEntries(
          entries.map((e) => [e.key, JSON.parse(Buffer.from(text).toString('utf8', e.valueStart, e.valueEnd))]),
        );
        expect(read).toEqual(JSON.parse(text));
      }),
    );
  });
});
