import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../support/clock.ts';
import { answering, startRaw } from '../support/raw-upstream.ts';
import { Asking } from '../unit/transport/asking.ts';
import { ask, poolVariants } from './upstream-pools.ts';

describe.each(poolVariants)('$name', ({ open, start }) => {
  describe('requests', () => {
    it.each([0, 1, 16 * 1024, 16 * 1024 + 1, 5_000_000])('with a body of %i bytes arrive whole', async (size) => {
      const { pool, upstream } = await start();
      const body = randomBytes(size);
      const asked = await ask(pool, { path: '/a?b=c', headers: ['X-A', 'gr\xfc\xdf'], body });
      expect(asked).toMatchObject({ events: ['head', 'data', 'end'], status: 200, text: '/a?b=c' });
      const call = await upstream.call(0);
      expect(call.head).toMatch(/^POST \/a\?b=c HTTP\/1\.1\r\n/);
      expect(call.head).toMatch(/^x-a: gr\xfc\xdf\r?$/im);
      expect((await call.body).equals(body)).toBe(true);
    });

    it('in turn share one connection, large ones too', async () => {
      const { pool, upstream } = await start();
      for (const size of [1, 5_000_000, 1]) await ask(pool, { body: randomBytes(size) });
      await ask(pool, { method: 'GET' });
      expect([upstream.calls.length, upstream.connections]).toEqual([4, 1]);
    });

    it('at once have one connection each, and their answers do not mix', async () => {
      const { pool, upstream } = await start(() => undefined);
      const asked = [new Asking(pool), new Asking(pool)];
      const letters = ['a', 'b'].map((letter) => letter.repeat(10_000));
      await upstream.call(1);
      for (const [at, call] of upstream.calls.entries()) {
        await call.write(`HTTP/1.1 200 OK\r\nContent-Length: 30000\r\nX-At: ${at}\r\n\r\n${letters[at]}`);
      }
      for (let turn = 0; turn < 2; turn++) {
        for (const [at, call] of upstream.calls.entries()) await call.write(letters[at] as string);
      }
      for (const { headers, text } of await Promise.all(asked.map(({ done }) => done))) {
        expect(text).toBe(letters[Number(headers['x-at'])]?.repeat(3));
      }
    });

    it('from within the end of another are served', async () => {
      const { pool } = await start(answering, 1);
      const second = await new Promise<Asking>((resolve) => {
        new Asking(pool, { path: '/1' }, { onEnd: () => resolve(new Asking(pool, { path: '/2' })) });
      });
      expect((await second.done).text).toBe('/2');
    });
  });

  describe('answers', () => {
    it('in chunks that come one by one arrive whole', async () => {
      const content = randomBytes(300_000);
      const { pool } = await start(async (call) => {
        await call.write(
          'HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
        );
        for (let at = 0; at < content.length; at += 7_777) {
          const chunk = content.subarray(at, at + 7_777);
          await call.write(
            Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
          );
        }
        await call.write('0\r\n\r\n');
      });
      const asked = await ask(pool);
      expect(asked).toMatchObject({ events: ['head', 'data', 'end'], status: 200 });
      expect(asked.bytes.equals(content)).toBe(true);
    });

    it.each([
      ['until the server closes', 'HTTP/1.1 200 OK\r\n\r\nuntil', ['head', 'data', 'end'], 2],
      ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na', ['head', 'data', 'end'], 2],
      [
        'with Connection: close',
        'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
        ['head', 'end'],
        2,
      ],
      ['of no body', 'HTTP/1.1 204 No Content\r\n\r\n', ['head', 'end'], 1],
    ] as const)('%s end, and the next request has its connection', async (name, wire, events, connections) => {
      const { pool, upstream } = await start(async (call, index) => {
        if (index > 0) return answering(call, index);
        await call.write(wire);
        if (name === 'until the server closes') call.socket.end();
      });
      expect((await ask(pool)).events).toEqual(events);
      expect((await ask(pool, { path: '/next' })).text).toBe('/next');
      expect(upstream.connections).toBe(connections);
    });

    it.each(['with the first', 'on their own'])(
      'nobody asked for, that come %s, are not taken for the next',
      async (way) => {
        const first = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na';
        const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';
        const { pool, upstream } = await start(async (call, index) => {
          if (index > 0) return answering(call, index);
          if (way === 'with the first') return call.write(first + evil);
          await call.write(first);
          await asked.done;
          await call.write(evil);
        });
        const asked = new Asking(pool);
        await asked.done;
        await upstream.call(0).then(({ closed }) => closed);
        expect(asked).toMatchObject({ events: ['head', 'data', 'end'], text: 'a' });
        expect((await ask(pool, { path: '/next' })).text).toBe('/next');
        expect(upstream.connections).toBe(2);
      },
    );

    it('repeat fields as lists', async () => {
      const { pool } = await start((call) => call.answer('', 'Set-Cookie: a', 'set-cookie: b', 'X-Once: c'));
      const { headers } = await ask(pool);
      expect(headers).toMatchObject({ 'set-cookie': ['a', 'b'], 'x-once': 'c' });
    });
  });

  describe('a connection that the server closes', () => {
    it.each(['end', 'resetAndDestroy'] as const)(
      'while a request arrives on it, by %s, is replaced once',
      async (way) => {
        const { pool, upstream } = await start((call, index) =>
          index === 1 ? call.socket[way]() : answering(call, index),
        );
        await ask(pool);
        const body = randomBytes(100_000);
        const asked = await ask(pool, { path: '/again', body });
        expect(asked).toMatchObject({ events: ['head', 'data', 'end'], text: '/again' });
        expect(upstream.calls.map(({ connection }) => connection)).toEqual([0, 0, 1]);
        expect((await upstream.calls[2]?.body)?.equals(body)).toBe(true);
      },
    );

    it.each(['end', 'resetAndDestroy'] as const)('while it works on a request, by %s, is not replaced', async (way) => {
      const clock = createFakeClock();
      const upstream = await startRaw((call, index) => (index === 0 ? answering(call, index) : undefined));
      onTestFinished(() => upstream[Symbol.asyncDispose]());
      const pool = open({ origin: upstream.origin, clock });
      await ask(pool);
      const asking = new Asking(pool);
      const atWork = await upstream.call(1);
      clock.advance(1_001);
      atWork.socket[way]();
      expect((await asking.done).error).toMatchObject({ code: 'upstream_connect', mayHaveBegun: true });
      expect(upstream.calls.length).toBe(2);
    });

    it('again and again is replaced only once', async () => {
      const { pool, upstream } = await start((call, index) =>
        index === 0 ? answering(call, index) : call.socket.resetAndDestroy(),
      );
      await ask(pool);
      const asked = await ask(pool);
      expect([asked.events, asked.error?.code]).toEqual([['error'], 'upstream_connect']);
      expect(upstream.calls.length).toBe(3);
    });

    it.each(['end', 'resetAndDestroy'] as const)('when it is fresh, by %s, is not', async (way) => {
      const { pool, upstream } = await start((call) => call.socket[way]());
      const asked = await ask(pool);
      expect([asked.events, asked.error?.code]).toEqual([['error'], 'upstream_connect']);
      expect(asked.error?.message).toBe('raw closed the connection before answering.');
      expect(upstream.calls.length).toBe(1);
    });

    it('because of what the server said on it is not', async () => {
      const { pool, upstream } = await start((call, index) =>
        index === 0 ? answering(call, index) : call.write('SSH-2.0-x\r\n'),
      );
      await ask(pool);
      expect((await ask(pool)).error?.code).toBe('upstream_invalid');
      expect(upstream.calls.length).toBe(2);
    });

    it('once the answer has begun is not', async () => {
      const { pool, upstream } = await start(async (call, index) => {
        if (index === 0) return answering(call, index);
        await call.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab');
        call.socket.end();
      });
      await ask(pool);
      expect((await ask(pool)).error).toBeDefined();
      expect(upstream.calls.length).toBe(2);
    });

    it('while it is idle is not used again', async () => {
      const { pool, upstream } = await start();
      await ask(pool);
      const first = await upstream.call(0);
      first.socket.end();
      await first.closed;
      expect((await ask(pool)).error).toBeUndefined();
      expect(upstream.calls.map(({ connection }) => connection)).toEqual([0, 1]);
    });
  });

  describe('fails with', () => {
    it('upstream_connect where nobody listens', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      server.close();
      await once(server, 'close');
      const asked = await new Asking(open({ origin: `http://127.0.0.1:${port}` })).done;
      expect([asked.events, asked.error?.code]).toEqual([['error'], 'upstream_connect']);
      expect(asked.error?.message).toBe('raw refused the connection.');
    });

    it.each([
      ['what is no HTTP', 'SSH-2.0-OpenSSH_9\r\n'],
      ['lines that end in LF', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
      ['a broken field', 'HTTP/1.1 200 OK\r\nA\x01 B: c\r\n\r\n'],
    ])('upstream_invalid for %s', async (_name, wire) => {
      const { pool, upstream } = await start((call) => call.write(wire));
      const asked = await ask(pool);
      expect([asked.events, asked.error?.code]).toEqual([['error'], 'upstream_invalid']);
      await upstream.call(0).then(({ closed }) => closed);
    });

    it('upstream_invalid for chunks that break the framing', async () => {
      const { pool } = await start((call) =>
        call.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nxyz\r\n'),
      );
      const asked = await ask(pool);
      expect(asked).toMatchObject({
        events: ['head', 'data', 'error'],
        text: 'ab',
        error: { code: 'upstream_invalid' },
      });
    });

    it.each([
      [
        'interim answers',
        'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n',
        'HTTP/1.1 103 Early Hints\r\n\r\n',
        ['error'],
      ],
      ['a head', 'HTTP/1.1 200 OK\r\n', `X-A: ${'a'.repeat(1_000)}\r\n`, ['error']],
      ['one field', 'HTTP/1.1 200 OK\r\nX-A: ', 'a'.repeat(1_000), ['error']],
      [
        'trailers',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n',
        `X-A: ${'a'.repeat(1_000)}\r\n`,
        ['head', 'data', 'error'],
      ],
    ])('upstream_invalid for %s without end, and hangs up', async (_name, beginning, again, events) => {
      const { pool, upstream } = await start(async (call) => {
        await call.write(beginning);
        while (!call.socket.destroyed) await call.write(again);
      });
      const asked = await ask(pool);
      expect([asked.events, asked.error?.code]).toEqual([events, 'upstream_invalid']);
      await upstream.call(0).then(({ closed }) => closed);
    });

    it.each([
      ['of known length, by end', 'Content-Length: 9\r\n\r\nab', 'end'],
      ['of known length, by resetAndDestroy', 'Content-Length: 9\r\n\r\nab', 'resetAndDestroy'],
      ['in chunks, by end', 'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n', 'end'],
      ['in chunks, by resetAndDestroy', 'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n', 'resetAndDestroy'],
    ] as const)('upstream_failed for a body %s, that is cut', async (_name, rest, way) => {
      const { pool, upstream } = await start((call) => call.write(`HTTP/1.1 200 OK\r\n${rest}`));
      const asked: Asking = new Asking(pool, {}, { onData: () => upstream.calls[0]?.socket[way]() });
      await asked.done;
      expect(asked).toMatchObject({
        events: ['head', 'data', 'error'],
        text: 'ab',
        error: { code: 'upstream_failed' },
      });
    });
  });
});
