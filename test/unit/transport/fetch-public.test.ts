import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { fetchPublic, type PublicFetch } from '../../../src/transport/fetch-public.ts';
import { selfSigned } from '../../support/certificate.ts';

const certificate = selfSigned();
setDefaultCACertificates([...getCACertificates('default'), certificate.cert]);

interface Site {
  readonly port: number;
  readonly requests: readonly IncomingMessage[];
  /** Resolves when the connection of the only request is gone. */
  readonly closed: Promise<unknown>;
}

async function start(answer: (response: ServerResponse) => unknown): Promise<Site> {
  const requests: IncomingMessage[] = [];
  const closed = Promise.withResolvers<void>();
  const server = createServer({ ...certificate }, (request, response) => {
    requests.push(request);
    request.socket.on('close', () => closed.resolve());
    request.socket.on('error', () => undefined);
    answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, requests, closed: closed.promise };
}

interface Asked {
  readonly onBytes?: PublicFetch['onBytes'];
  readonly signal?: AbortSignal;
}

function ask({ port }: Site, { onBytes = () => undefined, signal = new AbortController().signal }: Asked = {}) {
  return fetchPublic({ url: new URL(`https://localhost:${port}/a.png?b=c`), address: '127.0.0.1', signal, onBytes });
}

const image = { 'content-type': 'image/png; charset=x' };

it('brings an image, counted before it is held, and says no more than it must', async () => {
  const site = await start((response) => response.writeHead(200, image).end(Buffer.alloc(200_000, 7)));
  const counted: number[] = [];
  const { body, ...about } = await ask(site, { onBytes: (bytes) => counted.push(bytes) });
  expect(about).toEqual({ status: 200, mediaType: 'image/png', location: undefined });
  expect(body.equals(Buffer.alloc(200_000, 7))).toBe(true);
  expect(counted.reduce((sum, one) => sum + one, 0)).toBe(200_000);
  expect(site.requests[0]?.url).toBe('/a.png?b=c');
  expect(site.requests[0]?.headers).toEqual({
    accept: 'image/*',
    'accept-encoding': 'identity',
    host: `localhost:${site.port}`,
    connection: 'close',
  });
});

it.each([
  ['a redirect', 302, { location: '/b.png', 'content-type': 'text/html' }],
  ['an error', 404, { 'content-type': 'image/png' }],
  ['another type', 200, { 'content-type': 'text/html' }],
  ['no type', 200, {}],
])('reads nothing of %s', async (_name, status, headers) => {
  const site = await start((response) => {
    response.writeHead(status, headers);
    const more = () => {
      while (response.write(Buffer.alloc(64 * 1024)));
    };
    response.on('drain', more);
    more();
  });
  expect(await ask(site)).toMatchObject({ status, body: Buffer.alloc(0) });
  await site.closed;
});

it.each([
  ['is announced', { ...image, 'content-length': '1000000000' }],
  ['comes without end', image],
])('stops at once when more %s than may be held', async (_name, headers) => {
  const site = await start((response) => {
    response.writeHead(200, headers);
    const more = () => {
      while (response.write(Buffer.alloc(64 * 1024)));
    };
    response.on('drain', more);
    more();
  });
  let size = 0;
  const onBytes = (bytes: number) => {
    size += bytes;
    if (size > 300_000) throw new GatewayError('overloaded', 'full');
  };
  await expect(ask(site, { onBytes })).rejects.toMatchObject({ code: 'overloaded' });
  await site.closed;
});

it('unpacks nothing', async () => {
  const packed = gzipSync(Buffer.alloc(10_000_000));
  const site = await start((response) => response.writeHead(200, { ...image, 'content-encoding': 'gzip' }).end(packed));
  await expect(ask(site)).rejects.toMatchObject({ code: 'unsupported', message: 'it is sent in the encoding gzip' });
  await site.closed;
});

it('ends with its signal, also in the middle', async () => {
  const site = await start((response) => response.writeHead(200, image).write('x'));
  const leaving = new AbortController();
  const asked = ask(site, { signal: leaving.signal, onBytes: () => leaving.abort() });
  await expect(asked).rejects.toMatchObject({ code: 'unsupported' });
  await site.closed;
});

it('tells a connection that breaks', async () => {
  const site = await start((response) => {
    response.writeHead(200, { ...image, 'content-length': '100' }).write('x');
    setImmediate(() => response.socket?.destroy());
  });
  await expect(ask(site)).rejects.toMatchObject({ code: 'unsupported', message: 'the connection broke' });
});
