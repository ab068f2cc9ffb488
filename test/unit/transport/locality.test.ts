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

/** How often a judgement changed. */
async function learn(localities: Localities, hosts: readonly string[]): Promise<number> {
  let changes = 0;
  await localities.learn(hosts, () => changes++);
  return changes;
}

it('guesses from the form of a name, and says so, until it knows its addresses', async () => {
  const localities = new Localities(resolver());
  expect(localities.of('gpu-box')).toEqual({ isLocal: true, isLoopback: false, isGuess: true });
  expect(localities.of('inner.example')).toEqual({ isLocal: false, isLoopback: false });
  expect(await learn(localities, ['gpu-box', 'inner.example', 'me.example', 'api.example'])).toBe(3);
  expect(localities.of('gpu-box')).toEqual({ isLocal: true, isLoopback: false });
  expect(localities.of('inner.example')).toEqual({ isLocal: true, isLoopback: false });
  expect(localities.of('me.example')).toEqual({ isLocal: true, isLoopback: true });
});

it('calls a name local only when all of its addresses are', async () => {
  const localities = new Localities(resolver());
  await learn(localities, ['mixed.example', 'api.example']);
  expect([localities.of('mixed.example').isLocal, localities.of('api.example').isLocal]).toEqual([false, false]);
});

it('asks for no literal, once for a name at a time, and keeps what it knew of one that does not resolve', async () => {
  const asked: string[] = [];
  const localities = new Localities(resolver(asked));
  await Promise.all([
    learn(localities, ['gpu-box', 'gpu-box', '127.0.0.1', 'localhost', 'gone.example']),
    learn(localities, ['gpu-box']),
  ]);
  expect(asked).toEqual(['gpu-box', 'gone.example']);
  expect(await learn(localities, ['gpu-box', 'gone.example'])).toBe(0);
  expect(localities.unsettled(['gpu-box', 'gone.example', '::1', 'localhost'])).toEqual(['gpu-box', 'gone.example']);
  await learn(localities, ['api.example']);
  expect(localities.unsettled(['api.example'])).toEqual([]);
});

it('follows a name that moves', async () => {
  let address = '192.168.1.20';
  const localities = new Localities(async () => [address]);
  await learn(localities, ['box']);
  address = '8.8.4.4';
  expect([await learn(localities, ['box']), localities.of('box').isLocal]).toEqual([1, false]);
});
