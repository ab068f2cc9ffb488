import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RequestRecord } from '../../src/core/events.ts';
import { createLogger, type LogLevel } from '../../src/telemetry/logger.ts';
import { subscribeLog } from '../../src/telemetry/subscribe.ts';
import { createFakeClock } from '../support/clock.ts';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

/** All of it runs in this process, which may be slow. */
const patient = 'timeouts: { connect: 1m }';

let good: FakeUpstream;
let bad: FakeUpstream;
let slow: FakeUpstream;
let app: RunningApp;

beforeEach(async () => {
  good = await startFake({ kind: 'openai', models: ['m'] });
  bad = await startFake({ kind: 'openai', models: ['m'] });
  slow = await startFake({ kind: 'ollama', models: ['s'] });
  // Not one that has it asked again, or last.
  bad.failCalls(faults.status(401));
  app = await startApp({
    yaml: `
server: { max_request_body_size: 20KB }
providers:
  bad: { api_base: "${bad.baseUrl}", models: [m], ${patient} }
  good: { api_base: "${good.baseUrl}", models: [m], ${patient} }
  slow: { type: ollama, base_url: "${slow.origin}", models: [s], max_concurrent: 1, queue: { timeout: 1m }, ${patient} }
models:
  chain: { endpoints: [{ provider: bad, model: m }, { provider: good, model: m }, { provider: slow, model: s }] }
auth: { keys: [{ name: laptop, owner: ada, key: sk-key-of-the-laptop }] }
`,
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await Promise.all([good, bad, slow].map((fake) => fake.close()));
});

const authorization = 'Bearer sk-key-of-the-laptop';
const messages = [{ role: 'user', content: 'hi' }];

async function post(path: string, body: unknown, headers: Record<string, string> = { authorization }) {
  const answer = await app.post(path, body, { headers });
  await answer.text();
  return answer.status;
}

async function get(path: string, init: RequestInit = {}) {
  const answer = await fetch(app.url + path, { ...init, headers: { authorization } });
  await answer.text();
  return answer.status;
}

const chat = (model: string, stream = false) => post('/v1/chat/completions', { model, messages, stream });

/** Leaves with a part of the answer in hand. */
async function leave(): Promise<number> {
  const leaving = new AbortController();
  const answer = await app.post(
    '/v1/chat/completions',
    { model: 'good:m', messages, stream: true, metadata: { stalls: true } },
    { headers: { authorization }, signal: leaving.signal },
  );
  await answer.body?.getReader().read();
  leaving.abort();
  return answer.status;
}

/** On a connection of its own, which it leaves with the answer. Resolves with the status, 0 for none. */
async function raw(bytes: string): Promise<number> {
  const socket = connect(app.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    socket.end();
  });
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
}

const brokenChunk =
  'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk-key-of-the-laptop\r\n' +
  'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n';

interface Kind {
  readonly ask: () => Promise<number>;
  readonly status: number;
  readonly outcome: RequestRecord['outcome'];
  /** Errors of its attempts, in order. */
  readonly attempts?: readonly string[];
  /** Told at debug level alone. */
  readonly isRoutine?: boolean;
}

const kinds: Readonly<Record<string, Kind>> = {
  whole: { ask: () => chat('good:m'), status: 200, outcome: 'completed', attempts: ['ok'] },
  streamed: { ask: () => chat('good:m', true), status: 200, outcome: 'completed', attempts: ['ok'] },
  'failed over': {
    ask: () => chat('chain'),
    status: 200,
    outcome: 'completed',
    attempts: ['upstream_unauthorized', 'ok'],
  },
  'failed for good': {
    ask: () => chat('bad:m'),
    status: 502,
    outcome: 'failed',
    attempts: ['upstream_unauthorized'],
  },
  'of a client that leaves': { ask: leave, status: 200, outcome: 'cancelled', attempts: ['client_closed'] },
  'to load a model': {
    ask: () => post('/api/generate', { model: 'slow:s' }),
    status: 200,
    outcome: 'completed',
    attempts: ['ok'],
  },
  counted: {
    ask: () => post('/v1/messages/count_tokens', { model: 'good:m', messages }),
    status: 200,
    outcome: 'completed',
  },
  'for the models': { ask: () => get('/v1/models'), status: 200, outcome: 'completed' },
  'for one model': { ask: () => get('/v1/models/m'), status: 200, outcome: 'completed' },
  'without a key': { ask: () => post('/v1/chat/completions', {}, {}), status: 401, outcome: 'refused' },
  'with a wrong key': { ask: () => get('/admin/status'), status: 401, outcome: 'refused' },
  'to a wrong path': { ask: () => post('/v1/chat', {}), status: 404, outcome: 'refused' },
  'with a wrong method': { ask: () => get('/v1/chat/completions'), status: 405, outcome: 'refused' },
  'of bad JSON': { ask: () => post('/v1/chat/completions', '{"model":'), status: 400, outcome: 'refused' },
  'too large': {
    ask: () => post('/v1/chat/completions', { model: 'x'.repeat(30_000) }),
    status: 413,
    outcome: 'refused',
  },
  'for an unknown model': { ask: () => chat('nobody'), status: 404, outcome: 'refused' },
  'of another site': {
    ask: () => post('/v1/chat/completions', {}, { authorization, 'sec-fetch-site': 'cross-site' }),
    status: 403,
    outcome: 'refused',
  },
  'for health': { ask: () => get('/healthz'), status: 200, outcome: 'completed', isRoutine: true },
  HEAD: { ask: () => get('/livez', { method: 'HEAD' }), status: 200, outcome: 'completed', isRoutine: true },
  OPTIONS: { ask: () => get('/v1/models', { method: 'OPTIONS' }), status: 204, outcome: 'completed', isRoutine: true },
  'that is not HTTP': { ask: () => raw('NONSENSE\r\n\r\n'), status: 400, outcome: 'refused' },
  'without a Host': { ask: () => raw('GET /healthz HTTP/1.1\r\n\r\n'), status: 400, outcome: 'refused' },
  'whose body breaks off': { ask: () => raw(brokenChunk), status: 400, outcome: 'refused' },
};

const total = 1_000;
const atOnce = 10;

/** Lines of a log that is written from now on. */
function logAt(level: LogLevel): () => readonly { readonly event: string; readonly request_id?: string }[] {
  let text = '';
  const plain = (part: string) => part;
  const logger = createLogger({
    clock: createFakeClock(),
    level: () => level,
    format: () => 'json',
    paint: { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain },
    write: (lines) => {
      text += lines.text;
    },
  });
  subscribeLog(app.app.events, logger);
  return () => {
    logger.flush();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  };
}

it('begins and settles each of 1,000 requests once, whatever answers it', async () => {
  good.setBehaviour(({ method, body }) =>
    method === 'POST' && body.includes('"stalls"') ? faults.stallAfterEvents(3) : undefined,
  );
  slow.failCalls(faults.status(200, { done: true }));
  const [debug, info] = [logAt('debug'), logAt('info')];
  const names = Object.keys(kinds);
  const asked = Array.from({ length: total }, (_, index) => names[index % names.length] as string);
  let next = 0;
  const work = async () => {
    for (let index = next++; index < total; index = next++) {
      const kind = kinds[asked[index] as string] as Kind;
      expect([asked[index], await kind.ask()]).toEqual([asked[index], kind.status]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const settled = await app.settles(total);
  await app.close();

  const begun = app.told('request-begun');
  expect([begun.length, settled.length]).toEqual([total, total]);
  const ids = new Set(begun.map(({ requestId }) => requestId));
  expect(ids.size).toBe(total);
  expect(new Set(settled.map(({ requestId }) => requestId))).toEqual(ids);
  expectOrder();

  const expected = new Map<string, number>();
  for (const name of asked) {
    const { outcome, attempts = [] } = kinds[name] as Kind;
    const key = `${outcome}: ${attempts.join(', ')}`;
    expected.set(key, (expected.get(key) ?? 0) + 1);
  }
  const found = new Map<string, number>();
  for (const { outcome, attempts } of settled) {
    const key = `${outcome}: ${attempts.map(({ code }) => code).join(', ')}`;
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  expect(found).toEqual(expected);

  const routine = asked.filter((name) => kinds[name]?.isRoutine === true).length;
  const lines = (log: typeof debug, event: string) => log().filter((line) => line.event === event);
  expect(lines(debug, 'request-settled')).toHaveLength(total);
  expect(new Set(lines(debug, 'request-settled').map((line) => line.request_id))).toEqual(ids);
  expect(lines(info, 'request-settled')).toHaveLength(total - routine);
  const attempts = settled.reduce((sum, record) => sum + record.attempts.length, 0);
  for (const event of ['attempt-begun', 'attempt-ended']) {
    expect([lines(debug, event).length, lines(info, event).length]).toEqual([attempts, 0]);
  }
}, 60_000);

/** Of each request: begun, then its attempts, each with its end, then settled, with the same attempts. */
function expectOrder(): void {
  const open = new Map<string, Set<number>>();
  const ended = new Map<string, number>();
  for (const { name, event } of app.events) {
    switch (name) {
      case 'request-begun':
        open.set(event.requestId, new Set());
        break;
      case 'attempt-begun':
        open.get(event.requestId)?.add(event.number);
        break;
      case 'attempt-ended':
        expect(open.get(event.requestId)?.delete(event.number)).toBe(true);
        ended.set(event.requestId, (ended.get(event.requestId) ?? 0) + 1);
        break;
      case 'request-settled':
        expect(open.get(event.requestId)?.size).toBe(0);
        expect(event.attempts).toHaveLength(ended.get(event.requestId) ?? 0);
        open.delete(event.requestId);
    }
  }
  expect(open.size).toBe(0);
}

it('tells all that is known of a request', async () => {
  bad.failCalls(faults.status(503));
  const status = await post('/v1/messages', {
    model: 'chain',
    max_tokens: 5,
    output_config: { verbosity: 'low' },
    messages,
  });
  expect(status).toBe(200);
  const [record] = await app.settles(1);
  expect(record).toMatchObject({
    method: 'POST',
    path: '/v1/messages',
    protocol: 'messages',
    operation: 'chat',
    isOperational: false,
    keyName: 'laptop',
    owner: 'ada',
    requestedModel: 'chain',
    provider: 'good',
    model: 'm',
    strategy: 'priority',
    stream: false,
    status: 200,
    outcome: 'completed',
    fallbackUsed: true,
    isLocal: true,
    drops: ['output_config.verbosity'],
    usageSource: 'upstream',
    cost: 0,
    attempts: [
      { number: 0, provider: 'bad', code: 'upstream_busy', status: 503, queueMs: 0 },
      { number: 1, provider: 'good', code: 'ok', status: 200, queueMs: 0 },
    ],
  });
  expect(record?.startedAt).toBeGreaterThan(Date.now() - 60_000);
  expect(record?.bytesIn).toBe(
    JSON.stringify({ model: 'chain', max_tokens: 5, output_config: { verbosity: 'low' }, messages }).length,
  );
  expect(record?.bytesOut).toBeGreaterThan(100);
  const [first, second] = record?.attempts ?? [];
  expect(second?.startMs).toBeGreaterThanOrEqual((first?.startMs ?? 0) + (first?.durationMs ?? 0));
  expect(record?.durationMs).toBeGreaterThan(second?.startMs ?? Number.POSITIVE_INFINITY);
  expect(record?.candidates()).toEqual([
    { candidate: 'bad:m', fate: 'failed', why: 'upstream_busy' },
    { candidate: 'good:m', fate: 'answered', why: undefined },
    { candidate: 'slow:s', fate: 'spare', why: undefined },
  ]);
});

it('tells why each place of a name was passed over', async () => {
  bad.failCalls(faults.status(429, {}, { 'Retry-After': '60' }));
  await chat('chain');
  await chat('chain');
  expect((await app.settles(2))[1]?.candidates()).toEqual([
    { candidate: 'bad:m', fate: 'passed-over', why: 'cooldown' },
    { candidate: 'good:m', fate: 'answered', why: undefined },
    { candidate: 'slow:s', fate: 'spare', why: undefined },
  ]);
});

it('tells the time that an attempt waited in a queue apart from its own', async () => {
  slow.failCalls(faults.stallBeforeHeaders());
  const asked = [chat('slow:s'), chat('slow:s')];
  await slow.call(0);
  await slow.stalled();
  await app.until(() => app.told('attempt-begun').length === 2);
  slow.failCalls(undefined);
  slow.release();
  expect(await Promise.all(asked)).toEqual([200, 200]);
  const settled = (await app.settles(2)).toSorted((one, other) => one.queueMs - other.queueMs);
  expect(settled[0]?.queueMs).toBe(0);
  expect(settled[1]?.queueMs).toBeGreaterThan(0);
  expect(settled[1]?.attempts[0]?.durationMs).toBeGreaterThan(settled[1]?.queueMs ?? 0);
});

it('strikes out a key that was taken for a part of the path, and cuts what leads nowhere', async () => {
  const log = logAt('info');
  await get('/sk-proj-abcdefghijklmnop/v1/models');
  await get(`/${'x'.repeat(3_000)}`);
  await app.settles(2);
  const text = JSON.stringify(log());
  expect(text).not.toContain('sk-proj-abcdefghijklmnop');
  expect(text).not.toContain('x'.repeat(300));
});
