import { expect, it } from 'vitest';
import { similarity } from '../../../src/gateway/answer-text.ts';

it.each([
  ['same words', 'same words', 1],
  ['Same, words!', 'words same', 1],
  ['a b c d', 'a b x y', 0.5],
  ['a a a', 'a', 0.5],
  ['Grüße', 'grüße', 1],
  ['one', 'two', 0],
  ['', 'two', 0],
  ['', '', 1],
])('%j and %j', (one, other, expected) => {
  expect(similarity(one, other)).toBe(expected);
  expect(similarity(other, one)).toBe(expected);
});
