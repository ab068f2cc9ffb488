import { describe, expect, test } from 'vitest';
import type { StoredResponse } from '../../../src/core/stored-responses.ts';
import { MemoryResponseStore } from '../../../src/state/responses-store.ts';
import { createFakeClock } from '../../support/clock.ts';

const hourMs = 3_600_000;

function stored(id: string, text = 'hello'): StoredResponse {
  const output = [{ type: 'message', id: `msg_${id}`, role: 'assistant', content: [{ type: 'output_text', text }] }];
  return {
    id,
    response: { id, object: 'response', output },
    input: [{ type: 'message', role: 'user', id: `in_${id}`, content: 'hi' }],
  };
}

function sizeOf(entry: StoredResponse): number {
  return Buffer.byteLength(JSON.stringify(entry));
}

describe('MemoryResponseStore', () => {
  test('gives back what was put, to its owner only', async () => {
    const store = new MemoryResponseStore(createFakeClock());
    await store.put('alice', stored('resp_1'));
    expect(await store.get('alice', 'resp_1')).toEqual(stored('resp_1'));
    expect(await store.get('bob', 'resp_1')).toBeUndefined();
    expect(await store.get('', 'resp_1')).toBeUndefined();
    expect(await store.get('alice', 'resp_2')).toBeUndefined();
  });

  test('keeps copies', async () => {
    const store = new MemoryResponseStore(createFakeClock());
    const items = [{ type: 'message', role: 'user', content: 'hi' }];
    await store.put('', { ...stored('resp_1'), input: items });
    items.push({ type: 'message', role: 'user', content: 'later' });
    expect((await store.get('', 'resp_1'))?.input).toHaveLength(1);
  });

  test('deletes once, and only for the owner', async () => {
    const store = new MemoryResponseStore(createFakeClock());
    await store.put('alice', stored('resp_1'));
    expect(await store.delete('bob', 'resp_1')).toBe(false);
    expect(await store.delete('alice', 'resp_1')).toBe(true);
    expect(await store.delete('alice', 'resp_1')).toBe(false);
    expect(await store.get('alice', 'resp_1')).toBeUndefined();
    expect(store.bytes).toBe(0);
  });

  test('forgets after its lifetime, counted from the put', async () => {
    const clock = createFakeClock();
    const store = new MemoryResponseStore(clock);
    await store.put('', stored('resp_1'));
    clock.advance(hourMs - 1);
    expect(await store.get('', 'resp_1')).toBeDefined();
    clock.advance(1);
    expect(await store.get('', 'resp_1')).toBeUndefined();
  });

  test('gives memory back without being asked for anything', async () => {
    const clock = createFakeClock();
    const store = new MemoryResponseStore(clock);
    await store.put('', stored('resp_1'));
    clock.advance(1000);
    await store.put('', stored('resp_2'));
    clock.advance(hourMs - 1000);
    expect(store.bytes).toBe(sizeOf(stored('resp_2')));
    clock.advance(1000);
    expect(store.bytes).toBe(0);
    expect(clock.pending).toEqual([]);
  });

  test('drops the oldest when the bytes of all owners run out', async () => {
    const maxBytes = 2 * sizeOf(stored('resp_1'));
    const store = new MemoryResponseStore(createFakeClock(), { lifetimeMs: hourMs, maxBytes });
    await store.put('alice', stored('resp_1'));
    await store.put('bob', stored('resp_2'));
    await store.put('alice', stored('resp_3'));
    expect(await store.get('alice', 'resp_1')).toBeUndefined();
    expect(await store.get('bob', 'resp_2')).toBeDefined();
    expect(await store.get('alice', 'resp_3')).toBeDefined();
    expect(store.bytes).toBe(maxBytes);
  });

  test('does not keep, and does not evict for, an answer larger than the store', async () => {
    const maxBytes = sizeOf(stored('resp_1'));
    const store = new MemoryResponseStore(createFakeClock(), { lifetimeMs: hourMs, maxBytes });
    await store.put('', stored('resp_1'));
    await store.put('', stored('resp_2', 'x'.repeat(1000)));
    expect(await store.get('', 'resp_2')).toBeUndefined();
    expect(await store.get('', 'resp_1')).toBeDefined();
  });

  test('counts bytes, not characters', async () => {
    const store = new MemoryResponseStore(createFakeClock());
    await store.put('', stored('resp_1', '🚀'));
    expect(store.bytes).toBe(sizeOf(stored('resp_1', '🚀')));
  });

  test('a second put of an id replaces the first', async () => {
    const store = new MemoryResponseStore(createFakeClock());
    await store.put('', stored('resp_1', 'old'));
    await store.put('', stored('resp_1', 'new'));
    expect(await store.get('', 'resp_1')).toEqual(stored('resp_1', 'new'));
    expect(store.bytes).toBe(sizeOf(stored('resp_1', 'new')));
  });

  test('finds items of input and output by id, until their entry goes', async () => {
    const store = new MemoryResponseStore(createFakeClock());
    await store.put('alice', stored('resp_1'));
    expect(await store.findItem('alice', 'msg_resp_1')).toMatchObject({ role: 'assistant' });
    expect(await store.findItem('alice', 'in_resp_1')).toMatchObject({ role: 'user' });
    expect(await store.findItem('bob', 'msg_resp_1')).toBeUndefined();
    await store.delete('alice', 'resp_1');
    expect(await store.findItem('alice', 'msg_resp_1')).toBeUndefined();
  });

  test('an item that a later conversation repeats outlives the earlier one', async () => {
    const store = new MemoryResponseStore(createFakeClock());
    await store.put('', stored('resp_1'));
    await store.put('', { ...stored('resp_2'), input: [{ type: 'message', id: 'msg_resp_1', role: 'assistant' }] });
    await store.delete('', 'resp_1');
    expect(await store.findItem('', 'msg_resp_1')).toMatchObject({ id: 'msg_resp_1' });
  });

  test('close forgets and leaves no timer', async () => {
    const clock = createFakeClock();
    const store = new MemoryResponseStore(clock);
    await store.put('', stored('resp_1'));
    store.close();
    expect(clock.pending).toEqual([]);
    expect(await store.get('', 'resp_1')).toBeUndefined();
  });
});
