import { expect, it, vi } from 'vitest';
import { LazyPool } from '../../../src/transport/lazy-pool.ts';
import type { AnswerHandler, Sending, UpstreamPool, UpstreamRequest } from '../../../src/transport/upstream-pool.ts';
import { endpoint } from './asking.ts';

const request: UpstreamRequest = { endpoint, method: 'GET', url: 'https://up.test/', headers: [], body: undefined };

/** Until what is resolved has been heard of. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A pool that opens when it is told to, and what its requests hear. */
function opening() {
  const opened = Promise.withResolvers<UpstreamPool>();
  const sending = { abort: vi.fn(), pause: vi.fn(), resume: vi.fn() } satisfies Sending;
  const inner = {
    send: vi.fn(() => sending),
    close: vi.fn(() => Promise.resolve()),
    destroy: vi.fn(() => Promise.resolve()),
  } satisfies UpstreamPool;
  const open = vi.fn(() => opened.promise);
  const handler = {
    onHeaders: vi.fn(),
    onData: vi.fn(),
    onEnd: vi.fn(),
    onError: vi.fn(),
  } satisfies AnswerHandler;
  const pool = new LazyPool({ endpoint, open });
  return { pool, open, inner, handler, sending, arrive: () => opened.resolve(inner), fail: opened.reject };
}

it('opens once, with the first request', async () => {
  const { pool, open, inner, handler, arrive } = opening();
  expect(open).not.toHaveBeenCalled();
  pool.send(request, '/a', handler);
  pool.send(request, '/b', handler);
  arrive();
  await turn();
  expect(inner.send.mock.calls).toEqual([
    [request, '/a', handler],
    [request, '/b', handler],
  ]);
  pool.send(request, '/c', handler);
  expect([open.mock.calls.length, inner.send.mock.calls.length]).toEqual([1, 3]);
});

it('never begins a request that was aborted while it opened', async () => {
  const { pool, inner, handler, arrive } = opening();
  pool.send(request, '/a', handler).abort();
  pool.send(request, '/b', handler);
  arrive();
  await turn();
  expect(inner.send.mock.calls).toEqual([[request, '/b', handler]]);
});

it('remembers a pause until it is open', async () => {
  const { pool, sending, inner, handler, arrive } = opening();
  const later = pool.send(request, '/a', handler);
  later.pause();
  arrive();
  await turn();
  expect(inner.send).toHaveBeenCalled();
  later.resume();
  later.abort();
  expect([sending.pause, sending.resume, sending.abort].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 1]);
});

it('tells of a pool that cannot be opened, but not those who have left', async () => {
  const { pool, handler, fail } = opening();
  const left = { ...handler, onError: vi.fn() };
  pool.send(request, '/a', left).abort();
  pool.send(request, '/b', handler);
  fail(new Error('no certificates'));
  await turn();
  expect(handler.onError).toHaveBeenCalledOnce();
  expect(left.onError).not.toHaveBeenCalled();
});

it('closes what was opened, and nothing else', async () => {
  const unused = opening();
  await unused.pool.close();
  expect(unused.open).not.toHaveBeenCalled();
  const { pool, inner, handler, arrive } = opening();
  pool.send(request, '/a', handler);
  const closed = pool.close();
  arrive();
  await closed;
  expect(inner.close).toHaveBeenCalledOnce();
});
