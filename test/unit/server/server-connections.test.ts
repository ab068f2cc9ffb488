import { describe, expect, it } from 'vitest';
import { closing, echo, ending, get, kept, post, refused, serve, turn, type Visit, type Wire } from './serving.ts';

const old = (...fields: readonly string[]) => get('/', ...fields).replace('HTTP/1.1', 'HTTP/1.0');
const statusesOf = ({ text }: Wire) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

describe('a connection', () => {
  it.each([
    ['HTTP/1.1', get('/')],
    ['keep-alive', get('/', 'Connection: keep-alive')],
    ['HTTP/1.0 with keep-alive', old('Connection: Keep-Alive')],
  ])('is kept for %s, and that is promised', async (_name, request) => {
    const wire = (await serve()).wire();
    await wire.write(request);
    expect(await wire.until('\r\n\r\n/')).toBe(`HTTP/1.1 200 OK\r\ncontent-length: 1\r\n${kept}/`);
    await wire.write(get('/next'));
    await wire.until('\r\n\r\n/next');
  });

  it.each([
    ['close', get('/', 'Connection: close'), closing],
    ['close among others', get('/', 'Connection: te, Close'), closing],
    ['HTTP/1.0', old(), closing],
    ['HTTP/1.0 with both', old('Connection: keep-alive, close'), ending],
  ])('ends with the answer after %s', async (_name, request, end) => {
    const serving = await serve();
    const wire = serving.wire();
    await wire.write(request + get('/left'));
    expect(await wire.over()).toBe(`HTTP/1.1 200 OK\r\ncontent-length: 1\r\n${end}/`);
    expect(serving.visits).toHaveLength(1);
  });

  it('promises what the limits say now, at the latest with the second answer', async () => {
    const serving = await serve();
    const wire = serving.wire();
    for (const [idleMs, promised] of [
      [75_500, 'Keep-Alive: timeout=75\r\n'],
      [1_000, 'Keep-Alive: timeout=1\r\n'],
    ] as const) {
      serving.limits.idleMs = idleMs;
      await wire.write(get('/1') + get('/2'));
      await wire.until(promised);
    }
  });

  it('forgives a line too many before and after a request', async () => {
    const serving = await serve(echo);
    const wire = serving.wire();
    await wire.write(`\r\n${post('/a', 'b')}\r\n${post('/c', 'd')}\r\n\r\n${get('/e')}`);
    await wire.until('/e ;');
    expect(serving.visits.map(({ target, body }) => target + body)).toEqual(['/ab', '/cd', '/e']);
  });
});

describe('pipelined requests', () => {
  const answerLater = async (visit: Visit) => {
    await turn();
    visit.answer();
  };

  it('are answered one after the other', async () => {
    const serving = await serve(() => undefined);
    const wire = serving.wire();
    await wire.write(get('/a') + get('/b'));
    const first = await serving.visit();
    await turn();
    expect(serving.visits).toHaveLength(1);
    first.answer('1st');
    (await serving.visit(1)).answer('2nd');
    const text = await wire.until('2nd');
    expect(text.indexOf('1st')).toBeGreaterThan(0);
    expect(text.indexOf('1st')).toBeLessThan(text.indexOf('2nd'));
  });

  it.each([
    ['at once', (visit: Visit) => visit.answer()],
    ['later', answerLater],
    ['at once and later in turn', (visit: Visit) => (visit.target.endsWith('7') ? answerLater(visit) : visit.answer())],
    ['when their bodies are there', echo],
  ])('of more than is held are none lost when answered %s', async (_name, handle) => {
    const serving = await serve(handle);
    const wire = serving.wire();
    const count = 5_000;
    const targets = Array.from({ length: count }, (_, index) => `/${index}`);
    const all = targets.map((target) => get(target)).join('');
    expect(all.length).toBeGreaterThan(2 * 64 * 1024);
    await wire.write(all);
    await wire.write(get('/last', 'Connection: close'));
    const bodies = (await wire.over()).matchAll(/\r\n\r\n(\/\d+|\/last)/g);
    expect(Array.from(bodies, ([, body]) => body)).toEqual([...targets, '/last']);
    expect(serving.visits).toHaveLength(count + 1);
  });

  const chunks = post('/b', '').replace('Content-Length: 0', 'Transfer-Encoding: chunked');
  const three = `${post('/a', 'one\r\n\r\n')}${chunks}3\r\ntwo\r\n2;x\r\n\r\n\r\n0\r\nA: b\r\n\r\n${get('/c', 'Connection: close')}`;

  it('are the same wherever they are cut', async () => {
    const serving = await serve(echo);
    const told = async (pieces: readonly string[]) => {
      const wire = serving.wire();
      for (const piece of pieces) {
        await wire.write(piece);
        await turn();
      }
      return wire.over();
    };
    const whole = await told([three]);
    expect(whole.match(/\/[abc] [^;]*;/g)).toEqual(['/a one\r\n\r\n;', '/b two\r\n;', '/c ;']);
    expect(await told(three.split(''))).toBe(whole);
    for (let at = 1; at < three.length; at++) expect(await told([three.slice(0, at), three.slice(at)])).toBe(whole);
  });

  it('before one that is none are answered, it is refused, and nothing after it is looked at', async () => {
    const serving = await serve();
    const wire = serving.wire();
    await wire.write(`${get('/a')}GET /b HTTP/1.1\r\nA : b\r\n\r\n${get('/c')}`);
    const first = `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n${kept}/a`;
    expect(await wire.over()).toBe(first + refused('HPE_INVALID_HEADER_TOKEN'));
    expect(serving.visits).toHaveLength(1);
  });

  it('are left with the client, all but a little, while one is being answered', async () => {
    const serving = await serve((visit) => void visit.receive());
    const wire = serving.wire();
    const size = 32 * 1024 * 1024;
    // What has not left this process is what nobody has room for.
    const flood = get('/later').repeat(Math.ceil(size / get('/later').length));
    await wire.write(get('/'));
    const visit = await serving.visit();
    wire.socket.write(flood, 'latin1');
    // A turn reads 64 kB and more: in so many all of it would have been read.
    for (let turns = 0; turns < 2_000; turns++) await turn();
    expect(wire.socket.writableLength).toBeGreaterThan(0);
    expect(serving.visits).toHaveLength(1);
    visit.answer('the first');
    await wire.until('the first');
    await serving.visit(1);
    wire.socket.destroy();
  });
});

describe('a client that leaves', () => {
  it.each(['destroy', 'resetAndDestroy'] as const)('within a body cuts it and the reply: %s', async (leave) => {
    const serving = await serve((visit) => void visit.receive());
    const wire = serving.wire();
    await wire.write(post('/', 'whole').slice(0, -1));
    const visit = await serving.visit();
    wire.socket[leave]();
    await visit.until('left');
    expect(visit.told).toEqual(['cut', 'left']);
    visit.answer();
  });

  it.each(['destroy', 'resetAndDestroy'] as const)('after the body cuts the reply: %s', async (leave) => {
    const serving = await serve((visit) => void visit.receive());
    const wire = serving.wire();
    await wire.write(post('/', 'whole'));
    const visit = await (await serving.visit()).until('end');
    wire.socket[leave]();
    await visit.until('left');
    expect(visit.told).toEqual(['end', 'left']);
    visit.answer();
    expect(visit.reply.isStarted).toBe(true);
  });

  it.each(['destroy', 'resetAndDestroy'] as const)('within the answer cuts it: %s', async (leave) => {
    const serving = await serve((visit) => visit.receive().reply.start(200, []));
    const wire = serving.wire();
    await wire.write(get('/'));
    const visit = await serving.visit();
    visit.reply.write('some');
    await wire.until('some');
    wire.socket[leave]();
    await visit.until('left');
    for (const say of ['more', 'and more']) expect(visit.reply.write(say)).toBe(true);
    visit.reply.end();
    expect(visit.told).toEqual(['end', 'left']);
  });

  it('after the answer changes nothing', async () => {
    const serving = await serve(echo);
    const wire = serving.wire();
    await wire.write(get('/'));
    await wire.until('/ ;');
    wire.socket.destroy();
    await serving.server.close();
    expect(serving.visits.map(({ told }) => told)).toEqual([['end', 'whole']]);
  });

  it.each(['', 'GET / HT', get('/').slice(0, -1)])('after %j was no request', async (text) => {
    const serving = await serve();
    const wire = serving.wire();
    await wire.write(text);
    wire.socket.end();
    expect(await wire.over()).toBe('');
    await serving.server.close();
    expect(serving.visits).toHaveLength(0);
  });
});

describe('a client that ends its side', () => {
  it('is answered', async () => {
    const serving = await serve(() => undefined);
    const wire = serving.wire();
    wire.socket.end(get('/'));
    const visit = await serving.visit();
    await turn();
    visit.answer('at last');
    expect(await wire.over()).toBe(`HTTP/1.1 200 OK\r\ncontent-length: 7\r\n${kept}at last`);
    expect(visit.told).toEqual(['whole']);
  });

  // One that has closed answers such a sign with a reset: that is how the two are told apart.
  it('and waits long gets a sign that it is waited for, and is answered', async () => {
    const serving = await serve(() => undefined);
    const wire = serving.wire();
    wire.socket.end(get('/'));
    const visit = await serving.visit();
    await wire.until('HTTP/1.1 100 Continue\r\n\r\n');
    visit.answer('at last');
    expect(await wire.over()).toMatch(/^(HTTP\/1\.1 100 Continue\r\n\r\n)+HTTP\/1\.1 200 OK\r\n[\s\S]*at last$/);
    expect(visit.told).toEqual(['whole']);
  });

  it('is answered in HTTP/1.0, which knows no such sign', async () => {
    const serving = await serve(() => undefined);
    const [old10, new11] = [serving.wire(), serving.wire()];
    old10.socket.end(old());
    const visit = await serving.visit();
    new11.socket.end(get('/'));
    await new11.until('100 Continue');
    visit.answer('at last');
    expect(await old10.over()).toMatch(/^HTTP\/1\.1 200 [\s\S]*at last$/);
  });

  it('in the midst of a stream gets the rest of it', async () => {
    const serving = await serve(({ reply }) => reply.start(200, []));
    const wire = serving.wire();
    await wire.write(get('/'));
    const { reply } = await serving.visit();
    reply.write('some');
    await wire.until('some');
    wire.socket.end();
    // The size of the next chunk may begin with zeros, which is the sign.
    await wire.until('some\r\n0');
    reply.write('more');
    await wire.until('more');
    reply.end();
    expect(await wire.over()).toMatch(/\r\n4\r\nsome\r\n0+4\r\nmore\r\n0+\r\n\r\n$/);
    expect((await serving.visit()).told).toEqual(['whole']);
  });

  it('behind several requests has all of them answered', async () => {
    const serving = await serve((visit) => setImmediate(() => visit.answer()));
    const wire = serving.wire();
    wire.socket.end(get('/a') + get('/b') + get('/c'));
    await wire.over();
    expect(statusesOf(wire)).toEqual([200, 200, 200]);
  });

  it('within its body has left', async () => {
    const serving = await serve((visit) => void visit.receive());
    const wire = serving.wire();
    wire.socket.end(post('/', 'whole').slice(0, -1));
    expect(await wire.over()).toBe('');
    expect((await (await serving.visit()).until('left')).told).toEqual(['cut', 'left']);
  });

  it('between requests gets the same', async () => {
    const serving = await serve();
    const wire = serving.wire();
    await wire.write(get('/a'));
    await wire.until('\r\n\r\n/a');
    wire.socket.end();
    await wire.over();
    expect(statusesOf(wire)).toEqual([200]);
  });

  it('after the answer and within its body is not waited for', async () => {
    const serving = await serve((visit) => visit.answer());
    const wire = serving.wire();
    await wire.write(post('/a', 'whole').slice(0, -1));
    await wire.until('\r\n\r\n/a');
    wire.socket.end();
    await wire.over();
    await serving.server.close();
    expect(serving.clock.pending).toEqual([]);
  });

  it('gets what has been said', async () => {
    const size = 32 * 1024 * 1024;
    const serving = await serve((visit) => visit.reply.send(200, [], Buffer.alloc(size, 'x')));
    const wire = serving.wire();
    wire.socket.pause();
    wire.socket.end(get('/'));
    const visit = await serving.visit();
    await turn();
    expect(visit.reply).toMatchObject({ isSaid: true, isOver: false });
    wire.socket.resume();
    const text = await wire.over();
    expect(text.length - text.indexOf('x')).toBe(size);
    expect((await visit.until('whole')).told).toEqual(['whole']);
  });
});
