import { expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/model.ts';
import { limitFor, staysLocal } from '../../../src/gateway/reach.ts';

function target(isLocalByWord?: boolean): Candidate {
  return { endpoint: {}, model: { isLocalByWord } } as Candidate;
}

it.each([
  [false, undefined, 'internet'],
  [true, undefined, 'network'],
  ['machine', undefined, 'machine'],
  // "local: true" is the user's word for the network, and says nothing about this machine.
  [true, true, 'internet'],
  ['machine', true, 'machine'],
] as const)('local_only: %s of a model that is local by word: %s may go to the %s', (localOnly, word, limit) => {
  expect(limitFor(localOnly, target(word))).toBe(limit);
});

it.each([
  [undefined, 'machine', true],
  [undefined, 'network', true],
  [undefined, 'internet', false],
  [true, 'internet', true],
  [false, 'machine', false],
] as const)('local by word: %s and a connection to the %s: stays local is %s', (word, reach, stays) => {
  expect(staysLocal(target(word), reach)).toBe(stays);
});
