import http from 'node:http';
import { describe, expect, it } from 'vitest';
import { closing, echo, get, kept, post, refused, serve, turn, type Visit, type Wire } from './serving.ts';

const chunkedPost = (target: string, chunks: string) =>
  get(target, 'Transfer-Encoding: chunked').replace('GET', 'POST') + chunks;
const expecting = (target: string, length: number) =>
  get(target, `Content-Length: ${length}`, 'Expect: 100-continue').replace('GET', 'POST');
const asked = 'HTTP/1.1 100 Continue\r\n\r\n';
const answered = (body: string, end = kept) => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${end}${body}`;

describe('a body', () => {
  it.each([
    ['of known length', post('/', 'hello')],
    ['in chunks', chunkedPost('/', '2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nA: b\r\n\r\n')],
  ])('%s arrives', async (_name, request) => {
    const wire = (await serve(echo)).wire();
    await wire.write(request);
    expect(await wire.until('hello;')).toBe(answered('/ hello;'));
  });

  it('of many megabytes arrives', async () => {
    const body = 'Grüße €'.repeat(1_000_000);
    const { port } = await serve(async (visit) => {
      await visit.receive().until('end');
      visit.reply.send(200, [], visit.body === body ? 'same' : 'other');
    });
    expect(await (await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body })).text()).toBe('same');
    const stream = new Blob([body]).stream();
    const init: RequestInit = { method: 'POST', body: stream, duplex: 'half' };
    expect(await (await fetch(`http://127.0.0.1:${port}`, init)).text()).toBe('same');
  });

  it('must be taken while the request is handed over', async () => {
    const serving = await serve();
    const wire = serving.wire();
    await wire.write(post('/', 'hello'));
    await wire.until('\r\n\r\n/');
    expect(() => serving.visits[0]?.receive()).toThrow('dropped');
  });

  it('may be answered before its end, and is still the taker’s', async () => {
    const serving = await serve((visit) => visit.receive().answer('early'));
    const wire = serving.wire();
    await wire.write(post('/', 'hello').slice(0, -2));
    await wire.until('early');
    await wire.write(`lo${get('/next')}`);
    const visit = await (await serving.visit()).until('end');
    expect([visit.body, visit.told]).toEqual(['hello', ['whole', 'end']]);
    await serving.visit(1);
  });
});

describe('a body that nobody takes', () => {
  it.each([
    ['of known length', post('/', get('/smuggled'))],
    ['in chunks', chunkedPost('/', '3\r\nGET\r\n0\r\n\r\n')],
  ])('%s is dropped and the next request served', async (_name, request) => {
    const serving = await serve();
    const wire = serving.wire();
    await wire.write(request + get('/next'));
    expect(await wire.until('/next')).toBe(answered('/') + answered('/next'));
    await wire.write(request.slice(0, -9));
    await wire.until(answered('/next') + answered('/'));
    expect(serving.clock.pending).toEqual([5_000]);
    await wire.write(request.slice(-9) + get('/last'));
    await wire.until('/last');
    expect(serving.visits.map(({ target }) => target)).toEqual(['/', '/next', '/', '/last']);
    expect(serving.clock.pending).toEqual([]);
  });

  it('and that does not go on for 5 s ends the connection', async () => {
    const serving = await serve();
    const wire = serving.wire();
    await wire.write(post('/', 'hello').slice(0, -2));
    await wire.until(answered('/'));
    serving.clock.advance(4_999);
    await wire.write('l');
    await turn();
    serving.clock.advance(5_000);
    await turn();
    expect(wire.socket.readableEnded).toBe(false);
    serving.clock.advance(1);
    await wire.over();
    expect(serving.visits.map(({ told }) => told)).toEqual([['whole']]);
  });

  it('is dropped for as long as it takes to send it, up to 30 s', async () => {
    const serving = await serve();
    const wire = serving.wire();
    const size = 1_000_000;
    await wire.write(post('/', 'x'.repeat(size)).slice(0, -size));
    await wire.until(answered('/'));
    for (let sent = 0; sent < size; sent += size / 5) {
      await wire.write('x'.repeat(size / 5));
      for (let turns = 0; turns < 50; turns++) await turn();
      serving.clock.advance(5_000);
    }
    await wire.write(get('/next'));
    await wire.until('/next');
    expect([serving.visits.length, serving.clock.pending]).toEqual([2, []]);
  });
});

describe('a client that waits to be asked', () => {
  it('is asked for a body that is wanted, and the connection kept', async () => {
    const serving = await serve(echo);
    const wire = serving.wire();
    await wire.write(expecting('/', 5));
    expect(await wire.until('\r\n\r\n')).toBe(asked);
    await wire.write(`hello${get('/next')}`);
    expect(await wire.until('/next ;')).toBe(asked + answered('/ hello;') + answered('/next ;'));
  });

  it('is asked for chunks too', async () => {
    const serving = await serve(echo);
    const wire = serving.wire();
    await wire.write(chunkedPost('/', '').replace('Host', 'Expect: 100-CONTINUE\r\nHost'));
    await wire.until(asked);
    await wire.write('1\r\na\r\n0\r\n\r\n');
    await wire.until('/ a;');
  });

  it('is not asked for what is not wanted, and then the connection ends', async () => {
    const serving = await serve();
    const wire = serving.wire();
    await wire.write(expecting('/', 5));
    expect(await wire.over()).toBe(answered('/', closing));
    // It may send the body all the same, which is no request.
    await wire.write(`hello${get('/smuggled')}`);
    await turn();
    expect(serving.visits).toHaveLength(1);
  });

  it.each([
    ['without a body', expecting('/', 0)],
    ['in HTTP/1.0', `${expecting('/', 1).replace('HTTP/1.1', 'HTTP/1.0')}a`],
    ['for something else', `${expecting('/', 1).replace('100-continue', 'more')}a`],
  ])('%s is not asked', async (_name, request) => {
    const wire = (await serve(echo)).wire();
    await wire.write(request);
    expect(await wire.until(';')).toMatch(/^HTTP\/1.1 200 OK/);
  });

  it('is understood by node:http', async () => {
    const { port } = await serve(echo);
    const body = await new Promise<string>((resolve, reject) => {
      const headers = { expect: '100-continue', 'content-length': 5 };
      const request = http.request({ port, host: '127.0.0.1', method: 'POST', headers }, async (response) => {
        resolve((await Array.fromAsync(response.setEncoding('utf8'))).join(''));
      });
      request.on('continue', () => request.end('hello')).on('error', reject);
      request.flushHeaders();
    });
    expect(body).toBe('/ hello;');
  });
});

const flood = 'x'.repeat(1_000_000);

/** Takes more than sockets hold, so it is read; that nothing is reset lets an answer on its way arrive. */
async function goOn(wire: Wire): Promise<void> {
  for (let count = 0; count < 20; count++) await wire.write(flood);
  await turn();
  expect([wire.socket.readableEnded, wire.socket.errored]).toEqual([true, null]);
}

describe('a body that is none', () => {
  const broken = 'x\r\n';
  const code = 'HPE_INVALID_CHUNK_SIZE';

  it('is refused while its request is looked at', async () => {
    const serving = await serve((visit) => void visit.receive());
    const wire = serving.wire();
    await wire.write(chunkedPost('/', '1\r\na\r\n'));
    const visit = await serving.visit();
    await wire.write(broken);
    expect(await wire.over()).toBe(refused(code));
    expect(visit.told).toEqual(['cut', 'left']);
    visit.answer('too late');
    await wire.write(get('/smuggled'));
    await turn();
    expect(serving.visits).toHaveLength(1);
  });

  it('cuts an answer that has begun', async () => {
    const serving = await serve(({ reply }) => {
      reply.start(200, []);
      reply.write('begun');
    });
    const wire = serving.wire();
    await wire.write(chunkedPost('/', ''));
    await wire.until('begun');
    await wire.write(broken);
    expect(await wire.over()).not.toContain('400');
    expect((await (await serving.visit()).until('left')).told).toEqual(['left']);
  });

  it.each([
    ['dropped', (visit: Visit) => visit.answer()],
    ['taken', (visit: Visit) => visit.receive().answer()],
  ])('leaves alone an answer that is whole: %s', async (_name, handle) => {
    const serving = await serve(handle);
    const wire = serving.wire();
    await wire.write(chunkedPost('/', ''));
    await wire.until(answered('/'));
    await wire.write(broken + get('/smuggled'));
    expect(await wire.over()).toBe(answered('/'));
    await goOn(wire);
    expect(serving.visits).toHaveLength(1);
  });
});

describe('a client that is told to stop and goes on', () => {
  it.each([
    ['after what is no request', `BAD\r\n\r\n${flood}`, refused('HPE_INVALID_METHOD')],
    ['after its last request', get('/', 'Connection: close') + flood, '\r\n\r\n/'],
    ['behind more requests than are held', get('/', 'Connection: close') + get('/').repeat(20_000), '\r\n\r\n/'],
    ['after a body nobody asked for', expecting('/', 1_000 * flood.length) + flood, '\r\n\r\n/'],
  ])('can read its answer, and is cut 30 s later: %s', async (_name, request, end) => {
    const serving = await serve((visit) => setImmediate(() => visit.answer()));
    const wire = serving.wire();
    await wire.write(request);
    expect((await wire.over()).endsWith(end)).toBe(true);
    for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 5_000) {
      await goOn(wire);
      serving.clock.advance(5_000);
    }
    expect(serving.visits.length).toBeLessThan(2);
    while (!wire.socket.closed && !wire.socket.errored) await wire.write(flood);
  });

  it('and pauses is cut 5 s later', async () => {
    const serving = await serve();
    const wire = serving.wire();
    await wire.write(`BAD\r\n\r\n${flood}`);
    await wire.over();
    await goOn(wire);
    // What came since is seen by the first look, that nothing did by the second.
    serving.clock.advance(5_000);
    serving.clock.advance(5_000);
    while (!wire.socket.closed && !wire.socket.errored) await wire.write(flood);
  });
});
