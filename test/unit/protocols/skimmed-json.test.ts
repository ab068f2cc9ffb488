import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SkimmedJson } from '../../../src/protocols/skimmed-json.ts';

function skim(text: string, cut = Number.POSITIVE_INFINITY): string {
  const json = new SkimmedJson();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += cut) json.push(bytes.subarray(at, at + cut));
  return json.bytes().toString();
}

/** The same value with an `x` for every long string. */
function shortened(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.byteLength(JSON.stringify(value)) - 2 > 1024 ? 'x' : value;
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shortened(one)]));
}

describe('SkimmedJson', () => {
  it('leaves everything but long strings', () => {
    const value = { a: 'short', b: 'x'.repeat(1024), c: ['y'.repeat(1025), 1.5, null], d: { e: '"\\'.repeat(2_000) } };
    expect(JSON.parse(skim(JSON.stringify(value)))).toEqual(shortened(value));
  });

  it('reads the same however it is cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', 'é', '😀', '\u0000'), maxLength: 40 });
    const long = text.map((one) => one.repeat(60));
    fc.assert(
      fc.property(fc.array(fc.oneof(text, long)), fc.integer({ min: 1, max: 700 }), (value, cut) => {
        expect(JSON.parse(skim(JSON.stringify(value), cut))).toEqual(shortened(value));
      }),
    );
  });

  it('takes little for a large event, and stops at one that is large without long strings', () => {
    const json = new SkimmedJson();
    json.push(Buffer.from('{"data":"'));
    for (let turn = 0; turn < 1_000; turn++) json.push(Buffer.alloc(64 * 1024, 'A'));
    json.push(Buffer.from('","end":true}'));
    expect(json.bytes().toString()).toBe('{"data":"x","end":true}');
    const dense = new SkimmedJson();
    const push = () => {
      for (let turn = 0; turn < 1_000; turn++) dense.push(Buffer.from('1,'.repeat(32 * 1024)));
    };
    expect(push).toThrow(expect.objectContaining({ code: 'upstream_invalid' }));
  });
});
