import { expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { httpGet } from '../../../src/doctor/http-get.ts';
import { post } from '../../../src/doctor/post.ts';
import { Transport } from '../../../src/transport/client.ts';
import { type RawUpstream, startRaw } from '../../support/raw-upstream.ts';
import { declaredEndpoint } from '../discovery/settings.ts';

function startEndless(): Promise<RawUpstream> {
  return startRaw(async (call) => {
    await call.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n');
    while (!call.socket.destroyed) await call.write('x'.repeat(100_000));
  });
}

it('a GET gives up on a body without end', async () => {
  await using endless = await startEndless();
  await expect(httpGet(endless.origin, { timeoutMs: 20_000 })).rejects.toThrow('longer than 8388608 bytes');
  await (await endless.call(0)).closed;
});

it('a POST gives up on one', async () => {
  await using endless = await startEndless();
  const transport = new Transport({ clock: systemClock, environment: {} });
  const endpoint = declaredEndpoint(endless.origin, { providerId: 'endless' });
  const asked = { transport, clock: systemClock, endpoint, path: '/chat', body: {}, timeoutMs: 20_000 };
  expect(await post(asked)).toMatchObject({
    kind: 'failed',
    error: { message: 'endless sent an answer over 8388608 bytes.' },
  });
  await (await endless.call(0)).closed;
  await transport.destroy();
});
