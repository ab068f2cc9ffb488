import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { Endpoint } from '../../../src/core/model.ts';
import { Transport } from '../../../src/transport/client.ts';
import type { UpstreamPool } from '../../../src/transport/upstream-pool.ts';
import { startRaw } from '../../support/raw-upstream.ts';
import { Asking, endpoint } from './asking.ts';

it.each([
  ['', '/'],
  ['?x=1', '/?x=1'],
  ['?x=/a', '/?x=/a'],
  ['/', '/'],
  ['/v1/chat', '/v1/chat'],
  ['/v1?u=http://h/p', '/v1?u=http://h/p'],
])('asks the origin, where a URL ends in %j, for %s', async (rest, path) => {
  const upstream = await startRaw();
  const transport = new Transport({ clock: systemClock, environment: {} });
  onTestFinished(async () => {
    await transport.destroy();
    await upstream[Symbol.asyncDispose]();
  });
  const local: Endpoint = { ...endpoint, key: 'raw', isLocal: true };
  const pool: UpstreamPool = {
    send: (request, _path, handler) => transport.send(request, handler),
    close: () => transport.close(),
    destroy: () => transport.destroy(),
  };
  const { text } = await new Asking(pool, { endpoint: local, url: upstream.origin + rest }).done;
  expect([upstream.calls[0]?.path, text]).toEqual([path, path]);
});
