import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ending, get, post, Serving, serve, turn } from './serving.ts';

/** Whether the promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  await turn();
  return (await Promise.race([promise.then(() => true), Promise.resolve(false)])) === true;
}

describe('close', () => {
  it('ends idle connections at once and takes no new ones', async () => {
    const serving = await serve();
    const wire = serving.wire();
    await wire.write(get('/'));
    await wire.until('\r\n\r\n/');
    const closed = serving.server.close();
    expect(serving.server.isClosing).toBe(true);
    await wire.over();
    await closed;
    const [refusal] = await once(connect(serving.port, '127.0.0.1'), 'error');
    expect(refusal).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('lets a request under way end, and says that it is the last', async () => {
    const serving = await serve(() => undefined);
    const wire = serving.wire();
    await wire.write(get('/a') + get('/left'));
    const visit = await serving.visit();
    const closed = serving.server.close();
    expect(await isSettled(closed)).toBe(false);
    visit.answer();
    expect(await wire.over()).toBe(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n${ending}/a`);
    wire.socket.destroy();
    await closed;
    expect(serving.visits).toHaveLength(1);
  });

  it('lets a body under way arrive', async () => {
    const serving = await serve((visit) => void visit.receive());
    const wire = serving.wire();
    await wire.write(post('/', 'whole').slice(0, -1));
    const visit = await serving.visit();
    const closed = serving.server.close();
    await wire.write('e');
    await visit.until('end');
    visit.answer(visit.body);
    expect(await wire.over()).toContain(`${ending}whole`);
    await closed;
  });

  it('answers a request whose head is under way', async () => {
    const serving = await serve();
    const wire = serving.wire();
    const request = get('/half');
    await wire.write(get('/a') + request.slice(0, 9));
    await wire.until('\r\n\r\n/a');
    const closed = serving.server.close();
    await wire.write(request.slice(9));
    expect(await wire.over()).toContain(`${ending}/half`);
    await closed;
  });

  it('ends the connection of a stream that had promised to keep it', async () => {
    const serving = await serve(({ reply }) => {
      reply.start(200, []);
      reply.write('a');
    });
    const wire = serving.wire();
    await wire.write(get('/'));
    expect(await wire.until('1\r\na\r\n')).toContain('Connection: keep-alive');
    const { reply } = await serving.visit();
    const closed = serving.server.close();
    reply.write('b');
    expect(await isSettled(closed)).toBe(false);
    reply.end();
    expect((await wire.over()).endsWith('1\r\na\r\n1\r\nb\r\n0\r\n\r\n')).toBe(true);
    await closed;
  });

  it('does not wait for a client that has only ended a line', async () => {
    const serving = await serve();
    const wire = serving.wire();
    await wire.write(`${post('/', 'body')}\r\n`);
    await wire.until('\r\n\r\n/');
    await serving.server.close();
    await wire.over();
  });

  const unfinished: readonly (readonly [string, string, string])[] = [
    ['a head', get('/').slice(0, -2), ''],
    ['a head behind a request', get('/a') + get('/').slice(0, -2), '\r\n\r\n/a'],
    ['a body', post('/', 'body').slice(0, -1), ''],
    ['a body that has been answered', post('/early', 'body').slice(0, -1), '\r\n\r\n/early'],
    ['a body in chunks', get('/', 'Transfer-Encoding: chunked').replace('GET', 'POST'), ''],
  ];

  it.each(unfinished)('is held up for two seconds by %s that does not come whole', async (_name, request, answer) => {
    const serving = await serve((visit) => {
      visit.receive();
      if (visit.target !== '/') visit.answer();
    });
    const wire = serving.wire();
    await wire.write(request);
    await (answer === '' ? turn() : wire.until(answer));
    const closed = serving.server.close();
    serving.clock.advance(1_999);
    expect(await isSettled(closed)).toBe(false);
    serving.clock.advance(1);
    await closed;
    await wire.over();
  });

  it('is not held up by a connection on which nothing came', async () => {
    const serving = await serve();
    const wire = serving.wire();
    await once(wire.socket, 'connect');
    // The server has it when it has answered a later one.
    const later = serving.wire();
    await later.write(get('/'));
    await later.until('\r\n\r\n/');
    await serving.server.close();
    await wire.over();
  });

  it('may be repeated, before and after the end', async () => {
    const serving = await serve(() => undefined);
    const wire = serving.wire();
    await wire.write(get('/'));
    const visit = await serving.visit();
    const closed = [serving.server.close(), serving.server.close()];
    expect(await isSettled(Promise.any(closed))).toBe(false);
    visit.answer();
    await Promise.all(closed);
    await serving.server.close();
    serving.server.destroy();
  });

  it('is nothing to a server that never listened', async () => {
    const serving = new Serving(() => undefined);
    await serving.server.close();
    serving.server.destroy();
    expect(serving.clock.pending).toEqual([]);
  });
});

describe('destroy', () => {
  it('cuts requests, bodies and answers', async () => {
    const serving = await serve((visit) => {
      visit.receive();
      if (visit.target === '/begun') visit.reply.start(200, []);
    });
    const requests = [get('/a'), post('/b', 'body').slice(0, -1), get('/begun')];
    const wires = requests.map(() => serving.wire());
    for (const [index, wire] of wires.entries()) await wire.write(requests[index] as string);
    await serving.visit(2);
    serving.visits.find(({ target }) => target === '/begun')?.reply.write('some');
    serving.server.destroy();
    await serving.server.close();
    for (const wire of wires) await wire.over();
    for (const visit of serving.visits) await visit.until('left');
    expect(serving.visits.map(({ target, told }) => `${target} ${told}`).toSorted()).toEqual([
      '/a end,left',
      '/b cut,left',
      '/begun end,left',
    ]);
  });

  it('ends a close that waits', async () => {
    const serving = await serve(() => undefined);
    await serving.wire().write(get('/'));
    await serving.visit();
    const closed = serving.server.close();
    serving.server.destroy();
    await closed;
  });
});

describe('listen', () => {
  const make = () => {
    const serving = new Serving((visit) => visit.answer());
    onTestFinished(() => serving.end());
    return serving;
  };

  it('fails on a taken port, and may be tried again', async () => {
    const { port } = await serve();
    const serving = make();
    await expect(serving.server.listen('127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    serving.port = (await serving.server.listen('127.0.0.1', 0)).port;
    const answer = await fetch(`http://127.0.0.1:${serving.port}/a`);
    expect(await answer.text()).toBe('/a');
  });

  it('fails on an address that is not ours', async () => {
    await expect(make().server.listen('192.0.2.1', 0)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

  it.skipIf(!hasIpv6)('takes IPv6', async () => {
    const { address, family, port } = await make().server.listen('::1', 0);
    expect([address, family]).toEqual(['::1', 'IPv6']);
    const answer = await fetch(`http://[::1]:${port}/six`);
    expect(await answer.text()).toBe('/six');
  });
});
