import { expect, it } from 'vitest';
import { Chain } from '../../../src/core/chain.ts';

function chainOf(...items: readonly string[]) {
  const chain = new Chain<string>();
  const links = items.map((item) => chain.add(item));
  return { chain, links };
}

it('keeps the order in which items came', () => {
  const { chain } = chainOf('a', 'b', 'c');
  expect([chain.items(), chain.first, chain.size]).toEqual([['a', 'b', 'c'], 'a', 3]);
});

it.each([
  [0, ['b', 'c']],
  [1, ['a', 'c']],
  [2, ['a', 'b']],
])('removes item %i, and only once', (at, left) => {
  const { chain, links } = chainOf('a', 'b', 'c');
  const link = links[at] as (typeof links)[number];
  expect([chain.remove(link), chain.remove(link)]).toEqual([true, false]);
  expect([chain.items(), chain.size]).toEqual([left, 2]);
  chain.add('d');
  expect(chain.items()).toEqual([...left, 'd']);
});

it('can be emptied in any order and filled again', () => {
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 0, 2],
  ]) {
    const { chain, links } = chainOf('a', 'b', 'c');
    for (const at of order) chain.remove(links[at] as (typeof links)[number]);
    expect([chain.items(), chain.first, chain.size]).toEqual([[], undefined, 0]);
    chain.add('d');
    expect([chain.items(), chain.first]).toEqual([['d'], 'd']);
  }
});

it('does not keep hold of what it held, nor does that of what came later', () => {
  const { chain, links } = chainOf('a', 'b');
  const [first] = links;
  if (first !== undefined) chain.remove(first);
  expect([first?.before, first?.after]).toEqual([undefined, undefined]);
});
