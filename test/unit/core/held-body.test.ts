import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HeldBody } from '../../../src/core/held-body.ts';

it('gives back what it was given, in order, however it was cut', () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 500, max: 20_000 })), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(sizes, fc.boolean(), (lengths, asksBetween) => {
      const body = new HeldBody();
      let next = 0;
      const chunks = lengths.map((length) => Buffer.from(Array.from({ length }, () => next++ % 251)));
      for (const chunk of chunks) {
        body.add(chunk);
        if (asksBetween) body.bytes();
      }
      const all = Buffer.concat(chunks);
      expect(body.size).toBe(all.length);
      expect(body.bytes().equals(all)).toBe(true);
      expect(Buffer.concat(body.release()).equals(all)).toBe(true);
      expect([body.size, body.bytes().length]).toEqual([0, 0]);
    }),
  );
});

it('keeps a body that came in one piece as it is', () => {
  const body = new HeldBody();
  const chunk = Buffer.from('{}');
  body.add(chunk);
  expect(body.bytes()).toBe(chunk);
});

it('holds a body of single bytes in few pieces', () => {
  const body = new HeldBody();
  for (let at = 0; at < 100_000; at++) body.add(Buffer.of(at));
  expect(body.release().length).toBeLessThan(12);
});
