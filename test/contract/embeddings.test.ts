import { GoogleGenAI } from '@google/genai';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allFormats } from '../../src/protocols/all-formats.ts';
import { startChatFake } from '../support/fake-servers/chat.ts';
import { startCohereFake } from '../support/fake-servers/cohere.ts';
import { startGeminiFake } from '../support/fake-servers/gemini.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

/* Every client that embeds, on every provider that does, each checking what it is asked. */

const inputs = ['first text', 'second'];

interface Running {
  readonly provider: Record<string, unknown>;
  readonly close: () => Promise<void>;
}

interface Row {
  readonly name: string;
  readonly protocol: string;
  readonly model: string;
  /** Made of the inputs by the fake. */
  readonly vectors: readonly (readonly number[])[];
  start(): Promise<Running>;
}

const rows: readonly Row[] = [
  {
    name: 'openai',
    protocol: 'chat_completions',
    model: 'text-embedding-3-small',
    vectors: [
      [0, 0.5, -0.25],
      [1, 0.5, -0.25],
    ],
    async start() {
      const { url, close } = await startChatFake();
      return { provider: { type: 'openai', api_base: url, api_key: 'sk-fake' }, close };
    },
  },
  {
    name: 'gemini',
    protocol: 'generate_content',
    model: 'gemini-embedding-001',
    vectors: [expect.arrayContaining([0.5, -0.25]), expect.arrayContaining([0.5, -0.25])],
    async start() {
      const { url, close } = await startGeminiFake('AIza-test-fake');
      return { provider: { type: 'gemini', api_base: url, api_key: 'AIza-test-fake' }, close };
    },
  },
  {
    name: 'cohere',
    protocol: 'cohere',
    model: 'embed-v4.0',
    vectors: inputs.map((text, index) => [index, text.length]),
    async start() {
      const { url, close } = await startCohereFake('co-fake');
      return { provider: { type: 'cohere', api_base: url, api_key: 'co-fake' }, close };
    },
  },
];

type Embed = (url: string, model: string) => Promise<readonly (readonly number[] | undefined)[]>;

const clients: readonly (readonly [name: string, embed: Embed])[] = [
  [
    'openai',
    async (url, model) => {
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 });
      return (await client.embeddings.create({ model, input: inputs })).data.map(({ embedding }) => embedding);
    },
  ],
  [
    'openai, in floats',
    async (url, model) => {
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 });
      const made = await client.embeddings.create({ model, input: inputs, encoding_format: 'float' });
      return made.data.map(({ embedding }) => embedding);
    },
  ],
  [
    'gemini',
    async (url, model) => {
      const client = new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: url } });
      const { embeddings = [] } = await client.models.embedContent({ model, contents: inputs });
      return embeddings.map(({ values }) => values);
    },
  ],
  ['ollama', async (url, model) => (await new Ollama({ host: url }).embed({ model, input: inputs })).embeddings],
];

let app: RunningApp;
const running: Running[] = [];

beforeAll(async () => {
  const providers: Record<string, unknown> = {};
  for (const row of rows) {
    const upstream = await row.start();
    running.push(upstream);
    const models = [{ id: `${row.name}-embed`, upstream_id: row.model, type: 'embedding' }];
    providers[row.name] = { ...upstream.provider, models };
  }
  app = await startApp({ yaml: JSON.stringify({ providers }) });
});

afterAll(async () => {
  await app?.close();
  await Promise.all(running.map(({ close }) => close()));
});

describe.each(rows)('on $name', (row) => {
  test.each(clients)('a client of %s has its vectors in order', async (_, embed) => {
    expect(await embed(app.url, `${row.name}-embed`)).toEqual(row.vectors);
  });
});

test('no provider that embeds is left out', () => {
  const tested = new Set(rows.map(({ protocol }) => protocol));
  expect([...allFormats.embeddings.outbounds.keys()].filter((protocol) => !tested.has(protocol))).toEqual([]);
});
