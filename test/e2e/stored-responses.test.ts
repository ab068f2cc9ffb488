import { afterEach, describe, expect, it } from 'vitest';
import { chatUpstream } from '../contract/matrix/upstreams/chat.ts';
import { responsesUpstream } from '../contract/matrix/upstreams/responses.ts';
import { type Answer, sseEvents } from '../contract/matrix/vocabulary.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

async function arrange(row: typeof chatUpstream): Promise<{ app: RunningApp; answer: (answer: Answer) => void }> {
  const upstream = await row.start();
  cleanup.push(() => upstream.close());
  const provider = { ...upstream.provider, models: [{ id: 'm', upstream_id: upstream.model, type: 'chat' }] };
  const app = await startApp({
    yaml: JSON.stringify({ providers: { one: provider }, routing: { failover: { enabled: false } } }),
    environment: upstream.environment,
  });
  cleanup.push(() => app[Symbol.asyncDispose]());
  return { app, answer: (answer) => upstream.answer(answer) };
}

/** The Response object as this client got it: the body, or what the stream's last event repeats. */
function received(text: string, stream: boolean): { readonly id: string } {
  if (!stream) return JSON.parse(text);
  return JSON.parse(sseEvents(text).at(-1)?.data ?? '{}').response;
}

describe.each([
  ['passed through', responsesUpstream],
  ['translated', chatUpstream],
] as const)('an answer of the Responses API, %s', (_how, row) => {
  it.each([
    ['whole', false],
    ['stream', true],
  ] as const)('%s: is kept as the client got it', async (_mode, stream) => {
    const { app, answer } = await arrange(row);
    answer({ text: 'Kept words.', calls: [{ id: 'call_1', name: 'weather', input: { city: 'Bern' } }] });
    const asked = await app.post('/v1/responses', { model: 'm', input: 'hi', stream });
    const got = received(await asked.text(), stream);
    const kept = await app.get(`/v1/responses/${got.id}`);
    expect(kept.status).toBe(200);
    expect(await kept.json()).toEqual(got);
  });

  it('is not kept when it broke, nor when the client declines', async () => {
    const { app, answer } = await arrange(row);
    answer({ text: 'Lost words.', failure: { kind: 'cut' } });
    const broken = await (await app.post('/v1/responses', { model: 'm', input: 'hi', stream: true })).text();
    answer({ text: 'Private words.' });
    const declined = await (await app.post('/v1/responses', { model: 'm', input: 'hi', store: false })).text();
    const ids = new Set(`${broken}${declined}`.match(/resp_[0-9A-Za-z]+/g));
    expect(ids.size).toBeGreaterThan(0);
    for (const id of ids) expect((await app.get(`/v1/responses/${id}`)).status).toBe(404);
  });
});
