import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

/** Repeatable, so that a failure can be looked into. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** One client that leaves after so many bytes of the answer; before any when it is 0. */
async function leaveAfter(app: RunningApp, body: object, bytes: number): Promise<'left' | 'served'> {
  const asking = httpRequest(`${app.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  asking.on('error', () => undefined);
  asking.end(JSON.stringify(body));
  if (bytes === 0) {
    await once(asking, 'finish');
    asking.destroy();
    return 'left';
  }
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  let seen = 0;
  for await (const chunk of answer) {
    seen += (chunk as Buffer).length;
    if (seen >= bytes) {
      asking.destroy();
      return 'left';
    }
  }
  return 'served';
}

it('leaves no upstream request open when clients hang up at random', async () => {
  const random = numbers(7);
  await using slow = await startFake({ kind: 'openai', models: ['m'] });
  await using flaky = await startFake({ kind: 'openai', models: ['m'] });
  await using app = await startApp({
    yaml: `
providers:
  flaky: { api_base: "${flaky.baseUrl}", models: [m], max_concurrent: 20, queue: { max: 20 } }
  slow: { api_base: "${slow.baseUrl}", models: [m] }
`,
  });
  slow.failCalls(faults.paced(1));
  const bad = [faults.status(503), faults.resetBeforeHeaders(), faults.errorEvent('x', 1), faults.paced(1)];
  flaky.setBehaviour((request) => (request.method === 'POST' ? bad[request.index % bad.length] : undefined));
  const total = 400;
  const workers = 40;
  let begun = 0;
  const ends = { left: 0, served: 0 };
  const work = async () => {
    while (begun < total) {
      begun++;
      const wish = { model: 'm', messages: [], stream: random() < 0.7 };
      const bytes = random() < 0.2 ? 0 : Math.floor(random() * 4_000);
      ends[await leaveAfter(app, wish, bytes)]++;
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  expect(Math.min(ends.left, ends.served)).toBeGreaterThan(total / 20);
  await app.close();
  await Promise.all([...slow.calls, ...flaky.calls].map(({ closed }) => closed));
  expect(slow.openRequests + flaky.openRequests).toBe(0);
  const settled = app.settled.map(({ requestId }) => requestId);
  expect(new Set(settled).size).toBe(settled.length);
  // Those that were never read in full when their client left are no requests.
  expect(settled.length).toBeLessThanOrEqual(total);
  expect(settled.length).toBeGreaterThan(total * 0.7);
  const left = app.settled.filter(({ outcome }) => outcome === 'cancelled');
  expect(left.length).toBeGreaterThan(0);
});

it('keeps many slow streams going at once', async () => {
  const count = 200;
  await using fake = await startFake({ kind: 'openai', models: ['m'] });
  await using app = await startApp({ yaml: `providers: { p: { api_base: "${fake.baseUrl}", models: [m] } }` });
  fake.failCalls(faults.stallAfterEvents(3));
  const ask = () => app.post('/v1/chat/completions', { model: 'm', messages: [], stream: true });
  const answers = await Promise.all(Array.from({ length: count }, ask));
  expect(fake.openRequests).toBe(count);
  fake.release();
  const bodies = await Promise.all(answers.map((answer) => answer.text()));
  expect(new Set(bodies).size).toBe(1);
  await app.settles(count);
  expect(app.settled.every(({ outcome }) => outcome === 'completed')).toBe(true);
});
