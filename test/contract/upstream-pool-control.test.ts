import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/core/errors.ts';
import { answering, type RawScript } from '../support/raw-upstream.ts';
import { Asking } from '../unit/transport/asking.ts';
import { ask, connectionFree, poolVariants } from './upstream-pools.ts';

const holding: RawScript = () => undefined;
/** Answers at once what the test does not hold back by name. */
const holdingOnly =
  (path: string): RawScript =>
  (call, index) =>
    call.path === path ? undefined : answering(call, index);

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe.each(poolVariants)('$name', ({ open, start }) => {
  describe('a handler', () => {
    it.each(['onHeaders', 'onData'] as const)(
      'that fails within %s is told so, and its connection is closed',
      async (hook) => {
        const { pool, upstream } = await start();
        const fail = () => {
          throw new GatewayError('upstream_invalid', 'not for me');
        };
        const asked = await new Asking(pool, {}, { [hook]: fail }).done;
        expect([asked.events.at(-1), asked.error?.message]).toEqual(['error', 'not for me']);
        await upstream.call(0).then(({ closed }) => closed);
        expect((await ask(pool)).events.at(-1)).toBe('end');
      },
    );
  });

  describe('abort', () => {
    it.each([
      ['before any answer', '', []],
      ['after an interim answer', 'HTTP/1.1 103 Early Hints\r\n\r\n', []],
      ['after the head', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', ['head']],
      ['within the body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na', ['head', 'data']],
    ] as const)('%s closes the connection, and nothing is told any more', async (_name, wire, events) => {
      const { pool, upstream } = await start(holdingOnly('/held'));
      const asked = new Asking(pool, { path: '/held' });
      const call = await upstream.call(0);
      if (wire !== '') await call.write(wire);
      // What is written before another request's answer has been read when that is.
      await ask(pool);
      expect(asked.events).toEqual(events);
      asked.sending.abort();
      asked.sending.abort();
      await call.closed;
      await ask(pool);
      expect(asked.events).toEqual(events);
    });

    it.each(['onHeaders', 'onData'] as const)('from within %s stops what was read with it', async (hook) => {
      const { pool, upstream } = await start((call, index) =>
        index > 0
          ? answering(call, index)
          : call.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n'),
      );
      const asked: Asking = new Asking(pool, {}, { [hook]: () => asked.sending.abort() });
      await upstream.call(0).then(({ closed }) => closed);
      await ask(pool);
      expect(asked.events).toEqual(hook === 'onHeaders' ? ['head'] : ['head', 'data']);
      expect(asked.text).toBe(hook === 'onHeaders' ? '' : 'a');
    });

    it('before the connection stands sends nothing', async () => {
      const { pool, upstream } = await start();
      const asked = new Asking(pool, { path: '/aborted' });
      asked.sending.abort();
      await ask(pool, { path: '/next' });
      expect(upstream.calls.map(({ path }) => path)).toEqual(['/next']);
      expect(asked.events).toEqual([]);
    });

    it('after the end leaves the connection to others', async () => {
      const { pool, upstream } = await start(holdingOnly('/held'));
      const first = await ask(pool);
      const second = new Asking(pool, { path: '/held' });
      const call = await upstream.call(1);
      first.sending.abort();
      await call.answer('b');
      expect(await second.done).toMatchObject({ events: ['head', 'data', 'end'], text: 'b' });
      expect(upstream.connections).toBe(1);
    });

    it('after a failure is harmless', async () => {
      const { pool } = await start((call) => call.socket.resetAndDestroy());
      const asked = await ask(pool);
      asked.sending.abort();
      asked.sending.pause();
      asked.sending.resume();
      expect(asked.events).toEqual(['error']);
    });
  });

  describe('pause', () => {
    it('holds back what the server has sent, resume lets it come', async () => {
      const { pool, upstream } = await start(holdingOnly('/held'));
      const asked: Asking = new Asking(pool, { path: '/held' }, { onHeaders: () => asked.sending.pause() });
      const call = await upstream.call(0);
      await call.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n');
      await asked.head;
      await call.write('abc');
      await ask(pool);
      expect(asked.events).toEqual(['head']);
      asked.sending.resume();
      expect(await asked.done).toMatchObject({ events: ['head', 'data', 'end'], text: 'abc' });
    });

    it('is felt by the server, and costs no byte', async () => {
      // More than the kernel takes on both sides.
      const body = randomBytes(48 * 1024 * 1024);
      const { pool, upstream } = await start(holdingOnly('/held'));
      const pauseAgain = () => {
        if (isHeld) asked.sending.pause();
      };
      const asked: Asking = new Asking(pool, { path: '/held' }, { onData: pauseAgain });
      let isHeld = true;
      const call = await upstream.call(0);
      const sent = call.answer(body.toString('latin1'));
      await asked.head;
      for (let turn = 0; turn < 5; turn++) {
        await ask(pool);
        asked.sending.resume();
      }
      await ask(pool);
      expect(call.socket.writableLength).toBeGreaterThan(0);
      expect(asked.bytes.length).toBeLessThan(body.length / 2);
      isHeld = false;
      asked.sending.resume();
      await Promise.all([sent, asked.done]);
      expect(asked.error).toBeUndefined();
      expect(digest(asked.bytes)).toBe(digest(body));
    });

    it('at the last byte does not stop the next request on the connection', async () => {
      const { pool, upstream } = await start();
      const pause = () => first.sending.pause();
      const first: Asking = new Asking(pool, {}, { onData: pause, onEnd: pause });
      // A paused answer may also wait with its end.
      await first.head;
      first.sending.resume();
      await first.done;
      first.sending.pause();
      await connectionFree();
      expect((await ask(pool, { path: '/next' })).text).toBe('/next');
      expect(upstream.connections).toBe(1);
    });

    it('does not keep an abort from closing the connection', async () => {
      const { pool, upstream } = await start((call) => call.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na'));
      const asked: Asking = new Asking(pool, {}, { onHeaders: () => asked.sending.pause() });
      await asked.head;
      asked.sending.abort();
      await upstream.call(0).then(({ closed }) => closed);
    });
  });

  describe('over the pool size', () => {
    it('requests wait in order, however the ones before them end', async () => {
      const { pool, upstream } = await start(holding, 2);
      const asked = ['/0', '/1', '/2', '/3', '/4', '/5'].map((path) => new Asking(pool, { path }));
      const arrived = async (index: number) => (await upstream.call(index)).path;
      expect([await arrived(0), await arrived(1)].toSorted()).toEqual(['/0', '/1']);
      await upstream.calls[0]?.answer('whole');
      expect(await arrived(2)).toBe('/2');
      await upstream.calls[1]?.answer('closing', 'Connection: close');
      expect(await arrived(3)).toBe('/3');
      // Begun, so that it is not worth another try.
      await upstream.calls[2]?.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n');
      await asked[2]?.head;
      upstream.calls[2]?.socket.resetAndDestroy();
      expect(await arrived(4)).toBe('/4');
      asked[3]?.sending.abort();
      expect(await arrived(5)).toBe('/5');
      for (const call of upstream.calls.slice(4)) await call.answer('last');
      const told = await Promise.all([0, 1, 2, 4, 5].map((at) => asked[at]?.done));
      expect(told.map((one) => one?.events.at(-1))).toEqual(['end', 'end', 'error', 'end', 'end']);
      expect(asked[3]?.events).toEqual([]);
    });

    it('no more connections are open than it says', async () => {
      let mostOpen = 0;
      const live = new Set<unknown>();
      const { pool, upstream } = await start(async (call, index) => {
        if (!live.has(call.socket)) call.socket.once('end', () => live.delete(call.socket));
        live.add(call.socket);
        mostOpen = Math.max(mostOpen, live.size);
        if (index % 3 === 0) await call.answer('', 'Connection: close');
        else await call.answer();
      }, 3);
      await Promise.all(Array.from({ length: 40 }, () => new Asking(pool).done));
      expect([upstream.calls.length, mostOpen]).toEqual([40, 3]);
    });

    it('one that is aborted while it waits is passed over', async () => {
      const { pool, upstream } = await start(holding, 1);
      const [first, second, third] = ['/0', '/1', '/2'].map((path) => new Asking(pool, { path })) as [
        Asking,
        Asking,
        Asking,
      ];
      await upstream.call(0);
      second.sending.abort();
      await upstream.calls[0]?.answer();
      await first.done;
      expect((await upstream.call(1)).path).toBe('/2');
      await upstream.calls[1]?.answer();
      await third.done;
      expect([second.events, upstream.calls.length]).toEqual([[], 2]);
    });
  });

  describe('close', () => {
    it('lets requests end that are under way or wait', async () => {
      const { pool, upstream } = await start(holding, 1);
      const order: string[] = [];
      const asked = ['/0', '/1'].map((path) => new Asking(pool, { path }, { onEnd: () => order.push(path) }));
      await upstream.call(0);
      const closed = pool.close().then(() => order.push('closed'));
      await upstream.calls[0]?.answer();
      await (await upstream.call(1)).answer();
      await closed;
      expect(order).toEqual(['/0', '/1', 'closed']);
      expect(asked.map(({ error }) => error)).toEqual([undefined, undefined]);
      await Promise.all(upstream.calls.map((call) => call.closed));
    });

    it('closes idle connections', async () => {
      const { pool, upstream } = await start();
      await ask(pool);
      await pool.close();
      await upstream.calls[0]?.closed;
    });

    it('is at once where nothing was asked', async () => {
      await open({ origin: 'http://127.0.0.1:1' }).close();
    });
  });

  describe('destroy', () => {
    it('fails all requests, once each, and cuts their connections', async () => {
      const { pool, upstream } = await start((call) => {
        if (call.path === '/begun') void call.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na');
      }, 2);
      const asked = ['/begun', '/held', '/waits'].map((path) => new Asking(pool, { path }));
      await Promise.all([upstream.call(1), asked[0]?.head]);
      await pool.destroy();
      await Promise.all([...asked.map(({ done }) => done), ...upstream.calls.map(({ closed }) => closed)]);
      expect(asked.map(({ error }) => error?.code)).toEqual([
        'upstream_failed',
        'upstream_connect',
        'upstream_connect',
      ]);
      expect(asked.map(({ events }) => events.filter((event) => event === 'error').length)).toEqual([1, 1, 1]);
      expect(upstream.calls.length).toBe(2);
    });

    it('ends a close that waits', async () => {
      const { pool, upstream } = await start(holding);
      const asked = new Asking(pool);
      await upstream.call(0);
      const closed = pool.close();
      await pool.destroy();
      await closed;
      expect((await asked.done).events).toEqual(['error']);
    });
  });

  describe('a request that cannot be sent', () => {
    const unsendable: readonly (readonly [string, { readonly headers?: string[]; readonly path?: string }])[] = [
      ['a field', { headers: ['x-a', 'b\r\nc: d'] }],
      ['the name of a field', { headers: ['x a', 'b'] }],
      ['the path', { path: '/a b' }],
    ];

    it.each(unsendable)('for %s of it fails, others do not', async (_part, request) => {
      const { pool } = await start();
      const asked = await ask(pool, request);
      expect([asked.events.length, asked.error?.code]).toEqual([1, 'upstream_connect']);
      expect((await ask(pool)).events.at(-1)).toBe('end');
    });

    it.each(unsendable)('for %s of it is told so after send has returned', async (_part, request) => {
      const { pool } = await start();
      expect((await ask(pool, request)).events).toEqual(['error']);
    });

    it.each(unsendable)('for %s of it costs no connection', async (_part, request) => {
      const { pool, upstream } = await start();
      await ask(pool);
      await ask(pool, request);
      await ask(pool);
      expect(upstream.calls.map(({ connection }) => connection)).toEqual([0, 0]);
    });
  });
});
