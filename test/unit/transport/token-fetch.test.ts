import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { createTokenFetch } from '../../../src/transport/auth/token-fetch.ts';
import { Transport } from '../../../src/transport/client.ts';

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A proxy variable that would swallow the request if it were heeded. */
function tokenFetch() {
  const transport = new Transport({
    clock: systemClock,

    environment: { HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1' },
  });
  onTestFinished(() => transport.destroy());
  return createTokenFetch(transport);
}

test('a service of this machine is asked directly, whatever the proxy variables say', async () => {
  const url = await serve(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(201);
    response.end(`${request.method} ${request.headers.authorization} ${Buffer.concat(chunks)}`);
  });
  const answer = await tokenFetch()({ url, method: 'PUT', headers: { authorization: 'pod' }, body: 'x' });
  expect(answer).toEqual({ status: 201, body: 'PUT pod x' });
});

test('a redirect is an answer like others', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(302, { location: 'http://127.0.0.1:1/' });
    response.end();
  });
  expect(await tokenFetch()({ url, method: 'GET', headers: {} })).toEqual({ status: 302, body: '' });
});

test('an answer without end is refused', async () => {
  const url = await serve((_request, response) => {
    response.write('x'.repeat(300 * 1024));
  });
  await expect(tokenFetch()({ url, method: 'GET', headers: {} })).rejects.toThrow(/262144 bytes/);
});

test('nothing is fetched from other hosts without TLS', async () => {
  await expect(tokenFetch()({ url: 'http://192.0.2.1/creds', method: 'GET', headers: {} })).rejects.toThrow(
    /without TLS/,
  );
});

test('token services of the internet are asked through the proxy', async () => {
  const asking = tokenFetch()({ url: 'https://sts.invalid/', method: 'POST', headers: {}, body: 'x' });
  await expect(asking).rejects.toMatchObject({
    code: 'upstream_connect',
    detail: expect.stringContaining('127.0.0.1:1'),
  });
});
