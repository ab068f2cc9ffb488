import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../support/clock.ts';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type AppOptions, type RunningApp, startApp } from '../support/start-app.ts';

let fake: FakeUpstream;
const cleanup: (() => Promise<void> | void)[] = [];

beforeEach(async () => {
  fake = await startFake({ kind: 'openai', models: ['m'] });
});
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
  await fake.close();
});

async function start(server = '', options: AppOptions = {}): Promise<RunningApp> {
  const yaml = `server: { ${server} }\nproviders: { p: { api_base: "${fake.baseUrl}", models: [m] } }\n`;
  const app = await startApp({ yaml, ...options });
  cleanup.push(() => app[Symbol.asyncDispose]());
  return app;
}

const chat = '/v1/chat/completions';
const hello = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
const helloText = JSON.stringify(hello);

interface Told {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

async function told(answer: Response): Promise<Told> {
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  const { error } = (await answer.json()) as { readonly error: Told };
  return { status: answer.status, code: error.code, message: error.message, hint: error.hint };
}

/** One raw conversation. */
class Wire {
  readonly socket: Socket;
  text = '';

  constructor(app: RunningApp) {
    this.socket = connect({ port: app.port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString();
    });
    this.socket.on('error', () => undefined);
    cleanup.push(() => void this.socket.destroy());
  }

  write(text: string): void {
    this.socket.write(text);
  }

  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) {
      if (this.socket.readableEnded || this.socket.closed) throw new Error(`closed without ${pattern}: ${this.text}`);
      await Promise.race([once(this.socket, 'data'), this.closed()]);
    }
    return this.text;
  }

  async closed(): Promise<string> {
    if (!this.socket.closed && !this.socket.readableEnded) {
      await Promise.race([once(this.socket, 'end'), once(this.socket, 'close')]);
    }
    return this.text;
  }

  get statuses(): readonly number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));
  }
}

function post(headers: readonly string[], body = ''): string {
  return `POST ${chat} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
}

const whole = post([`Content-Length: ${helloText.length}`], helloText);

describe('paths', () => {
  it.each([
    ['/v1/chat/completion', 'chat/completions'],
    ['/v1/v1/chat/completions', '/v1/chat/completions'],
    ['/openai/v1/embeddings', '/v1/embeddings'],
    ['/v2/chat/completions', '/v1/chat/completions'],
    ['/nothing/like/it', '/v1/chat/completions'],
  ])('%s is 404 and names %s', async (path, right) => {
    const answer = await told(await (await start()).post(path, hello));
    expect([answer.status, answer.code]).toEqual([404, 'not_found']);
    expect(answer.hint).toContain(right);
  });

  it.each([
    [chat, 'GET', 'POST'],
    ['/v1/embeddings', 'PUT', 'POST'],
    ['/v1/models', 'POST', 'GET, HEAD'],
    ['/healthz', 'DELETE', 'GET, HEAD'],
  ])('%s does not take %s', async (path, method, allowed) => {
    const app = await start();
    const answer = await fetch(app.url + path, { method, ...(method === 'GET' ? {} : { body: '{}' }) });
    expect(answer.headers.get('allow')).toBe(allowed);
    expect((await told(answer)).status).toBe(405);
  });

  it.each(['/chat/completions', '/v1/chat/completions/', '/v1/chat/completions?api-version=1'])(
    '%s is the chat path too',
    async (path) => {
      expect((await (await start()).post(path, hello)).status).toBe(200);
    },
  );

  it.each(['/healthz', '/livez', '/health', '/readyz'])('%s is JSON', async (path) => {
    const app = await start();
    expect(await (await app.get(path)).json()).toEqual({ status: 'ok' });
    const head = await fetch(app.url + path, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('/ says what clients of Ollama look for', async () => {
    const app = await start();
    expect(await (await app.get('/')).text()).toBe('Ollama is running');
    expect((await fetch(app.url, { method: 'HEAD' })).status).toBe(200);
  });

  it('an absolute request line is served', async () => {
    const wire = new Wire(await start());
    wire.write('GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await wire.until(/"ok"/)).toMatch(/^HTTP\/1\.1 200/);
  });
});

describe('bodies', () => {
  it.each([
    ['no JSON', '{"model":', 'bad_request', 'not valid JSON'],
    ['empty', '', 'bad_request', 'empty'],
    ['an array', '[]', 'bad_request', 'must be a JSON object'],
    ['a string', '"x"', 'bad_request', 'must be a JSON object'],
    ['null', 'null', 'bad_request', 'must be a JSON object'],
  ])('%s is 400', async (_name, body, code, words) => {
    const answer = await told(await (await start()).post(chat, body));
    expect([answer.status, answer.code]).toEqual([400, code]);
    expect(answer.message).toContain(words);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'of type %s is 415',
    async (type) => {
      const answer = await told(await (await start()).post(chat, helloText, { headers: { 'content-type': type } }));
      expect([answer.status, answer.code]).toEqual([415, 'unsupported_media']);
      expect(answer.hint).toContain('application/json');
    },
  );

  it.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/vnd.x+json'])(
    'of type %s is taken',
    async (type) => {
      const answer = await (await start()).post(chat, helloText, { headers: { 'content-type': type } });
      expect(answer.status).toBe(200);
    },
  );

  it('is refused by its announced length before it is sent', async () => {
    const wire = new Wire(await start('max_request_body_size: 1KB'));
    wire.write(post(['Content-Length: 100000000']));
    const text = await wire.until(/\}\n$/);
    expect(wire.statuses).toEqual([413]);
    expect(text).toContain('server.max_request_body_size');
  });

  it('is refused as soon as its chunks exceed the limit', async () => {
    const wire = new Wire(await start('max_request_body_size: 1KB'));
    wire.write(post(['Transfer-Encoding: chunked'], `800\r\n${'x'.repeat(0x800)}\r\n`));
    await wire.until(/server\.max_request_body_size/);
    expect(wire.statuses).toEqual([413]);
  });

  it('of exactly the limit is taken', async () => {
    const app = await start('max_request_body_size: 1KB');
    const fill = (size: number) => {
      const body = { ...hello, user: '' };
      return JSON.stringify({ ...body, user: 'x'.repeat(size - JSON.stringify(body).length) });
    };
    const limit = 1_000;
    const statuses = await Promise.all(
      [limit, limit + 50].map(async (size) => (await app.post(chat, fill(size))).status),
    );
    expect(statuses).toEqual([200, 413]);
  });

  const encoders: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
    gzip: promisify(zlib.gzip),
    br: promisify(zlib.brotliCompress),
    zstd: promisify(zlib.zstdCompress),
    deflate: promisify(zlib.deflate),
  };

  it.each(Object.keys(encoders))('in %s is taken, and a bomb in it is not', async (encoding) => {
    const app = await start('max_request_body_size: 100KB');
    const send = async (text: string) => {
      const bytes = (await encoders[encoding]?.(Buffer.from(text))) ?? Buffer.alloc(0);
      return app.post(chat, bytes, { headers: { 'content-encoding': encoding } });
    };
    expect((await send(helloText)).status).toBe(200);
    expect(fake.calls[0]?.body.toString()).toBe(helloText);
    expect(fake.calls[0]?.headers['content-encoding']).toBeUndefined();
    const bomb = await told(await send(`{"x":"${'a'.repeat(1_000_000)}"}`));
    expect([bomb.status, bomb.hint]).toEqual([413, expect.stringContaining('server.max_request_body_size')]);
  });

  it('that is not in the encoding it names is 400, in an unknown one 415', async () => {
    const app = await start();
    const send = async (encoding: string) =>
      (await app.post(chat, helloText, { headers: { 'content-encoding': encoding } })).status;
    expect([await send('gzip'), await send('rot13'), await send('identity')]).toEqual([400, 415, 200]);
  });

  it('that pauses too long is 408', async () => {
    const clock = createFakeClock();
    const wire = new Wire(await start('body_timeout: 30s', { clock }));
    const standing = clock.pending.length;
    wire.write(post(['Content-Length: 100'], '{'));
    await clock.waitForTimers(standing + 1);
    await clock.advanceAsync(31_000);
    await wire.until(/paused/);
    expect(wire.statuses).toEqual([408]);
  });

  it('that pauses is waited for where there is no limit', async () => {
    const clock = createFakeClock();
    const wire = new Wire(await start('body_timeout: 0s', { clock }));
    const standing = clock.pending.length;
    wire.write(post([`Content-Length: ${helloText.length}`], '{'));
    await clock.waitForTimers(standing + 1);
    await clock.advanceAsync(600_000);
    wire.write(helloText.slice(1));
    await wire.until(/chat\.completion/);
    expect(wire.statuses).toEqual([200]);
  });

  it('that never ends because the client left settles nothing and harms nobody', async () => {
    const app = await start();
    const wire = new Wire(app);
    wire.write(post(['Content-Length: 100'], '{'));
    wire.socket.destroy();
    await once(wire.socket, 'close');
    expect((await app.post(chat, hello)).status).toBe(200);
    expect(app.settled).toHaveLength(1);
  });

  it('is asked for with 100 Continue, and refused without it', async () => {
    const app = await start('max_request_body_size: 1KB');
    const polite = new Wire(app);
    polite.write(post([`Content-Length: ${helloText.length}`, 'Expect: 100-continue']));
    await polite.until(/100 Continue/);
    polite.write(helloText);
    await polite.until(/chat\.completion/);
    expect(polite.statuses).toEqual([100, 200]);
    const greedy = new Wire(app);
    greedy.write(post(['Content-Length: 100000', 'Expect: 100-continue']));
    await greedy.until(/max_request_body_size/);
    expect(greedy.statuses).toEqual([413]);
  });
});

describe('hostile HTTP', () => {
  it.each([
    ['both lengths', post(['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
    ['two lengths', post(['Content-Length: 5', 'Content-Length: 6'], 'xxxxxx')],
    ['an unknown transfer encoding', post(['Transfer-Encoding: identity'], helloText)],
    ['chunked not last', post(['Transfer-Encoding: chunked, gzip'], '0\r\n\r\n')],
    ['a folded transfer encoding', post(['Transfer-Encoding:\r\n chunked'], '0\r\n\r\n')],
    ['a bad chunk size', post(['Transfer-Encoding: chunked'], 'zz\r\n')],
    ['a negative length', post(['Content-Length: -1'])],
    ['a space before the colon', post(['Content-Length : 5'], 'xxxxx')],
    ['no HTTP', 'hello there\r\n\r\n'],
    ['TLS on a plain port', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
    ['no host', `POST ${chat} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}`],
  ])('%s is refused, the connection closed, and the next one served', async (_name, text) => {
    const app = await start();
    const wire = new Wire(app);
    wire.write(text);
    await wire.closed();
    expect(wire.statuses).toEqual([400]);
    expect(fake.calls).toHaveLength(0);
    expect((await app.post(chat, hello)).status).toBe(200);
  });

  it('a header bomb is 431', async () => {
    const app = await start();
    const wire = new Wire(app);
    wire.write(`GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Bomb: ${'x'.repeat(100_000)}\r\n\r\n`);
    await wire.closed();
    expect(wire.statuses).toEqual([431]);
    expect(JSON.parse(wire.text.split('\r\n\r\n')[1] ?? '')).toMatchObject({ error: { code: 'headers_too_large' } });
    expect((await app.get('/healthz')).status).toBe(200);
  });

  it('headers that do not come are 408', async () => {
    const wire = new Wire(await start('read_timeout: 100ms'));
    wire.write(`POST ${chat} HTTP/1.1\r\nHost: localhost\r\nX-Slow: `);
    await wire.closed();
    expect(wire.statuses).toEqual([408]);
  });
});

describe('connections', () => {
  it('serve pipelined requests in order', async () => {
    const wire = new Wire(await start());
    wire.write(`${whole}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n${whole}`);
    await wire.until(/(chat\.completion"[\s\S]*){2}/);
    expect(wire.statuses).toEqual([200, 200, 200]);
    expect(wire.text.indexOf('"ok"')).toBeGreaterThan(wire.text.indexOf('chat.completion'));
  });

  it('are kept after an error whose body was read', async () => {
    const wire = new Wire(await start());
    wire.write(post(['Content-Length: 2'], '[]'));
    await wire.until(/bad_request/);
    wire.write(whole);
    await wire.until(/chat\.completion/);
    expect(wire.statuses).toEqual([400, 200]);
  });

  it('do not take the rest of a refused body for a request', async () => {
    const app = await start();
    const wire = new Wire(app);
    const smuggled = `GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    wire.write(
      `POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${smuggled.length + 10}\r\n\r\n${smuggled}`,
    );
    await wire.until(/not_found/);
    wire.write('x'.repeat(10));
    wire.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await wire.closed();
    expect(wire.text).not.toContain('"object":"list"');
  });

  it('answer HTTP/1.0', async () => {
    const wire = new Wire(await start());
    wire.write('GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n');
    expect(await wire.closed()).toContain('"ok"');
  });
});

describe('the end', () => {
  it('waits for what is in flight and takes nothing new', async () => {
    const app = await start();
    fake.failCalls(faults.stallAfterEvents(3));
    const answer = await app.post(chat, { ...hello, stream: true });
    await fake.stalled();
    const kept = new Wire(app);
    kept.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await kept.until(/"ok"/);
    const closing = app.close();
    await kept.closed();
    await expect(app.post(chat, hello)).rejects.toThrow();
    fake.release();
    expect((await answer.text()).endsWith('data: [DONE]\n\n')).toBe(true);
    await closing;
    expect(app.settled.filter(({ operation }) => operation === 'chat')).toMatchObject([{ outcome: 'completed' }]);
    await app.close();
  });

  it('says so to probes on a connection that is busy when it begins', async () => {
    const app = await start();
    fake.failCalls(faults.stallBeforeHeaders());
    const wire = new Wire(app);
    wire.write(whole);
    await fake.stalled();
    const closing = app.close();
    wire.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    fake.release();
    await wire.closed();
    expect(wire.statuses[0]).toBe(200);
    expect(wire.text).toContain('connection: close');
    await closing;
  });

  it('cuts what does not end in time', async () => {
    const clock = createFakeClock();
    const app = await start('shutdown_timeout: 5s', { clock });
    fake.failCalls(faults.stallAfterEvents(3));
    const answer = await app.post(chat, { ...hello, stream: true });
    await fake.stalled();
    const cut = expect(answer.text()).rejects.toThrow();
    const closing = app.close();
    clock.advance(5_000);
    await Promise.all([cut, closing]);
    expect(await fake.waitForClose(0)).toBe('aborted');
    expect(app.settled).toMatchObject([{ outcome: 'cancelled' }]);
  });
});

describe('a client that stops reading', () => {
  it('stops the upstream, and is cut after the write timeout', async () => {
    const clock = createFakeClock();
    const app = await start('write_timeout: 60s', { clock });
    const event = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(60_000)}"}}]}\n\n`;
    const sent = Array.from({ length: 2_000 }, () => ({ kind: 'write', bytes: Buffer.from(event) }) as const);
    fake.failCalls((script) => [...script.filter(({ kind }) => kind === 'head'), ...sent, { kind: 'end' }]);
    const wire = new Wire(app);
    wire.socket.pause();
    const body = JSON.stringify({ ...hello, stream: true });
    wire.write(post([`Content-Length: ${body.length}`], body));
    await fake.call(0);
    const stallTimers = () => clock.pending.filter((ms) => ms === 60_000).length;
    while (stallTimers() === 0) await new Promise((resolve) => setImmediate(resolve));
    const before = process.memoryUsage().rss;
    expect(fake.openRequests).toBe(1);
    clock.advance(60_000);
    expect(await fake.waitForClose(0)).toBe('aborted');
    await app.settles(1);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
    expect(app.settled).toMatchObject([{ outcome: 'cancelled' }]);
  });

  it('is cut as well when all has been said', async () => {
    const clock = createFakeClock();
    const app = await start('write_timeout: 60s', { clock });
    // Each answer is small enough to be held whole; together they are more than the kernel takes off us.
    const count = 24;
    fake.failCalls(faults.hugeEvent(1_000_000));
    const wire = new Wire(app);
    wire.socket.pause();
    wire.write(whole.repeat(count));
    const stallTimers = () => clock.pending.filter((ms) => ms === 60_000).length;
    while (stallTimers() === 0) await new Promise((resolve) => setImmediate(resolve));
    // The requests behind the answer that is stuck are not begun: their answers would only pile up.
    expect(fake.calls.length).toBeLessThan(count);
    expect(new Set(app.settled.map(({ outcome }) => outcome))).toEqual(new Set(['completed']));
    clock.advance(60_000);
    wire.socket.resume();
    await wire.closed();
    expect(wire.text.length).toBeLessThan(count * 1_000_000);
  });

  it('and goes on reading gets everything', async () => {
    const app = await start();
    fake.failCalls(faults.hugeEvent(8 * 1024 * 1024));
    const wire = new Wire(app);
    wire.socket.pause();
    const body = JSON.stringify({ ...hello, stream: true });
    wire.write(post([`Content-Length: ${body.length}`, 'Connection: close'], body));
    await fake.call(0);
    wire.socket.resume();
    await wire.closed();
    expect(wire.text.length).toBeGreaterThan(8 * 1024 * 1024);
    expect(wire.text).toContain('data: [DONE]');
    await app.settles(1);
    expect(app.settled).toMatchObject([{ outcome: 'completed' }]);
  });
});
