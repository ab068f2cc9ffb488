import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { get, post, refused, type Serving, serve, turn, type Visit, type Wire } from './serving.ts';

const late = refused('HPE_HEADER_TIMEOUT');

/** A connection that is known to have been looked at: one request on it has been answered. */
async function served(serving: Serving, after = ''): Promise<Wire> {
  const wire = serving.wire();
  const count = serving.visits.length;
  await wire.write(get(`/${count}`) + after);
  await wire.until(`\r\n\r\n/${count}`);
  return wire;
}

async function isServed(wire: Wire, rest = get('/again')): Promise<boolean> {
  await wire.write(rest);
  return (await wire.until('\r\n\r\n/again')).includes('/again');
}

/** Time passes in steps as the server looks after its connections, until the connection is over. Milliseconds. */
async function timeUntilOver(serving: Serving, wire: Wire): Promise<number> {
  let isOver = false;
  void wire.over().then(() => {
    isOver = true;
  });
  const begin = serving.clock.monotonic();
  while (!isOver) {
    serving.clock.advance(100);
    await turn();
  }
  return serving.clock.monotonic() - begin;
}

describe('a head', () => {
  it('may take its time, and no longer', async () => {
    const serving = await serve();
    const [patient, lame] = [await served(serving, 'GET /aga'), await served(serving, 'GET /aga')];
    serving.clock.advance(5_000);
    expect(await isServed(patient, get('/again').slice(8))).toBe(true);
    serving.clock.advance(2_000);
    expect((await lame.over()).endsWith(late)).toBe(true);
    expect(serving.visits).toHaveLength(3);
  });

  it('that never ends is refused on a new connection too', async () => {
    const serving = await serve();
    const wire = serving.wire();
    await wire.write('GET / HTTP/1.1\r\nHost: ');
    expect(await timeUntilOver(serving, wire)).toBeGreaterThan(5_000);
    expect(wire.text).toBe(late);
  });

  it('gets no more time by growing', async () => {
    const serving = await serve();
    const wire = await served(serving, 'G');
    let tookMs = 0;
    const over = wire.over();
    for (; !wire.socket.readableEnded && tookMs < 20_000; tookMs += 500) {
      await wire.write(tookMs === 0 ? 'ET /' : 'x');
      serving.clock.advance(500);
      await turn();
    }
    expect((await over).endsWith(late)).toBe(true);
    expect(tookMs).toBeLessThan(8_000);
  });

  it('is given the time that the limits say now, and all of it by a limit of 0', async () => {
    const serving = await serve();
    const wire = await served(serving, 'GET /aga');
    serving.limits.headMs = 0;
    serving.clock.advance(3_600_000);
    serving.limits.headMs = 7_200_000;
    serving.clock.advance(3_000_000);
    expect(await isServed(wire, get('/again').slice(8))).toBe(true);
  });

  it('that was refused may go on for a while, so that its client comes to read why', async () => {
    const serving = await serve();
    const wire = await served(serving, 'GET /aga');
    serving.clock.advance(7_000);
    expect((await wire.over()).endsWith(late)).toBe(true);
    await wire.write(get('/again').slice(8));
    await turn();
    expect([serving.visits.length, wire.socket.errored]).toEqual([1, null]);
    expect(serving.clock.pending).toHaveLength(2);
    serving.clock.advance(2_000);
    await turn();
    expect(serving.clock.pending).toHaveLength(1);
  });
});

describe('an idle connection', () => {
  it('is closed after its time, without a word', async () => {
    const serving = await serve();
    const [busy, idle] = [await served(serving), await served(serving)];
    const before = idle.text;
    serving.clock.advance(120_000);
    expect(await isServed(busy)).toBe(true);
    serving.clock.advance(2_000);
    expect(await idle.over()).toBe(before);
    await busy.write(get('/end', 'Connection: close'));
    expect(await busy.over()).toContain('\r\n\r\n/end');
  });

  it('on which nothing ever came is closed as well', async () => {
    const serving = await serve();
    const wire = serving.wire();
    expect(await timeUntilOver(serving, wire)).toBeGreaterThan(120_000);
    expect(wire.text).toBe('');
  });

  it('is idle too after a line that ends nothing', async () => {
    const serving = await serve();
    const wire = await served(serving, '\r\n');
    serving.clock.advance(100_000);
    expect(await isServed(wire)).toBe(true);
  });

  it('is kept for ever by a limit of 0, and nothing else is promised', async () => {
    const serving = await serve();
    serving.limits.idleMs = 0;
    const wire = await served(serving);
    expect(wire.text).toContain('connection: keep-alive\r\n\r\n');
    serving.clock.advance(3_600_000);
    expect(await isServed(wire)).toBe(true);
  });

  it('has nothing to do with one whose answer takes long', async () => {
    const serving = await serve(() => undefined);
    const wire = serving.wire();
    await wire.write(post('/', 'body'));
    const visit = await serving.visit();
    serving.clock.advance(3_600_000);
    visit.answer('at last');
    await wire.until('at last');
  });
});

describe('a client that does not read', () => {
  const megabyte = 1024 * 1024;
  /** More than the sockets hold. */
  const much = Buffer.alloc(32 * megabyte, 'x');

  async function stalled(say: (reply: Visit['reply']) => void, writeMs = 300_000) {
    const serving = await serve(({ reply }) => say(reply));
    serving.limits.writeMs = writeMs;
    const wire = serving.wire();
    wire.socket.pause();
    await wire.write(get('/', 'Connection: close'));
    const visit = await serving.visit();
    await turn();
    return { serving, wire, visit, reply: visit.reply };
  }

  it('holds up the writer until it reads', async () => {
    const { serving, wire, visit, reply } = await stalled((one) => one.start(200, []));
    expect(reply.write('a')).toBe(true);
    expect(reply.write(much)).toBe(false);
    const drained = new Promise<void>((resolve) => reply.onDrain(resolve));
    expect(serving.clock.pending).toContain(300_000);
    serving.clock.advance(299_999);
    wire.socket.resume();
    await drained;
    expect(serving.clock.pending).toHaveLength(1);
    reply.end('the end');
    expect((await wire.over()).endsWith('7\r\nthe end\r\n0\r\n\r\n')).toBe(true);
    expect(visit.told).toEqual(['whole']);
  });

  it('is cut when its time is over', async () => {
    const { serving, visit, reply } = await stalled((one) => one.start(200, []));
    reply.write(much);
    reply.onDrain(() => expect.unreachable());
    serving.clock.advance(300_000);
    await visit.until('left');
    reply.onDrain(() => expect.unreachable());
    expect([reply.write('a'), reply.isOver]).toEqual([true, true]);
  });

  it('is cut as well when all has been said', async () => {
    const { serving, visit, reply } = await stalled((one) => one.send(200, [], much));
    expect([reply.isSaid, reply.isOver, visit.told]).toEqual([true, false, []]);
    serving.clock.advance(299_999);
    expect(visit.told).toEqual([]);
    serving.clock.advance(1);
    await visit.until('left');
  });

  it('is waited for as long as it reads on', async () => {
    const { serving, wire, visit, reply } = await stalled((one) => one.send(200, [], much));
    for (const wanted of [10 * megabyte, 20 * megabyte]) {
      serving.clock.advance(299_999);
      wire.socket.resume();
      while (wire.socket.bytesRead < wanted) await once(wire.socket, 'data');
      wire.socket.pause();
      while (!serving.clock.pending.includes(300_000)) await turn();
    }
    expect([visit.told, reply.isOver]).toEqual([[], false]);
    serving.clock.advance(300_000);
    await visit.until('left');
  });

  it('gets what is said meanwhile after what it has not taken yet, all of it in order', async () => {
    const large = Buffer.alloc(megabyte, 'l');
    const parts = [much, 'a', large, 'b', 'c', large, 'd'];
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const { wire, visit, reply } = await stalled((one) => one.start(200, ['content-length', String(length)]));
    for (const part of parts.slice(0, -1)) reply.write(part);
    reply.end(parts.at(-1));
    wire.socket.resume();
    const text = await wire.over();
    const body = text.slice(text.indexOf('\r\n\r\n') + 4);
    expect(body === parts.map(String).join('')).toBe(true);
    await visit.until('whole');
  });

  it('is waited for by a limit of 0', async () => {
    const { serving, wire, visit } = await stalled((one) => one.send(200, [], much), 0);
    serving.clock.advance(3_600_000);
    expect(visit.told).toEqual([]);
    wire.socket.resume();
    expect((await wire.over()).length).toBeGreaterThan(much.length);
  });

  it('has its next request begun when it has read the answer', async () => {
    const serving = await serve(({ reply }) => reply.send(200, [], much));
    const wire = serving.wire();
    wire.socket.pause();
    await wire.write(get('/') + get('/next', 'Connection: close'));
    await serving.visit();
    await turn();
    expect(serving.visits).toHaveLength(1);
    wire.socket.resume();
    await serving.visit(1);
    expect(serving.visits[0]?.told).toEqual(['whole']);
    expect((await wire.over()).length).toBeGreaterThan(2 * much.length);
  });
});
