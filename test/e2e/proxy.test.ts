import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type FakeUpstream, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

let fake: FakeUpstream;
let proxy: Server;
/** Where it was asked to connect to, or what it was asked for. */
let asked: string[];
const apps: RunningApp[] = [];

beforeEach(async () => {
  asked = [];
  fake = await startFake({ kind: 'openai', models: ['m'] });
  proxy = createServer((request, response) => {
    asked.push(request.url ?? '');
    const { pathname } = new URL(request.url ?? '');
    const onward = httpRequest(fake.origin + pathname, { method: 'POST', headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  // Plain HTTP is asked for by its whole URL, TLS by a tunnel: it is enough to see where that would go.
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app[Symbol.asyncDispose]();
  proxy.close();
  proxy.closeAllConnections();
  await fake.close();
});

async function ask(base: string, variables: (url: string) => Record<string, string>, more = ''): Promise<Response> {
  const app = await startApp({
    environment: variables(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`),
    yaml: `providers: { p: { api_base: "${base}", models: [m]${more} } }`,
  });
  apps.push(app);
  return app.post('/v1/chat/completions', { model: 'm', messages: [] });
}

it.each(['HTTP_PROXY', 'http_proxy'])('a hosted provider is reached through %s', async (name) => {
  const answer = await ask('http://api.vendor.invalid/v1', (url) => ({ [name]: url }));
  expect([answer.status, answer.headers.get('x-router-local')]).toEqual([200, 'false']);
  expect(asked).toEqual(['http://api.vendor.invalid/v1/chat/completions']);
});

it('a hosted provider with TLS is reached through a tunnel of HTTPS_PROXY, else of HTTP_PROXY', async () => {
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY']) {
    const answer = await ask('https://api.vendor.invalid/v1', (url) => ({ [name]: url }));
    expect(answer.status).toBe(502);
  }
  expect(new Set(asked)).toEqual(new Set(['api.vendor.invalid:443']));
});

it.each([
  ['a local server', ''],
  ['one on loopback that is called hosted', ', local: false'],
])('%s is never', async (_name, more) => {
  const variables = (url: string) => ({ HTTP_PROXY: url, HTTPS_PROXY: url, ALL_PROXY: url });
  expect((await ask(fake.baseUrl, variables, more)).status).toBe(200);
  expect(asked).toEqual([]);
});

it('NO_PROXY keeps a host away from it', async () => {
  const base = `http://${'a'.repeat(64)}.vendor.invalid/v1`;
  const answer = await ask(base, (url) => ({ HTTP_PROXY: url, NO_PROXY: 'vendor.invalid' }));
  expect(answer.status).toBe(502);
  expect(asked).toEqual([]);
});
