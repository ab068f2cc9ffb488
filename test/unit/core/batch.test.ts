import { expect, it } from 'vitest';
import { Batch } from '../../../src/core/batch.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('runs the actions of a turn together, then what they leave to microtasks, and then their writes', async () => {
  const batch = new Batch();
  const told: string[] = [];
  for (const name of ['a', 'b']) {
    batch.add(() => {
      told.push(name);
      void Promise.resolve()
        .then(() => undefined)
        .then(() => {
          told.push(`${name} later`);
          batch.addWrite(() => told.push(`${name} written`));
        });
    });
  }
  expect(told).toEqual([]);
  await turn();
  expect(told).toEqual(['a', 'b', 'a later', 'b later', 'a written', 'b written']);
});

it('writes what comes from elsewhere at the end of the turn', async () => {
  const batch = new Batch();
  const told: string[] = [];
  batch.add(() => told.push('ran'));
  await turn();
  await turn();
  batch.addWrite(() => told.push('first'));
  await Promise.resolve();
  batch.addWrite(() => told.push('second'));
  expect(told).toEqual(['ran']);
  await turn();
  expect(told).toEqual(['ran', 'first', 'second']);
});

it('runs what is added meanwhile in its own time', async () => {
  const batch = new Batch();
  const told: string[] = [];
  batch.add(() => {
    told.push('action');
    batch.add(() => told.push('next action'));
    batch.addWrite(() => {
      told.push('write');
      batch.addWrite(() => told.push('next write'));
    });
  });
  await turn();
  await turn();
  await turn();
  expect(told.toSorted()).toEqual(['action', 'next action', 'next write', 'write']);
  expect(told.slice(0, 2)).toEqual(['action', 'write']);
});
