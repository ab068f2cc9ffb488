import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { numbers, startClosing, wholeAnswer } from '../support/closing-upstream.ts';
import { Asking } from '../unit/transport/asking.ts';
import { poolVariants } from './upstream-pools.ts';

it.each(poolVariants)('$name loses no request to a server that closes idle connections', async ({ open, tls }) => {
  const random = numbers(11);
  const answer = (body: string) => ({ bytes: wholeAnswer(body) });
  await using upstream = await startClosing({ answer, idleMs: 4, random, tls });
  // Its clock stands still: a machine that is busy elsewhere takes no request for one that was worked on.
  const pool = open({ origin: upstream.origin });
  // A handshake for each connection takes its time.
  const count = tls === undefined ? 3_000 : 1_000;
  const lost: string[] = [];
  let begun = 0;
  const work = async () => {
    while (begun < count) {
      const mark = `#${begun++}#`;
      const asked = await new Asking(pool, { body: Buffer.from(mark) }).done;
      if (asked.error !== undefined || asked.text !== mark) lost.push(`${mark} ${asked.error?.message}`);
      if (random() < 0.8) await delay(random() * 4);
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  expect(lost).toEqual([]);
  expect([upstream.received.size, upstream.repeatedLate]).toEqual([count, []]);
  // Races there were: connections that closed, and closings that crossed a request.
  expect(upstream.closings).toBeGreaterThan(count / 10);
});
