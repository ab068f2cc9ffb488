import { describe, expect, it, onTestFinished } from 'vitest';
import { type FakeUpstream, type Fault, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

/** Of no form that is known for keys. */
const key = 'Zq7mVt/2KwX9+pLr4b';
const team = 'blue horse: battery-7';

const upstreams = {
  chat_completions: `type: openai, api_protocol: chat_completions`,
  responses: `type: openai, api_protocol: responses`,
  messages: `type: anthropic, api_protocol: messages`,
  generate_content: `type: gemini, api_protocol: generate_content`,
  cohere: `type: cohere, api_protocol: cohere`,
  converse: `type: bedrock, api_protocol: converse`,
};
const messages = [{ role: 'user', content: 'hi' }];
const clients: Readonly<Record<string, (stream: boolean) => readonly [string, unknown]>> = {
  chat_completions: (stream) => ['/v1/chat/completions', { model: 'm', messages, stream }],
  responses: (stream) => ['/v1/responses', { model: 'm', input: 'hi', stream }],
  messages: (stream) => ['/v1/messages', { model: 'm', max_tokens: 9, messages, stream }],
  generate_content: (stream) => [
    `/v1beta/models/m:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
  ],
  ollama: (stream) => ['/api/chat', { model: 'm', messages, stream }],
};

function asked(client: string, stream: boolean): readonly [string, unknown] {
  return clients[client]?.(stream) ?? ['', undefined];
}

async function start(upstream: string): Promise<{ readonly fake: FakeUpstream; readonly app: RunningApp }> {
  const fake = await startFake({ kind: 'openai' });
  const app = await startApp({
    yaml: `providers: {up: {${upstream}, api_key: "${key}", api_base: "${fake.baseUrl}", headers: {x-team: "${team}"}, models: [{id: m}]}}`,
  });
  onTestFinished(async () => {
    await app[Symbol.asyncDispose]();
    await fake.close();
  });
  return { fake, app };
}

/** Every way in which the key or the header still shows. */
const telling = [
  key,
  team,
  key.slice(0, 8),
  key.slice(-8),
  encodeURIComponent(key),
  encodeURIComponent(team),
  key.replaceAll('/', '\\/'),
  Buffer.from(key).toString('base64'),
  Buffer.from(`Bearer ${key}`).toString('base64').slice(-16),
  Buffer.from(key).toString('hex'),
  `${key.slice(0, 3)}***`,
];

function expectClean(text: string): void {
  expect(telling.filter((one) => text.includes(one) || text.includes(JSON.stringify(one).slice(1, -1)))).toEqual([]);
}

/** Texts in which servers quote what they were sent. */
const quotes = [
  `bad key ${key}`,
  `masked ${key.slice(0, 3)}****${key.slice(-4)}`,
  `cut ${key.slice(0, 9)}`,
  `in a URL https://h.example/?k=${encodeURIComponent(key)}`,
  JSON.stringify({ error: JSON.stringify({ headers: { authorization: `Bearer ${key}`, 'x-team': team } }) }),
  JSON.stringify({ key }).replaceAll('/', '\\/'),
  `base64 ${Buffer.from(`Bearer ${key}`).toString('base64')}`,
  `hex ${Buffer.from(key).toString('hex')}`,
];

/** All that is known to be in errors, with one text everywhere. */
function envelopes(text: string): readonly unknown[] {
  const fields = { message: text, type: text, code: text, param: text, status: text, details: [{ reason: text }] };
  return [
    { error: fields },
    { error: { message: { message: text, error: text }, param: text, metadata: { raw: text } } },
    { type: 'error', error: fields },
    { error: text },
    { message: text, __type: text },
    { detail: text },
    { detail: [{ msg: text, loc: [text] }] },
    { error: { code: 429, message: text, param: text } },
    text,
  ];
}

/** A third of all texts in all envelopes: each client has others, and all of them all. */
function leaksFor(client: string) {
  const turn = Object.keys(clients).indexOf(client);
  const all = quotes.flatMap((text, at) =>
    envelopes(text).map((envelope, index) => ({
      text,
      envelope,
      turn: at + index,
      isOwn: (at + index + turn) % 3 === 0,
    })),
  );
  return all.filter(({ isOwn }) => isOwn);
}

describe.each(Object.keys(upstreams) as (keyof typeof upstreams)[])('an error of %s', (protocol) => {
  it.each(Object.keys(clients))(
    'tells a client of %s, and the log, nothing that was sent to authorize it',
    async (client) => {
      const { fake, app } = await start(upstreams[protocol]);
      for (const { text, envelope, turn } of leaksFor(client)) {
        const status = [400, 401, 404, 422, 429, 500, 200, 302][turn % 8] as number;
        const headers = { 'x-amzn-errortype': text.replace(/[^\x20-\x7e]/g, ''), 'x-echo': key, location: `/${key}` };
        fake.failCalls(faults.status(status, envelope, headers));
        const answer = await app.post(...asked(client, false));
        if (answer.status !== 200) expectClean(JSON.stringify([...answer.headers]));
        if (answer.status !== 200) expectClean(await answer.text());
      }
      expect(app.settled.filter(({ outcome }) => outcome === 'failed').length).toBeGreaterThan(quotes.length);
      expectClean(JSON.stringify(app.settled));
    },
  );
});

/** Content, and then an event that is an error. */
function breaking(protocol: string, error: string): Fault {
  const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
  const openings: Readonly<Record<string, readonly string[]>> = {
    chat_completions: [data({ choices: [{ index: 0, delta: { role: 'assistant', content: 'Hello' } }] })],
    messages: [
      `event: message_start\n${data({ type: 'message_start', message: { id: 'a', usage: { input_tokens: 1 } } })}`,
      `event: content_block_start\n${data({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } })}`,
      `event: content_block_delta\n${data({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } })}`,
    ],
    generate_content: [data({ candidates: [{ content: { role: 'model', parts: [{ text: 'Hello' }] } }] })],
    responses: [
      `event: response.created\n${data({ type: 'response.created', response: { id: 'r' } })}`,
      `event: response.output_item.added\n${data({ type: 'response.output_item.added', output_index: 0, item: { type: 'message', id: 'i', content: [] } })}`,
      `event: response.output_text.delta\n${data({ type: 'response.output_text.delta', item_id: 'i', output_index: 0, content_index: 0, delta: 'Hello' })}`,
    ],
  };
  const headers = { 'content-type': 'text/event-stream' };
  const write = (text: string) => ({ kind: 'write', bytes: Buffer.from(text) }) as const;
  const opening = (openings[protocol] ?? []).map(write);
  return faults.script([
    { kind: 'head', status: 200, headers, length: undefined },
    ...opening,
    { kind: 'stall' },
    write(error),
    { kind: 'end' },
  ]);
}

describe.each(['chat_completions', 'messages', 'generate_content', 'responses'] as const)(
  'a stream of %s',
  (protocol) => {
    it.each(Object.keys(clients))('that breaks with an error tells a client of %s nothing either', async (client) => {
      const { fake, app } = await start(upstreams[protocol]);
      for (const { envelope } of leaksFor(client)) {
        const whole = typeof envelope === 'string' ? envelope.replaceAll('\n', ' ') : JSON.stringify(envelope);
        for (const event of [`event: error\ndata: ${whole}\n\n`, `data: ${whole}\n\n`]) {
          fake.failCalls(breaking(protocol, event));
          const answer = await app.post(...asked(client, true));
          // Its head is there, so the content before the error is on its way.
          await fake.stalled();
          fake.release();
          const received = await answer.text();
          // What is no error of this protocol may be taken for content; `event: error` never is.
          if (event.startsWith('event:')) {
            expect(received).toContain('Hello');
            expectClean(received);
          }
        }
      }
      expectClean(JSON.stringify(app.settled));
      const broken = app.settled.filter(({ outcome }) => outcome === 'broken');
      expect(broken.length).toBeGreaterThanOrEqual(leaksFor(client).length);
    });
  },
);
