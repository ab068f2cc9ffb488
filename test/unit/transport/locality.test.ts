import { expect, it } from 'vitest';
import { Localities } from '../../../src/transport/locality.ts';

const addresses: Readonly<Record<string, readonly string[]>> = {
  'gpu-box': ['192.168.1.20'],
  'api.example': ['93.184.216.34'],
  'mixed.example': ['10.0.0.1', '93.184.216.34'],
  'inner.example': ['10.0.0.1'],
  'me.example': ['127.0.0.1'],
};

function resolver(asked: string[] = []): (host: string) => Promise<readonly string[]> {
  return (host) => {
    asked.push(host);
    const found = addresses[host];
    return found === undefined ? Promise.reject(new Error('no such host')) : Promise.resolve(found);
  };
}

it('knows literals at once', () => {
  const localities = new Localities(resolver());
  expect(localities.of('127.0.0.1')).toEqual({ isLocal: true, isLoopback: true });
  expect(localities.of('[::1]')).toEqual({ isLocal: true, isLoopback: true });
  expect(localities.of('192.168.0.2')).toEqual({ isLocal: true, isLoopback: false });
  expect(localities.of('8.8.8.8')).toEqual({ isLocal: false, isLoopback: false });
});

it('judges names by their form until it knows their addresses', async () => {
  const localities = new Localities(resolver());
  expect([localities.of('gpu-box').isLocal, localities.of('inner.example').isLocal]).toEqual([true, false]);
  expect(await localities.learn(['gpu-box', 'inner.example', 'me.example'])).toBe(true);
  expect(localities.of('inner.example')).toEqual({ isLocal: true, isLoopback: false });
  expect(localities.of('me.example')).toEqual({ isLocal: true, isLoopback: true });
});

it('calls a name local only when all of its addresses are', async () => {
  const localities = new Localities(resolver());
  await localities.learn(['mixed.example', 'api.example']);
  expect([localities.of('mixed.example').isLocal, localities.of('api.example').isLocal]).toEqual([false, false]);
});

it('asks for each name once, for no literal, and again for what could not be resolved', async () => {
  const asked: string[] = [];
  const localities = new Localities(resolver(asked));
  await localities.learn(['gpu-box', 'gpu-box', '127.0.0.1', 'localhost', 'gone.example']);
  expect(await localities.learn(['gpu-box', 'gone.example'])).toBe(false);
  expect(asked).toEqual(['gpu-box', 'gone.example', 'gone.example']);
});
