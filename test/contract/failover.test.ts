import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningApp, startApp } from '../support/start-app.ts';
import { clients, upstreams } from './matrix/rows.ts';
import type { RunningUpstream, Upstream } from './matrix/upstream.ts';
import { type Failure, parse } from './matrix/vocabulary.ts';

/*
 * One name over every kind of provider: a request that fails at one is written anew for the next, whatever it speaks,
 * and its client notices nothing.
 */

const model = 'anyone';
const words = 'Found someone in the end.';
const running = new Map<Upstream, RunningUpstream>();
let app: RunningApp;

/** Anew for each test: what failed before is asked last. */
beforeEach(async () => {
  const providers: Record<string, unknown> = {};
  const environment: Record<string, string> = {};
  for (const row of upstreams) {
    const upstream = await row.start();
    running.set(row, upstream);
    Object.assign(environment, upstream.environment);
    providers[row.name] = { ...upstream.provider, models: [{ id: upstream.model, type: 'chat' }] };
  }
  const endpoints = upstreams.map((row) => ({ provider: row.name, model: upstreamOf(row).model }));
  const models: Record<string, unknown> = { [model]: { endpoints } };
  for (const first of endpoints) {
    for (const second of endpoints) models[`${first.provider}-${second.provider}`] = { endpoints: [first, second] };
  }
  app = await startApp({ yaml: JSON.stringify({ providers, models }), environment });
});

afterEach(async () => {
  await app?.close();
  await Promise.all([...running.values()].map((upstream) => upstream.close()));
});

function upstreamOf(row: Upstream): RunningUpstream {
  return running.get(row) as RunningUpstream;
}

const failure: Failure = { kind: 'status', status: 500, message: 'not today' };

/** Where each request of the plan arrived. */
function arrivals(before: ReadonlyMap<Upstream, number>): readonly string[] {
  return upstreams.filter((row) => upstreamOf(row).bodies().length > (before.get(row) ?? 0)).map(({ name }) => name);
}

function counts(): ReadonlyMap<Upstream, number> {
  return new Map(upstreams.map((row) => [row, upstreamOf(row).bodies().length]));
}

describe.each(clients)('a client of $name', (client) => {
  test.each([false, true])('is answered by the last of all (stream: %s)', async (stream) => {
    const last = upstreams.at(-1);
    const before = counts();
    for (const row of upstreams) upstreamOf(row).answer(row === last ? { text: words } : { failure });
    const { path, body } = client.request({ model, stream, turns: [{ role: 'user', text: 'Who is there?' }] });
    const response = await app.post(path, body);
    const text = await response.text();
    expect(response.status, text).toBe(200);
    const heard = stream ? client.readStream(text).heard : client.readWhole(parse(text));
    expect(heard?.text).toBe(words);
    expect(arrivals(before)).toEqual(upstreams.map(({ name }) => name));
    expect(response.headers.get('x-router-provider')).toBe(last?.name);
    expect(response.headers.get('x-router-attempts')).toBe(String(upstreams.length));
  });
});

/*
 * The first begins a stream and gives up before its first word, the second breaks in the middle of its own: what ends
 * the client's stream is of the second one alone. The clients' readers check the protocol's rules, ids included.
 */
describe.each(clients)('a client of $name whose first provider gives nothing', (client) => {
  test.each(upstreams)('is told of the break of $name as if it had been the only one', async (second) => {
    const firsts = upstreams.filter((row) => row !== second);
    for (const first of firsts) {
      upstreamOf(first).answer({ text: words, failure: { kind: 'no-content' } });
      upstreamOf(second).answer({ text: words, failure: { kind: 'cut' } });
      const turns = [{ role: 'user' as const, text: 'Who is there?' }];
      const { path, body } = client.request({ model: `${first.name}-${second.name}`, stream: true, turns });
      const response = await app.post(path, body);
      const text = await response.text();
      const about = `${first.name}, then ${second.name}: ${text}`;
      expect([response.status, response.headers.get('x-router-attempts')], about).toEqual([200, '2']);
      const { heard, error, text: said } = client.readStream(text);
      expect(heard, about).toBeUndefined();
      expect(error, about).toContain(second.name);
      expect(words, about).toContain(said);
      expect(said, about).not.toBe('');
    }
  });
});
