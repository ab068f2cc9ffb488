import { expect, it } from 'vitest';
import { Slots } from '../../../src/core/slots.ts';

const never = new AbortController().signal;

it('lets so many in, and the others in their order as slots become free', async () => {
  const slots = new Slots(2);
  const entered: string[] = [];
  const enter = async (name: string, signal = never) => {
    const free = await slots.enter(signal);
    entered.push(name);
    return free;
  };
  const [first, second] = await Promise.all([enter('a'), enter('b')]);
  const third = enter('c');
  const fourth = enter('d');
  expect(entered).toEqual(['a', 'b']);
  first?.();
  first?.();
  await third;
  expect(entered).toEqual(['a', 'b', 'c']);
  second?.();
  await fourth;
  expect(entered).toEqual(['a', 'b', 'c', 'd']);
});

it('forgets one who leaves while waiting', async () => {
  const slots = new Slots(1);
  const free = await slots.enter(never);
  const leaving = new AbortController();
  const left = slots.enter(leaving.signal);
  const next = slots.enter(never);
  leaving.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  await expect(slots.enter(leaving.signal)).rejects.toThrow('left');
  free();
  await next;
});
