import { once } from 'node:events';
import { setInterval } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { get, post, refused, type Serving, serve, turn, type Visit, type Wire } from './serving.ts';

// Node keeps the time of heads and of idle connections by the system's clock: these limits are as short as they may be.

const late = refused('ERR_HTTP_REQUEST_TIMEOUT');
/** Milliseconds. */
const headMs = 500;

const answering = (visit: Visit) => visit.answer();

/** A connection on which one request has been answered. */
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

/** Resolves when a head that began now has become too late, however seldom a server looks. */
async function lateNow(): Promise<void> {
  const wire = await served(await serve(answering, { headMs: headMs * 2 }), 'GET /');
  await wire.over();
}

describe('a head', () => {
  it('may take its time, and no longer', async () => {
    const serving = await serve(answering, { headMs });
    const [patient, lame] = [await served(serving, 'GET /aga'), await served(serving, 'GET /aga')];
    expect(await isServed(patient, get('/again').slice(8))).toBe(true);
    expect((await lame.over()).endsWith(late)).toBe(true);
    expect(serving.visits).toHaveLength(3);
  });

  it('that never ends is refused on a new connection too', async () => {
    const wire = (await serve(answering, { headMs })).wire();
    await wire.write('GET / HTTP/1.1\r\nHost: ');
    expect(await wire.over()).toBe(late);
  });

  it('behind a request that is being answered is refused in its turn', async () => {
    const serving = await serve(() => undefined, { headMs });
    const wire = serving.wire();
    await wire.write(`${get('/')}GET /aga`);
    const visit = await serving.visit();
    await lateNow();
    await wire.write(get('/again').slice(8));
    visit.answer('the first');
    expect((await wire.over()).endsWith(`\r\n\r\nthe first${late}`)).toBe(true);
    expect(serving.visits).toHaveLength(1);
  });

  it('gets no more time by growing', async () => {
    const wire = await served(await serve(answering, { headMs }), 'GET /');
    for await (const _ of setInterval(headMs / 20)) {
      if (wire.socket.readableEnded) break;
      await wire.write('x');
    }
    expect(wire.text.endsWith(late)).toBe(true);
  });

  it('is given the time that the limits say now, and all of it by a limit of 0', async () => {
    const serving = await serve(answering, { headMs });
    const wire = await served(serving, 'GET /aga');
    serving.limits.headMs = 0;
    await served(serving);
    await lateNow();
    expect(await isServed(wire, get('/again').slice(8))).toBe(true);
  });

  it('that was refused may go on for a while, so that its client comes to read why', async () => {
    const serving = await serve(answering, { headMs });
    const wire = await served(serving, 'GET /aga');
    expect((await wire.over()).endsWith(late)).toBe(true);
    await wire.write(get('/again').slice(8));
    await turn();
    expect([serving.visits.length, wire.socket.errored, serving.clock.pending]).toEqual([1, null, [5_000]]);
    for (let looks = 0; looks < 2; looks++) serving.clock.advance(5_000);
    await turn();
    expect(serving.clock.pending).toEqual([]);
  });
});

describe('an idle connection', () => {
  it('is closed after its time, without a word', async () => {
    const serving = await serve((visit) => (visit.target === '/held' ? undefined : visit.answer()), { idleMs: 20 });
    const [busy, idle] = [await served(serving), await served(serving)];
    await busy.write(get('/held'));
    const before = idle.text;
    expect(await idle.over()).toBe(before);
    (await serving.visit(2)).answer('at last');
    await busy.until('at last');
  });

  it('on which nothing ever came is closed as well', async () => {
    const wire = (await serve(answering, { headMs })).wire();
    expect(await wire.over()).toBe('');
  });

  it('is idle too after a line that ends nothing', async () => {
    const wire = await served(await serve(answering, { headMs }), '\r\n');
    await lateNow();
    expect(await isServed(wire)).toBe(true);
  });

  it('is kept for ever by a limit of 0, and nothing else is promised', async () => {
    const serving = await serve(answering, { idleMs: 0 });
    const wire = await served(serving);
    expect(wire.text).toContain('Connection: keep-alive\r\n\r\n');
    expect(await isServed(wire)).toBe(true);
  });

  it('has nothing to do with one whose answer takes long', async () => {
    const serving = await serve(() => undefined, { headMs, idleMs: 20 });
    const wire = serving.wire();
    await wire.write(post('/', 'body'));
    const visit = await serving.visit();
    await lateNow();
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
    expect(serving.clock.pending).toEqual([]);
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
