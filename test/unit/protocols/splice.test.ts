import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Splice } from '../../../src/protocols/splice.ts';

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
    const asked = new Splice(Buffer.from('{"mod\\u0065l":"a","é":1,"a\\u00e9":2}'));
    for (const key of ['model', 'é', 'aé', 'modal', 'e', 'è', 'model']) {
      expect(asked.has(key)).toBe(['model', 'é', 'aé'].includes(key));
    }
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
    // Of quotes and backslashes most of all, and short as well as long.
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('"', '\\', 'a', 'é'), maxLength: 80 }));
    const object = fc.dictionary(text, fc.oneof(text, fc.jsonValue()));
    fc.assert(
      fc.property(object, text, fc.integer({ min: 0, max: 3 }), (given, other, indent) => {
        const json = JSON.stringify(given, null, indent);
        const splice = new Splice(Buffer.from(json));
        const parsed = JSON.parse(json) as Record<string, unknown>;
        for (const [key, value] of Object.entries(parsed)) expect(splice.value(key)).toEqual(value);
        expect(splice.has(other)).toBe(Object.hasOwn(parsed, other));
      }),
    );
  });

  it.each([28, 29, 30, 31, 32, 33, 34])('finds the end of a string %i characters on', (length) => {
    for (const tail of ['', '\\"', '\\\\', '\\\\\\"']) {
      const json = `{"a":"${'x'.repeat(length)}${tail}","model":"a"}`;
      expect(apply(json, (s) => s.set('model', '"b"'))).toBe(json.replace(':"a"}', ':"b"}'));
    }
  });

  it('tells values apart that are the same in part, or not plain ASCII', () => {
    for (const [given, wanted] of [
      ['"ab"', '"a"'],
      ['"a"', '"ab"'],
      ['"é"', '"è"'],
      ['"Ã©"', '"é"'],
      ['1', '12'],
      ['12', '1'],
    ]) {
      expect(apply(`{"model":${given}}`, (s) => s.set('model', wanted as string))).toBe(`{"model":${wanted}}`);
    }
    const same = Buffer.from('{"model":"é"}');
    const splice = new Splice(same);
    splice.set('model', '"é"');
    expect(splice.apply()).toBe(same);
  });
});
