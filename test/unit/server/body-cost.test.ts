import { expect, it } from 'vitest';
import { collectGarbage } from '../../../src/cli/heap.ts';
import { bytesWhileAnswered } from '../../../src/server/body-cost.ts';

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** How many times its text a value takes, without what is sent to an upstream. */
function measured(text: string): number {
  const before = heapBytes();
  const value: unknown = JSON.parse(text);
  const taken = heapBytes() - before;
  expect(value).toBeDefined();
  return taken / text.length;
}

it.each([
  ['one long text', JSON.stringify(['x'.repeat(2_000_000)])],
  ['a text full of code', JSON.stringify(['{"a": [1, 2, {"b": "c"}]}, \\'.repeat(60_000)])],
  ['short texts', JSON.stringify(Array.from({ length: 100_000 }, (_, at) => `text ${at}`))],
  ['numbers', JSON.stringify(Array.from({ length: 300_000 }, (_, at) => at % 100))],
  ['empty lists', `[${'[],'.repeat(300_000)}0]`],
  ['empty objects', `[${'{},'.repeat(300_000)}0]`],
  ['messages', JSON.stringify(Array.from({ length: 30_000 }, (_, at) => ({ role: 'user', content: `text ${at}` })))],
  ['objects of one shape each', JSON.stringify(Array.from({ length: 20_000 }, (_, at) => ({ [`k${at}`]: at })))],
])('counts what %s takes', (_name, text) => {
  const counted = bytesWhileAnswered(Buffer.from(text)) / text.length - 1;
  const held = measured(text);
  expect(counted / held).toBeGreaterThan(0.5);
  expect(counted / held).toBeLessThan(2.5);
});

it('reads strings to their end, whatever is in them', () => {
  const plain = bytesWhileAnswered(Buffer.from('["aaaaaaaa"]'));
  for (const text of ['["\\"[[[[[["]', '["{{{{{{\\""]', '["\\\\\\\\\\\\\\\\"]', '["\\\\\\"{{{{"]']) {
    expect(bytesWhileAnswered(Buffer.from(text))).toBe(plain);
  }
});
