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
  app = await startApp({ yaml: JSON.stringify({ providers, models: { [model]: { endpoints } } }), environment });
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
