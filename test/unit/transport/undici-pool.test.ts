import { randomBytes } from 'node:crypto';
import { lookup as dnsLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { Trust } from '../../../src/transport/trust.ts';
import { UndiciPool } from '../../../src/transport/undici-pool.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { answering, type RawScript, type RawUpstream, startRaw } from '../../support/raw-upstream.ts';
import { Asking, endpoint } from './asking.ts';

// What every pool does is in test/contract; this is how long this one waits, and what it sends again.

interface Started {
  readonly clock: FakeClock;
  readonly upstream: RawUpstream;
  readonly pool: UndiciPool;
}

interface Opening {
  readonly clock?: FakeClock;
  readonly lookup?: LookupFunction;
  /** Connections at once. */
  readonly limit?: number;
}

function open(origin: string, about: Opening = {}): UndiciPool {
  const { clock = createFakeClock(), lookup = dnsLookup as LookupFunction, limit } = about;
  const to = { ...endpoint, poolSize: limit, timeouts: { ...endpoint.timeouts, connectMs: 10_000 } };
  const pool = new UndiciPool({ clock, endpoint: to, origin, lookup, trust: new Trust(), proxies: undefined });
  onTestFinished(() => pool.destroy());
  return pool;
}

async function start(script?: RawScript, about: Opening = {}): Promise<Started> {
  const clock = createFakeClock();
  const upstream = await startRaw(script);
  onTestFinished(() => upstream[Symbol.asyncDispose]());
  return { clock, upstream, pool: open(upstream.origin, { clock, ...about }) };
}

/** An answer, and the turn of the event loop after which its connection is free. */
async function ask(pool: UndiciPool, path = '/'): Promise<Asking> {
  const asked = await new Asking(pool, { path }).done;
  await new Promise((resolve) => setImmediate(resolve));
  return asked;
}

const connectionsOf = ({ calls }: RawUpstream) => calls.map(({ connection }) => connection);

describe('an idle connection', () => {
  // undici keeps the time of these by the system's timers.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const patient = (hint?: string): RawScript =>
    hint === undefined ? answering : (call) => call.answer(call.path, `Keep-Alive: ${hint}`);

  it.each([
    ['for 4 s where the server says nothing', undefined, 4_000],
    ['for 4 s where it says more', 'timeout=75', 4_000],
    ['for 4 s where it says something else', 'max=100', 4_000],
    ['for a second less than it says', 'timeout=3, max=100', 2_000],
    ['for a second less than it says, in other words', 'max=5,Timeout=2', 1_000],
  ])('is used again %s', async (_name, hint, limitMs) => {
    const { pool, upstream } = await start(patient(hint));
    await ask(pool);
    vi.advanceTimersByTime(limitMs - 1);
    await ask(pool);
    vi.advanceTimersByTime(limitMs);
    await ask(pool);
    expect(connectionsOf(upstream)).toEqual([0, 0, 1]);
  });

  it.each(['timeout=1', 'timeout=0'])('is not used again after %s', async (hint) => {
    const { pool, upstream } = await start(patient(hint));
    await ask(pool);
    await ask(pool);
    expect(connectionsOf(upstream)).toEqual([0, 1]);
  });

  it('is closed when its time is over', async () => {
    const { pool, upstream } = await start();
    await ask(pool);
    vi.advanceTimersByTime(4_000);
    await upstream.calls[0]?.closed;
  });
});

it('on which the server has a last word is not asked any more, not even while it closes', async () => {
  const { pool, upstream } = await start((call) => (call.path === '/held' ? undefined : call.answer(call.path)));
  const idle = ask(pool);
  const next = Promise.withResolvers<Asking>();
  new Asking(pool, { path: '/held' }, { onEnd: () => next.resolve(new Asking(pool, { path: '/next' })) });
  await Promise.all([idle, upstream.call(1)]);
  const [first, held] = upstream.calls.toSorted((one) => (one.path === '/held' ? 1 : -1));
  // Both are read in one turn of the event loop.
  void first?.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  void held?.answer();
  const asked = await (await next.promise).done;
  expect(asked).toMatchObject({ error: undefined, status: 200, text: '/next' });
});

describe('connecting', () => {
  const silent: LookupFunction = () => undefined;

  it('fails when it takes too long', async () => {
    const clock = createFakeClock();
    const pool = open('http://name.invalid', { clock, lookup: silent });
    const asked = new Asking(pool);
    clock.advance(9_999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked.events).toEqual([]);
    clock.advance(1);
    const { error } = await asked.done;
    expect(error).toMatchObject({ code: 'upstream_connect', message: 'raw did not accept the connection in time.' });
    expect(clock.pending).toEqual([]);
  });

  it('has no say once the connection stands', async () => {
    const { clock, pool, upstream } = await start(() => undefined);
    const asked = new Asking(pool);
    const call = await upstream.call(0);
    expect(clock.pending).toEqual([]);
    await call.answer('late');
    expect(await asked.done).toMatchObject({ text: 'late', error: undefined });
  });

  it('is given up with the pool, and leaves no timer behind', async () => {
    const clock = createFakeClock();
    const pool = open('http://name.invalid', { clock, lookup: silent });
    const asked = new Asking(pool);
    asked.sending.abort();
    expect(asked.events).toEqual([]);
    clock.advance(10_000);
    await pool.close();
    expect([clock.pending, asked.events]).toEqual([[], []]);
  });

  it('tries all addresses of a name', async () => {
    const { upstream } = await start();
    const lookup: LookupFunction = (_name, _options, callback) =>
      callback(null, [
        { address: '127.0.0.9', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    const { port } = new URL(upstream.origin);
    const pool = open(`http://name.invalid:${port}`, { lookup });
    expect((await ask(pool, '/a')).text).toBe('/a');
    expect(upstream.calls[0]?.head).toContain(`\r\nhost: name.invalid:${port}\r\n`);
  });

  it('looks up names, and no address of either kind', async () => {
    const names: string[] = [];
    const lookup: LookupFunction = (name, _options, callback) => {
      names.push(name);
      callback(new Error('no such name'), '', 0);
    };
    // Nobody listens on the port, if the machine has such an address at all.
    for (const origin of ['http://[::1]:1', 'http://127.0.0.1:1', 'http://name.invalid']) {
      expect((await ask(open(origin, { lookup }))).error?.code).toBe('upstream_connect');
    }
    expect(names).toEqual(['name.invalid']);
  });

  it('passes on what the lookup has against a name', async () => {
    const refusal = new GatewayError('upstream_connect', 'points at a metadata address');
    const lookup: LookupFunction = (_name, _options, callback) => callback(refusal, '', 0);
    const asked = await ask(open('http://name.invalid', { lookup }));
    expect(asked.error).toBe(refusal);
  });
});

it('an answer before the whole request was read is told, and the connection is not used again', async () => {
  const { pool, upstream } = await start((call, index) => {
    if (index > 0) return answering(call, index);
    call.socket.pause();
    return call.answer('too large', 'Connection: close');
  });
  // More than the kernel takes on both sides.
  const asked = await new Asking(pool, { body: randomBytes(48 * 1024 * 1024) }).done;
  expect(asked).toMatchObject({ events: ['head', 'data', 'end'], text: 'too large' });
  expect((await ask(pool, '/next')).text).toBe('/next');
  expect(connectionsOf(upstream)).toEqual([0, 1]);
});

describe('a request that is sent again', () => {
  /** Resets the second request; from then on answers when told. */
  const resettingSecond: RawScript = (call, index) => {
    if (index === 0) return answering(call, index);
    return index === 1 ? call.socket.resetAndDestroy() : undefined;
  };

  it('goes before those that wait, and keeps within the limit', async () => {
    const { pool, upstream } = await start(resettingSecond, { limit: 1 });
    await ask(pool);
    const asked = ['/again', '/waits'].map((path) => new Asking(pool, { path }));
    const again = await upstream.call(2);
    expect(again.path).toBe('/again');
    await again.answer('again');
    const waits = await upstream.call(3);
    expect(waits.path).toBe('/waits');
    await waits.answer('waits');
    const told = await Promise.all(asked.map(({ done }) => done));
    expect(told.map(({ text }) => text)).toEqual(['again', 'waits']);
    expect(connectionsOf(upstream)).toEqual([0, 0, 1, 1]);
  });

  it('is still waited for by close', async () => {
    const { pool, upstream } = await start(resettingSecond);
    await ask(pool);
    const order: string[] = [];
    const asked = new Asking(pool, {}, { onEnd: () => order.push('end'), onError: () => order.push('error') });
    const closed = pool.close().then(() => order.push('closed'));
    await (await upstream.call(2)).answer();
    await Promise.all([asked.done, closed]);
    expect(order).toEqual(['end', 'closed']);
  });

  it('can be aborted', async () => {
    const { pool, upstream } = await start(resettingSecond);
    await ask(pool);
    const asked = new Asking(pool, { path: '/again' });
    const again = await upstream.call(2);
    asked.sending.abort();
    await again.closed;
    expect(asked.events).toEqual([]);
  });
});

describe('a request that the server may have begun to work on is not sent again', () => {
  const closings = ['end', 'resetAndDestroy'] as const;

  it.each(closings)('when the connection closes later than a closing can have crossed it, by %s', async (way) => {
    const { clock, pool, upstream } = await start((call, index) => (index === 0 ? answering(call, index) : undefined));
    await ask(pool);
    const asked = new Asking(pool);
    const call = await upstream.call(1);
    clock.advance(101);
    call.socket[way]();
    expect((await asked.done).error).toMatchObject({ code: 'upstream_connect' });
    expect(upstream.calls.length).toBe(2);
  });

  it.each(closings)('when it closes within that time it is, by %s', async (way) => {
    const { clock, pool, upstream } = await start((call, index) => (index === 1 ? undefined : answering(call, index)));
    await ask(pool);
    const asked = new Asking(pool, { path: '/again' });
    const call = await upstream.call(1);
    clock.advance(100);
    call.socket[way]();
    expect(await asked.done).toMatchObject({ error: undefined, text: '/again' });
    expect(connectionsOf(upstream)).toEqual([0, 0, 1]);
  });

  it('when opening the connection took longer, that time counts', async () => {
    const lookUps: (() => void)[] = [];
    const lookup: LookupFunction = (_name, _options, callback) =>
      void lookUps.push(() => callback(null, [{ address: '127.0.0.1', family: 4 }]));
    const { clock, upstream } = await start((call, index) => (index === 1 ? undefined : answering(call, index)));
    const pool = open(upstream.origin.replace('127.0.0.1', 'name.invalid'), { clock, lookup });
    const first = new Asking(pool);
    clock.advance(400);
    lookUps[0]?.();
    await first.done;
    await new Promise((resolve) => setImmediate(resolve));
    const asked = new Asking(pool, { path: '/again' });
    const call = await upstream.call(1);
    clock.advance(400);
    call.socket.end();
    await call.closed;
    lookUps[1]?.();
    expect(await asked.done).toMatchObject({ error: undefined, text: '/again' });
  });

  it.each([
    ['an interim answer', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['a part of a head', 'HTTP/1.1 200 OK\r\nContent-'],
    ['a single byte', 'H'],
  ])('after %s', async (_name, wire) => {
    const { pool, upstream } = await start(async (call, index) => {
      if (index === 0) return answering(call, index);
      await call.write(wire);
      call.socket.end();
    });
    await ask(pool);
    expect((await ask(pool)).error).toMatchObject({ code: 'upstream_connect' });
    expect(upstream.calls.length).toBe(2);
  });
});
