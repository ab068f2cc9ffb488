import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MirrorRecord } from '../../src/core/events.ts';
import { createFakeClock } from '../support/clock.ts';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

let live: FakeUpstream;
let trial: FakeUpstream;
const apps: RunningApp[] = [];

beforeEach(async () => {
  live = await startFake({ kind: 'openai', models: ['m', 'other'], answer: { text: 'Bern is the capital' } });
  trial = await startFake({ kind: 'openai', models: ['big'], answer: { text: 'the capital is Bern, I think' } });
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app[Symbol.asyncDispose]();
  await Promise.all([live.close(), trial.close()]);
});

async function start(
  mirror: string,
  options: { clock?: ReturnType<typeof createFakeClock>; random?: () => number } = {},
) {
  const app = await startApp({
    ...options,
    yaml: `
providers:
  live: { api_base: "${live.baseUrl}", models: [m, other] }
  trial: { api_base: "${trial.baseUrl}", models: [big], local: false, pricing: { input: 1, output: 2 }, max_concurrent: 1 }
models:
  home: { local_only: true, endpoints: [{ provider: live, model: m }] }
routing: { mirror: ${mirror} }
`,
  });
  apps.push(app);
  return app;
}

const rule = (more = '') =>
  `{ timeout: 10s, rules: [{ name: try, model: "m*", target: { provider: trial, model: big }${more} }] }`;
const messages = [{ role: 'user', content: 'What is the capital?' }];

async function ask(app: RunningApp, body: object = {}, path = '/v1/chat/completions'): Promise<Response> {
  const answer = await app.post(path, { model: 'm', messages, max_tokens: 9, ...body });
  await answer.clone().arrayBuffer();
  return answer;
}

async function mirrored(app: RunningApp, count = 1): Promise<readonly MirrorRecord[]> {
  await app.until(() => app.told('mirror-settled').length >= count);
  return app.told('mirror-settled');
}

describe('routing.mirror', () => {
  it('copies an answered request, compares the answers, and accounts for the first alone', async () => {
    const app = await start(rule());
    const answer = await ask(app);
    expect([answer.headers.get('x-router-provider'), answer.headers.get('x-router-attempts')]).toEqual(['live', '1']);
    const [record] = await mirrored(app);
    expect(record).toMatchObject({
      mirror: 'try',
      requestId: answer.headers.get('x-router-request-id'),
      requestedModel: 'm',
      original: { provider: 'live', model: 'm', code: 'ok', usage: { input: 11, output: 7 }, cost: 0 },
      copy: { provider: 'trial', model: 'big', code: 'ok', usage: { input: 11, output: 7 }, cost: 0.000025 },
      // Four words of six and all four of the other.
      similarity: 0.8,
    });
    const sent = JSON.parse(trial.calls[0]?.body.toString() ?? '');
    expect(sent).toEqual({ model: 'big', messages, max_tokens: 9 });
    expect(app.settled).toHaveLength(1);
    expect(app.settled[0]?.attempts).toHaveLength(1);
  });

  it.each([
    ['a stream', { stream: true }, '/v1/chat/completions'],
    ['a translated request', {}, '/v1/messages'],
  ])('copies %s', async (_what, body, path) => {
    const app = await start(rule());
    expect((await ask(app, body, path)).status).toBe(200);
    const [record] = await mirrored(app);
    expect([record?.original.code, record?.copy.code, trial.calls.length]).toEqual(['ok', 'ok', 1]);
  });

  it('copies a share of the requests, of the names that it is for', async () => {
    const draws = [0.1, 0.3, 0.2, 0.9];
    const app = await start(rule(', share: 0.25'), { random: () => draws.shift() ?? 0.99 });
    for (let index = 0; index < 4; index++) await ask(app);
    await mirrored(app, 2);
    await ask(app, { model: 'other' });
    expect(trial.calls).toHaveLength(2);
  });

  it('keeps at home what must stay there', async () => {
    const app = await start('{ rules: [{ model: "*", target: { provider: trial, model: big } }] }');
    await ask(app, { model: 'home' });
    const [record] = await mirrored(app);
    expect([record?.copy.code, trial.calls.length]).toEqual(['no_candidate', 0]);
  });

  it('tells of a copy that failed; the client notices nothing', async () => {
    const app = await start(rule());
    trial.failCalls(faults.status(401, { error: { message: 'no' } }));
    expect((await ask(app)).status).toBe(200);
    const [record] = await mirrored(app);
    expect(record?.copy).toMatchObject({ provider: 'trial', code: 'upstream_unauthorized' });
    expect(record?.similarity).toBeUndefined();
  });

  it('gives up a copy after its time, and leaves out one for a target that is full', async () => {
    const clock = createFakeClock();
    const app = await start(rule(), { clock });
    trial.failCalls(faults.stallBeforeHeaders());
    await ask(app);
    await trial.stalled();
    await ask(app);
    const [full] = await mirrored(app);
    expect(full?.copy.code).toBe('queue_full');
    clock.advance(10_000);
    expect(await trial.waitForClose(0)).toBe('aborted');
    const [, late] = await mirrored(app, 2);
    expect(late?.copy).toMatchObject({ provider: 'trial', code: 'upstream_timeout', durationMs: 10_000 });
  });

  it('is not for requests that failed, nor while it is off', async () => {
    const app = await start(rule());
    live.failCalls(faults.status(400, { error: { message: 'bad' } }));
    expect((await ask(app)).status).toBe(400);
    live.failCalls(undefined);
    app.edit(`
providers: { live: { api_base: "${live.baseUrl}", models: [m] } }
routing: { mirror: { enabled: false, rules: [{ source_model: "*", target_model: m, sample_rate: 1, experiment_id: x }] } }
`);
    await ask(app);
    app.edit(`
providers: { live: { api_base: "${live.baseUrl}", models: [m] } }
routing: { mirror: { rules: [{ source_model: "*", target_provider: live, target_model: m, sample_rate: 1, experiment_id: x }] } }
`);
    await ask(app);
    const [record] = await mirrored(app);
    expect([app.told('mirror-settled').length, record?.mirror, record?.similarity]).toEqual([1, 'x', 1]);
    expect(trial.calls).toHaveLength(0);
  });

  it('ends with the router', async () => {
    const app = await start(rule());
    trial.failCalls(faults.stallBeforeHeaders());
    await ask(app);
    await trial.stalled();
    await app.close();
    expect(await trial.waitForClose(0)).toBe('aborted');
  });
});
