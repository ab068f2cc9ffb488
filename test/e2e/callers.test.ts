import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

let fake: FakeUpstream;
const running: RunningApp[] = [];

beforeEach(async () => {
  fake = await startFake({ kind: 'openai', models: ['m', 'n'] });
});
afterEach(async () => {
  for (const app of running.splice(0)) await app[Symbol.asyncDispose]();
  await fake.close();
});

async function start(yaml = '', listen?: string): Promise<RunningApp> {
  const app = await startApp({
    listen,
    yaml: `${yaml}\nproviders: { p: { api_base: "${fake.baseUrl}", models: [m, n] } }\n`,
  });
  running.push(app);
  return app;
}

/** The status line's number, for a request whose body is announced and never sent. */
async function statusBeforeBody(app: RunningApp, headers: Readonly<Record<string, string>>): Promise<number> {
  const socket = connect(app.port, '127.0.0.1');
  const fields = { 'Content-Type': 'application/json', 'Content-Length': '100', ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\n${lines.join('')}\r\n`);
  const [data] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(data.toString())?.[1]);
}

const hello = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

describe('while auth is off', () => {
  it.each([
    ['a foreign host', { Host: 'evil.example' }],
    ['a host that only begins like ours', { Host: '127.0.0.1.evil.example' }],
    ['a host that only begins like localhost', { Host: 'localhost.evil.example:4356' }],
    ['a sub-domain of localhost, which a page may make up', { Host: 'evil.localhost' }],
    ['user information before a loopback host', { Host: 'evil@127.0.0.1' }],
    ['another machine of the network', { Host: '192.168.1.10' }],
    ['a web origin', { Host: '127.0.0.1', Origin: 'https://evil.example' }],
    ['an opaque origin', { Host: '127.0.0.1', Origin: 'null' }],
    ['a request across sites', { Host: '127.0.0.1', 'Sec-Fetch-Site': 'cross-site' }],
  ])('%s is refused before its body', async (_name, headers) => {
    const app = await start();
    expect(await statusBeforeBody(app, headers)).toBe(403);
    expect(fake.requests).toEqual([]);
  });

  it.each([
    ['localhost', {}],
    ['LOCALHOST:1234', {}],
    ['127.0.0.1', {}],
    ['127.0.0.1:4356', {}],
    ['127.1.2.3', {}],
    ['[::1]:4356', {}],
    ['localhost', { Origin: 'http://localhost:3000' }],
    ['localhost', { Origin: 'http://127.0.0.1:8080' }],
    ['localhost', { Origin: 'http://[::1]:8080', 'Sec-Fetch-Site': 'same-site' }],
    ['localhost', { 'Sec-Fetch-Site': 'same-origin' }],
    ['allowed.example', {}],
    ['allowed.example:4356', {}],
  ])('host %s with %j is served', async (host, headers) => {
    const app = await start('server: { allowed_hosts: [allowed.example] }');
    const body = JSON.stringify(hello);
    const socket = connect(app.port, '127.0.0.1');
    const fields = {
      Host: host,
      'Content-Type': 'application/json',
      'Content-Length': String(body.length),
      ...headers,
    };
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\n${Object.entries(fields)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n${body}`,
    );
    const [data] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(data.toString()).toMatch(/^HTTP\/1\.1 200 /);
  });

  const [elsewhere] = Object.values(networkInterfaces()).flatMap((ones) =>
    (ones ?? []).filter(({ internal, family }) => !internal && family === 'IPv4'),
  );

  it.skipIf(elsewhere === undefined)('localhost from another machine opens nothing', async () => {
    const app = await start('server: { insecure: true, allowed_hosts: [gpu.lan] }', '0.0.0.0:0');
    const statusBy = async (address: string, host: string) => {
      const socket = connect(app.port, address);
      socket.write(`GET /v1/models HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      const [data] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      return Number(/^HTTP\/1\.1 (\d{3})/.exec(data.toString())?.[1]);
    };
    const far = elsewhere?.address ?? '';
    expect(await statusBy('127.0.0.1', `localhost:${app.port}`)).toBe(200);
    expect(await statusBy(far, `localhost:${app.port}`)).toBe(403);
    expect(await statusBy(far, '127.0.0.1')).toBe(403);
    expect(await statusBy(far, 'gpu.lan')).toBe(200);
  });

  it('listens and answers on IPv6 loopback', async () => {
    const app = await start('', '[::1]:0');
    expect((await app.post('/v1/chat/completions', hello)).status).toBe(200);
  });

  it('a preflight gets no leave', async () => {
    const app = await start();
    const answer = await fetch(`${app.url}/v1/chat/completions`, { method: 'OPTIONS' });
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  it('any key is taken', async () => {
    const app = await start();
    const answer = await app.post('/v1/chat/completions', hello, { headers: { authorization: 'Bearer whatever' } });
    expect(answer.status).toBe(200);
    expect(fake.calls[0]?.headers.authorization).toBeUndefined();
  });
});

describe('with keys', () => {
  const auth = `
auth:
  keys:
    - { name: all, key: sk-all }
    - { name: some, key: sk-some, models: [m] }
    - { name: none, key: sk-none, models: ["x-*"] }
`;

  it.each([
    [{ authorization: 'Bearer sk-all' }],
    [{ authorization: 'bearer  sk-all' }],
    [{ 'x-api-key': 'sk-all' }],
    [{ 'x-goog-api-key': 'sk-all' }],
  ])('%j opens', async (headers) => {
    const app = await start(auth);
    expect((await app.post('/v1/chat/completions', hello, { headers })).status).toBe(200);
    expect(app.settled).toMatchObject([{ keyName: 'all' }]);
    expect(JSON.stringify(fake.calls[0]?.headers)).not.toContain('sk-all');
  });

  it.each([
    ['no key', {}],
    ['an unknown one', { Authorization: 'Bearer sk-al' }],
    ['another scheme', { Authorization: 'Basic c2stYWxs' }],
  ])('%s is refused before the body', async (_name, headers) => {
    expect(await statusBeforeBody(await start(auth), { Host: 'x', ...headers })).toBe(401);
  });

  it('says how to send one', async () => {
    const app = await start(auth);
    const answer = await app.get('/v1/models');
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="router"']);
    expect(await answer.json()).toMatchObject({
      error: { code: 'invalid_api_key', hint: expect.stringContaining('Bearer') },
    });
  });

  it('any host may be named, since the key protects', async () => {
    const headers = { Host: 'models.example', Authorization: 'Bearer sk-all', 'Content-Length': '2' };
    const app = await start(auth);
    const socket = connect(app.port, '127.0.0.1');
    socket.write(`GET /v1/models HTTP/1.1\r\nHost: ${headers.Host}\r\nAuthorization: ${headers.Authorization}\r\n\r\n`);
    const [data] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(data.toString()).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('a key sees and uses its models only', async () => {
    const app = await start(auth);
    const ids = async (key: string) => {
      const { data } = (await (await app.get('/v1/models', { authorization: `Bearer ${key}` })).json()) as {
        data: readonly { id: string }[];
      };
      return data.map(({ id }) => id);
    };
    expect([await ids('sk-all'), await ids('sk-some'), await ids('sk-none')]).toEqual([['m', 'n'], ['m'], []]);
    const ask = async (key: string, model: string) =>
      (await app.post('/v1/chat/completions', { ...hello, model }, { headers: { 'x-api-key': key } })).status;
    expect([await ask('sk-some', 'm'), await ask('sk-some', 'n'), await ask('sk-some', 'p/n')]).toEqual([
      200, 403, 403,
    ]);
    expect((await app.get('/v1/models/n', { 'x-api-key': 'sk-some' })).status).toBe(404);
    expect(fake.calls).toHaveLength(1);
  });

  it('health is open to all', async () => {
    const app = await start(auth);
    for (const path of ['/healthz', '/livez', '/health', '/readyz', '/']) {
      expect([path, (await app.get(path)).status]).toEqual([path, 200]);
    }
  });

  it('a changed key holds from the reload on', async () => {
    const app = await start(auth);
    const providers = `providers: { p: { api_base: "${fake.baseUrl}", models: [m, n] } }`;
    app.edit(`auth: { keys: [{ name: new, key: sk-new }] }\n${providers}`);
    const ask = async (key: string) => (await app.get('/v1/models', { 'x-api-key': key })).status;
    expect([await ask('sk-all'), await ask('sk-new')]).toEqual([401, 200]);
  });
});

describe('the admin pages', () => {
  it('want the token of this start', async () => {
    const app = await start();
    const ask = async (headers: Record<string, string>) => (await app.get('/admin/status', headers)).status;
    expect([await ask({}), await ask({ authorization: 'Bearer x' })]).toEqual([401, 401]);
    expect(await ask({ authorization: `Bearer ${app.app.adminToken}` })).toBe(200);
  });
});
