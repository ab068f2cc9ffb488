import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../support/clock.ts';
import type { Step } from '../support/fake-servers/script.ts';
import { type FakeUpstream, type Fault, faults, startFake } from '../support/fake-upstream.ts';
import { startRaw } from '../support/raw-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

let fake: FakeUpstream;
let app: RunningApp;

beforeEach(async () => {
  fake = await startFake({ kind: 'openai', models: ['m'] });
  app = await startApp({
    yaml: `
providers: { p: { api_base: "${fake.baseUrl}", models: [m] } }
routing: { default_model: m }
`,
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await fake.close();
});

const ask = (more: object = {}) => app.post('/v1/chat/completions', { model: 'm', messages: [], ...more });

/** `1-3 5` */
function ranges(numbers: readonly number[]): string {
  const found: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last !== undefined && last.to + 1 === number) last.to = number;
    else found.push({ from: number, to: number });
  }
  return found.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(' ');
}

/** Answers like the fake, in bytes of the test's own. */
function raw(head: string, body: string): Fault {
  return faults.bytes(
    Buffer.from(`HTTP/1.1 200 OK\r\n${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`),
  );
}

const whole = JSON.stringify({
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }],
});
const streamed = [
  'data: {"choices":[{"index":0,"delta":{"content":"ok"},"finish_reason":null}]}',
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
  'data: [DONE]',
]
  .map((event) => `${event}\n\n`)
  .join('');

describe.each([
  ['whole', {}, 'application/json', whole],
  ['stream', { stream: true }, 'text/event-stream', streamed],
] as const)('%s', (_mode, more, type, body) => {
  it.each([
    ['of UTF-8', 'X-Title: Grüße 👋 – bye'],
    ['of Latin-1', 'X-Title: Gr\u00fc\u00dfe'],
    ['that repeats', 'X-Title: a\r\nX-Title: b'],
    ['that is empty', 'X-Title: '],
    ['with a tab', 'X-Title: a\tb'],
  ])('headers %s harm nothing', async (_name, header) => {
    fake.failCalls(raw(`Content-Type: ${type}\r\n${header}\r\n`, body));
    const answer = await ask(more);
    expect([answer.status, await answer.text()]).toEqual([200, body]);
    expect(app.settled).toMatchObject([{ outcome: 'completed' }]);
  });

  it('a connection that closes after each answer is fine', async () => {
    fake.failCalls(raw(`Content-Type: ${type}\r\nConnection: close\r\n`, body));
    for (let turn = 0; turn < 3; turn++) expect(await (await ask(more)).text()).toBe(body);
  });

  it('an early 100 or 103 is no answer', async () => {
    const text = `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    fake.failCalls(faults.bytes(Buffer.from(text)));
    expect(await (await ask(more)).text()).toBe(body);
  });

  it('a redirect is not followed', async () => {
    const text = `HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:${app.port}/\r\nContent-Length: 0\r\n\r\n`;
    fake.failCalls(faults.bytes(Buffer.from(text)));
    expect((await ask(more)).status).toBe(502);
  });

  it.each([204, 304])('a %i is no answer', async (status) => {
    fake.failCalls(faults.bytes(Buffer.from(`HTTP/1.1 ${status} Nothing\r\n\r\n`)));
    expect((await ask(more)).status).toBe(502);
  });

  it('every status is asked for once, but for those that may be another one in a moment', async () => {
    const kinds = new Map<string, number[]>();
    for (let status = 100; status <= 999; status++) {
      const before = fake.calls.length;
      fake.failCalls(faults.bytes(Buffer.from(`HTTP/1.1 ${status} Odd\r\nContent-Length: 0\r\n\r\n`)));
      const answer = await ask(more);
      const { error } = JSON.parse(await answer.text());
      const kind = `${fake.calls.length - before} × ${error.code}`;
      kinds.set(kind, [...(kinds.get(kind) ?? []), status]);
    }
    const asked = Object.fromEntries([...kinds].map(([kind, statuses]) => [kind, ranges(statuses)]));
    expect(asked).toEqual({
      // The fake closes after an interim answer.
      '1 × upstream_connect': '102-199',
      '1 × upstream_invalid': '100-101 200-399 421 426 600-999',
      '1 × upstream_unauthorized': '401-403 407',
      '1 × upstream_failed': '404-405 505-506 508 510-511',
      '1 × upstream_rejected': '400 406 410-420 422-424 427-428 430-499',
      '1 × upstream_incapable': '501',
      '3 × upstream_busy': '408-409 425 503 529',
      '3 × rate_limit_exceeded': '429',
      '3 × upstream_failed': '500 502 504 507 509 512-528 530-599',
    });
  }, 60_000);

  it('an error of many megabytes is cut', async () => {
    fake.failCalls(faults.status(400, 'x'.repeat(8 * 1024 * 1024)));
    const answer = await ask(more);
    expect([answer.status, (await answer.text()).length < 4_000]).toEqual([400, true]);
  });

  it('an error that stops in the middle is one all the same', async () => {
    app.edit(
      `providers: { p: { api_base: "${fake.baseUrl}", models: [m], timeouts: { first_token: 50ms, total: 50ms } } }`,
    );
    const head = { kind: 'head', status: 400, headers: {}, length: 100 } as const;
    fake.failCalls(() => [head, { kind: 'write', bytes: Buffer.from('half') }, { kind: 'stall' }]);
    const answer = await ask(more);
    expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ error: expect.anything() })]);
  });

  it.each([
    ['an error', 'HTTP/1.1 400 No\r\n\r\n', 'x'.repeat(1_000), 400],
    ['interim answers', '', 'HTTP/1.1 103 Early Hints\r\n\r\n', 502],
  ])('%s without end is cut', async (_name, beginning, again, status) => {
    await using endless = await startRaw(async (call) => {
      await call.write(beginning);
      while (!call.socket.destroyed) await call.write(again);
    });
    app.edit(`providers: { p: { api_base: "${endless.origin}", models: [m] } }`);
    const answer = await ask(more);
    expect([answer.status, (await answer.text()).length < 4_000]).toEqual([status, true]);
    await (await endless.call(0)).closed;
  });

  it('an error page of HTML is reduced to its title', async () => {
    fake.failCalls(faults.status(400, '<html><title>400 Bad</title><script>x</script></html>'));
    expect(await (await ask(more)).json()).toMatchObject({ error: { message: '400 Bad' } });
  });

  it('no credential in an error reaches the client', async () => {
    const key = `sk-proj-${'a1B2'.repeat(10)}`;
    fake.failCalls(faults.status(400, { error: { message: `Bad request with key ${key}.` } }));
    expect(await (await ask(more)).text()).not.toContain(key);
  });
});

it('waits five seconds for the rest of an error', async () => {
  const clock = createFakeClock();
  const head = { kind: 'head', status: 400, headers: {}, length: 100 } as const;
  fake.failCalls(() => [head, { kind: 'write', bytes: Buffer.from('half') }, { kind: 'stall' }]);
  await using patient = await startApp({
    clock,
    yaml: `providers: { p: { api_base: "${fake.baseUrl}", models: [m] } }`,
  });
  const asked = patient.post('/v1/chat/completions', { model: 'm', messages: [] });
  while (!clock.pending.includes(5_000)) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(5_000);
  expect((await asked).status).toBe(400);
});

it('holds a megabyte of what comes before the content, and hands on more', async () => {
  const comments = Buffer.from(': ping\n\n'.repeat(200_000));
  fake.failCalls((script) => [
    script[0] as Step,
    { kind: 'write', bytes: comments },
    { kind: 'stall' },
    ...script.slice(1),
  ]);
  const answer = await ask({ stream: true });
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  let size = 0;
  while (size < 1024 * 1024) size += (await reader.read()).value?.length ?? 0;
  fake.release();
  let text = '';
  for (let part = await reader.read(); !part.done; part = await reader.read())
    text = Buffer.from(part.value).toString();
  expect(text).toContain('[DONE]');
  expect(app.settled).toMatchObject([{ outcome: 'completed', firstTokenMs: expect.any(Number) }]);
});

it('says where to look when the upstream answers with a redirect', async () => {
  const login = 'https://user:pass@login.example/x?token=secret-token-123';
  fake.failCalls(faults.status(302, '', { Location: login }));
  const { error } = JSON.parse(await (await ask()).text());
  expect(error).toMatchObject({ code: 'upstream_invalid', hint: expect.stringContaining('base URL') });
  expect(JSON.stringify(error)).not.toMatch(/secret-token|pass@/);
});

it.each([304, 999])('moves on from a %i to the next candidate', async (status) => {
  const next = await startFake({ kind: 'openai', models: ['m'] });
  app.edit(`
providers: { p: { api_base: "${fake.baseUrl}", models: [m] }, q: { api_base: "${next.baseUrl}", models: [m] } }
`);
  fake.failCalls(faults.bytes(Buffer.from(`HTTP/1.1 ${status} Odd\r\nContent-Length: 0\r\n\r\n`)));
  const answer = await ask();
  expect([answer.status, answer.headers.get('x-router-attempts')]).toEqual([200, '2']);
  expect([fake.calls.length, next.calls.length]).toEqual([1, 1]);
  await next.close();
});

it.each([
  [{}, 1],
  [{ on_broken: true }, 3],
  [{ on_broken: true, max_retries: 1 }, 2],
  [{ on_broken: true, enabled: false }, 1],
])('a request that broke off in mid-work goes there again only as routing.retry %j says', async (retry, calls) => {
  app.edit(JSON.stringify({ providers: { p: { api_base: fake.baseUrl, models: ['m'] } }, routing: { retry } }));
  fake.failCalls(faults.resetBeforeHeaders());
  const answer = await ask();
  const { error } = JSON.parse(await answer.text());
  expect(fake.calls).toHaveLength(calls);
  expect([answer.headers.get('x-router-attempts'), error.attempts.length]).toEqual([String(calls), calls]);
});

it('ends a stream whose upstream forgets its end marker', async () => {
  fake.failCalls(raw('Content-Type: text/event-stream\r\n', streamed.replace('data: [DONE]\n\n', '')));
  expect(await (await ask({ stream: true })).text()).toBe(streamed);
});

it('takes a finish reason without its blank line for whole', async () => {
  const cut = streamed.replace('data: [DONE]\n\n', '').replace(/\n\n$/, '');
  fake.failCalls(raw('Content-Type: text/event-stream\r\n', cut));
  expect(await (await ask({ stream: true })).text()).toBe(streamed);
});

it('does not wait for a connection that the upstream keeps open after its end marker', async () => {
  const script: Fault = (steps) => [...steps.filter(({ kind }) => kind !== 'end'), { kind: 'stall' }, { kind: 'end' }];
  fake.failCalls(script);
  const answer = await ask({ stream: true });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('[DONE]')) text += (await reader?.read())?.value ?? '';
  await fake.stalled();
  fake.release();
  expect((await reader?.read())?.done).toBe(true);
});

it('keeps names with odd characters out of its headers', async () => {
  const answer = await app.post('/v1/chat/completions', { model: 'a\r\nX-Evil: 1 👋', messages: [] });
  expect([answer.status, answer.headers.get('x-evil')]).toEqual([200, null]);
  expect(answer.headers.get('x-router-requested-model')).toMatch(/^a\?\?X-Evil: 1 \?+$/);
});

it('takes an answer of many choices for whole when all have finished, or its sender says so', async () => {
  const choice = (index: number, finish: string | null) =>
    `data: {"choices":[{"index":${index},"delta":{"content":"x"},"finish_reason":${finish === null ? 'null' : `"${finish}"`}}]}\n\n`;
  const events = [choice(0, null), choice(1, null), choice(0, 'stop'), choice(1, null)];
  fake.failCalls(
    raw('Content-Type: text/event-stream\r\n', [...events, choice(1, 'stop'), 'data: [DONE]\n\n'].join('')),
  );
  expect((await (await ask({ stream: true, n: 2 })).text()).endsWith('data: [DONE]\n\n')).toBe(true);
  fake.failCalls(raw('Content-Type: text/event-stream\r\n', events.join('')));
  const broken = await (await ask({ stream: true, n: 2 })).text();
  expect([broken.includes('stream_broken'), broken.includes('[DONE]')]).toEqual([true, false]);
  fake.failCalls(raw('Content-Type: text/event-stream\r\n', streamed));
  expect(await (await ask({ stream: true, n: 2 })).text()).toBe(streamed);
});

it('takes the answer to several prompts for whole when each has its own', async () => {
  const choice = (index: number, finish: string | null) =>
    `data: ${JSON.stringify({ object: 'text_completion', choices: [{ index, text: 'x', finish_reason: finish }] })}\n\n`;
  const first = [choice(0, null), choice(0, 'stop'), choice(1, null)].join('');
  const complete = async (prompt: unknown, body: string) => {
    fake.failCalls(raw('Content-Type: text/event-stream\r\n', body));
    return (await app.post('/v1/completions', { model: 'm', stream: true, prompt })).text();
  };
  expect(await complete(['a', 'b'], first + choice(1, 'stop'))).not.toContain('stream_broken');
  expect(await complete(['a', 'b'], first)).toContain('stream_broken');
  expect(await complete([[1, 2], [3]], first)).toContain('stream_broken');
  expect(await complete([1, 2], choice(0, null) + choice(0, 'stop'))).not.toContain('stream_broken');
});
