import { describe, expect, test } from 'vitest';
import { collectGarbage } from '../../../src/cli/heap.ts';
import type { StoredResponse } from '../../../src/core/stored-responses.ts';
import { MemoryResponseStore } from '../../../src/state/responses-store.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';

const hourMs = 3_600_000;

function stored(id: string, text = 'hello'): StoredResponse {
  const output = [{ type: 'message', id: `msg_${id}`, role: 'assistant', content: [{ type: 'output_text', text }] }];
  return {
    id,
    localOnly: false,
    response: { id, object: 'response', output },
    input: [{ type: 'message', role: 'user', id: `in_${id}`, content: 'hi' }],
  };
}

const roomy = 64 * 1024 * 1024;

function open(maxBytes = roomy, clock: FakeClock = createFakeClock()): MemoryResponseStore {
  return new MemoryResponseStore({ clock, maxBytes: () => maxBytes });
}

/** What the store counts for it. */
async function costOf(entry: StoredResponse): Promise<number> {
  const store = open();
  await store.put('', entry);
  return store.bytes;
}

describe('MemoryResponseStore', () => {
  test('gives back what was put, to its owner only', async () => {
    const store = open();
    await store.put('alice', stored('resp_1'));
    expect(await store.get('alice', 'resp_1')).toEqual(stored('resp_1'));
    expect(await store.get('bob', 'resp_1')).toBeUndefined();
    expect(await store.get('', 'resp_1')).toBeUndefined();
    expect(await store.get('alice', 'resp_2')).toBeUndefined();
  });

  test('tells the limit of an answer, and of its items', async () => {
    const store = open();
    await store.put('', { ...stored('resp_1'), localOnly: 'machine' });
    expect(await store.get('', 'resp_1')).toMatchObject({ localOnly: 'machine' });
    expect(await store.findItem('', 'in_resp_1')).toMatchObject({ localOnly: 'machine' });
  });

  test('keeps copies', async () => {
    const store = open();
    const items = [{ type: 'message', role: 'user', content: 'hi' }];
    await store.put('', { ...stored('resp_1'), input: items });
    items.push({ type: 'message', role: 'user', content: 'later' });
    expect((await store.get('', 'resp_1'))?.input).toHaveLength(1);
  });

  test('deletes once, and only for the owner', async () => {
    const store = open();
    await store.put('alice', stored('resp_1'));
    expect(await store.delete('bob', 'resp_1')).toBe(false);
    expect(await store.delete('alice', 'resp_1')).toBe(true);
    expect(await store.delete('alice', 'resp_1')).toBe(false);
    expect(await store.get('alice', 'resp_1')).toBeUndefined();
    expect(store.bytes).toBe(0);
  });

  test('forgets after its lifetime, counted from the put', async () => {
    const clock = createFakeClock();
    const store = open(roomy, clock);
    await store.put('', stored('resp_1'));
    clock.advance(hourMs - 1);
    expect(await store.get('', 'resp_1')).toBeDefined();
    clock.advance(1);
    expect(await store.get('', 'resp_1')).toBeUndefined();
  });

  test('gives memory back without being asked for anything', async () => {
    const clock = createFakeClock();
    const store = open(roomy, clock);
    await store.put('', stored('resp_1'));
    clock.advance(1000);
    await store.put('', stored('resp_2'));
    clock.advance(hourMs - 1000);
    expect(store.bytes).toBe(await costOf(stored('resp_2')));
    clock.advance(1000);
    expect(store.bytes).toBe(0);
    expect(clock.pending).toEqual([]);
  });

  test('drops the oldest when the bytes of all owners run out', async () => {
    const maxBytes = 2 * (await costOf(stored('resp_1')));
    const store = open(maxBytes);
    await store.put('alice', stored('resp_1'));
    await store.put('bob', stored('resp_2'));
    await store.put('alice', stored('resp_3'));
    expect(await store.get('alice', 'resp_1')).toBeUndefined();
    expect(await store.get('bob', 'resp_2')).toBeDefined();
    expect(await store.get('alice', 'resp_3')).toBeDefined();
    expect(store.bytes).toBe(maxBytes);
  });

  test('does not keep, and does not evict for, an answer larger than the store', async () => {
    const store = open(await costOf(stored('resp_1')));
    await store.put('', stored('resp_1'));
    await store.put('', stored('resp_2', 'x'.repeat(1000)));
    expect(await store.get('', 'resp_2')).toBeUndefined();
    expect(await store.get('', 'resp_1')).toBeDefined();
  });

  test('a second put of an id replaces the first', async () => {
    const store = open();
    await store.put('', stored('resp_1', 'old'));
    await store.put('', stored('resp_1', 'new'));
    expect(await store.get('', 'resp_1')).toEqual(stored('resp_1', 'new'));
    expect(store.bytes).toBe(await costOf(stored('resp_1', 'new')));
  });

  test('finds items of input and output by id, until their entry goes', async () => {
    const store = open();
    await store.put('alice', stored('resp_1'));
    expect(await store.findItem('alice', 'msg_resp_1')).toMatchObject({ item: { role: 'assistant' } });
    expect(await store.findItem('alice', 'in_resp_1')).toMatchObject({ item: { role: 'user' } });
    expect(await store.findItem('bob', 'msg_resp_1')).toBeUndefined();
    await store.delete('alice', 'resp_1');
    expect(await store.findItem('alice', 'msg_resp_1')).toBeUndefined();
  });

  test('an item that a later conversation repeats outlives the earlier one', async () => {
    const store = open();
    await store.put('', stored('resp_1'));
    await store.put('', { ...stored('resp_2'), input: [{ type: 'message', id: 'msg_resp_1', role: 'assistant' }] });
    await store.delete('', 'resp_1');
    expect(await store.findItem('', 'msg_resp_1')).toMatchObject({ item: { id: 'msg_resp_1' }, localOnly: false });
  });

  test('close forgets and leaves no timer', async () => {
    const clock = createFakeClock();
    const store = open(roomy, clock);
    await store.put('', stored('resp_1'));
    store.close();
    expect(clock.pending).toEqual([]);
    expect(await store.get('', 'resp_1')).toBeUndefined();
  });
});

describe('a conversation', () => {
  const item = (id: string, text = 'hello') => ({ type: 'message', id, role: 'user', content: text });

  /** A turn as the gateway puts it: with all that came before it. */
  async function turn(store: MemoryResponseStore, id: string, about: { after?: string; text?: string } = {}) {
    const earlier = about.after === undefined ? undefined : await store.get('', about.after);
    const before = earlier === undefined ? [] : [...earlier.input, ...(earlier.response.output as unknown[])];
    const response = { id, output: [item(`out_${id}`, about.text)] };
    await store.put('', { id, localOnly: false, response, input: [...before, item(`in_${id}`)] }, about.after);
  }

  const idsOf = async (store: MemoryResponseStore, id: string) =>
    (await store.get('', id))?.input.map((one) => (one as { id: string }).id);

  test('is read whole, whatever became of its earlier turns', async () => {
    const clock = createFakeClock();
    const store = open(roomy, clock);
    await turn(store, 'a');
    await turn(store, 'b', { after: 'a' });
    clock.advance(1_000);
    await turn(store, 'c', { after: 'b' });
    const whole = ['in_a', 'out_a', 'in_b', 'out_b', 'in_c'];
    expect(await idsOf(store, 'c')).toEqual(whole);
    await store.delete('', 'b');
    expect(await store.get('', 'b')).toBeUndefined();
    expect(await idsOf(store, 'c')).toEqual(whole);
    clock.advance(hourMs - 1_000);
    expect(await store.get('', 'a')).toBeUndefined();
    expect(await idsOf(store, 'c')).toEqual(whole);
    expect(await store.findItem('', 'out_a')).toMatchObject({ item: { id: 'out_a' } });
    clock.advance(1_000);
    expect([await store.get('', 'c'), await store.findItem('', 'out_a'), store.bytes]).toEqual([
      undefined,
      undefined,
      0,
    ]);
  });

  test('that goes on in two ways from one turn holds it until both are gone', async () => {
    const store = open();
    await turn(store, 'a');
    const alone = store.bytes;
    await turn(store, 'b', { after: 'a' });
    await turn(store, 'c', { after: 'a' });
    for (const id of ['a', 'b']) await store.delete('', id);
    expect(await idsOf(store, 'c')).toEqual(['in_a', 'out_a', 'in_c']);
    expect(store.bytes).toBe(2 * alone);
    await store.delete('', 'c');
    expect(store.bytes).toBe(0);
  });

  test('costs as much as is said in it, however many turns it has', async () => {
    const store = open();
    for (let at = 0; at < 100; at++) {
      await turn(store, `t${at}`, { text: 'x'.repeat(10_000), ...(at === 0 ? {} : { after: `t${at - 1}` }) });
    }
    expect(await idsOf(store, 't99')).toHaveLength(199);
    expect(store.bytes).toBeLessThan(1_200_000);
  });

  test('whose earlier turn has gone meanwhile is kept all the same', async () => {
    const store = open();
    const input = [item('in_a'), item('in_b')];
    await store.put('', { id: 'b', localOnly: false, response: { id: 'b', output: [] }, input }, 'gone');
    expect(await idsOf(store, 'b')).toEqual(['in_a', 'in_b']);
  });
});

/** Bytes of the heap that can still be reached. */
function heapBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test.each<[string, number, (at: number) => StoredResponse]>([
  ['small ones', 5_000, (at) => stored(`resp_${at}`)],
  ['large ones', 50, (at) => stored(`resp_${at}`, 'x'.repeat(200_000))],
  ['those in Cyrillic', 50, (at) => stored(`resp_${at}`, 'ж'.repeat(100_000))],
  ['those in Latin-1', 50, (at) => stored(`resp_${at}`, 'é'.repeat(100_000))],
  [
    'many small items',
    20,
    (at) => ({
      ...stored(`resp_${at}`),
      input: Array.from({ length: 2_000 }, (_, index) => ({ id: `i${at}_${index}` })),
    }),
  ],
])('what is counted is what is held: %s', async (_name, count, entry) => {
  const store = open();
  const before = heapBytes();
  for (let at = 0; at < count; at++) await store.put('alice', entry(at));
  const held = heapBytes() - before;
  expect(store.bytes / held).toBeGreaterThan(0.9);
  expect(store.bytes / held).toBeLessThan(1.5);
});

test('holds no more than it may, whatever it is given', async () => {
  const maxBytes = 4 * 1024 * 1024;
  const store = open(maxBytes);
  const before = heapBytes();
  for (let at = 0; at < 20_000; at++) await store.put('', stored(`resp_${at}`, 'x'.repeat(at % 3_000)));
  expect(store.bytes).toBeLessThanOrEqual(maxBytes);
  expect(heapBytes() - before).toBeLessThan(1.2 * maxBytes);
  expect(await store.get('', 'resp_19999')).toBeDefined();
});
