import { CohereClientV2 } from 'cohere-ai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CanonicalRequest } from '../../../../src/protocols/canonical.ts';
import { cohereEmbedOutbound } from '../../../../src/protocols/cohere/embeddings.ts';
import { outbound as cohereOutbound } from '../../../../src/protocols/cohere/outbound.ts';
import { cohereRerankOutbound } from '../../../../src/protocols/cohere/rerank.ts';
import { collectParts } from '../../../../src/protocols/collect.ts';
import { isObject } from '../../../../src/protocols/fields.ts';
import type { EncodedRequest, JsonObject } from '../../../../src/protocols/protocol.ts';
import { type CohereFake, startCohereFake } from '../../../support/fake-servers/cohere.ts';
import { assistant, request, user } from '../openai-chat/samples.ts';
import { cohere, decode, decodeStream } from './samples.ts';

let fake: CohereFake;
beforeEach(async () => {
  fake = await startCohereFake();
});
afterEach(() => fake.close());

function send({ path, headers, body }: EncodedRequest, key = 'co-test-fake-key'): Promise<Response> {
  return fetch(fake.url + path, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  });
}

const chat = (fields: Partial<CanonicalRequest>) => send(cohereOutbound.encode(request(fields), cohere()));

async function json(response: Response): Promise<JsonObject> {
  const body: unknown = await response.json();
  if (!isObject(body)) throw new TypeError('the fake answered no object');
  return body;
}

async function parts(response: Response) {
  return decodeStream([Buffer.from(await response.arrayBuffer())]);
}

const calls = [
  { id: 'look_1', name: 'look', arguments: '{"at":"sky"}' },
  { id: 'look_2', name: 'look', arguments: '{"at":"sea"}' },
];

describe('the strict fake takes', () => {
  test('a loop of tools in three turns with parallel calls, streamed and not', async () => {
    const tools = [{ name: 'look', parameters: { type: 'object', required: ['at'] }, strict: true }];
    const hi = user('Look');
    fake.answer({ thinking: 'Hm.', plan: 'I look.', calls });
    const asked = collectParts(await parts(await chat({ messages: [hi], tools, stream: true })));
    const said = asked.choices[0]?.content ?? [];
    expect(asked.choices[0]?.finishReason).toBe('tool-calls');

    const results = said.flatMap((part) =>
      part.kind === 'tool-call'
        ? [
            {
              kind: 'tool-result' as const,
              id: part.id,
              name: part.name,
              content: [{ kind: 'text' as const, text: 'blue' }],
            },
          ]
        : [],
    );
    const loop = [hi, assistant(...said), { role: 'tool' as const, content: results }];
    const answer = decode(await json(await chat({ messages: loop, tools })));
    expect(answer.choices[0]?.content).toEqual([{ kind: 'text', text: 'Hello!' }]);

    const last = [...loop, assistant(...(answer.choices[0]?.content ?? [])), user('Thanks')];
    expect((await chat({ messages: last, tools, reasoning: { effort: 'low' } })).status).toBe(200);
    expect(fake.requests.map(({ body }) => body?.stream)).toEqual([true, false, false]);
  });

  test('embeddings and rankings', async () => {
    const embedding = {
      model: 'e',
      input: { kind: 'texts' as const, texts: ['a', 'bcd'] },
      encoding: 'float' as const,
    };
    const vectors = await send(cohereEmbedOutbound.encode(embedding, cohere()));
    expect(
      cohereEmbedOutbound.decodeResponse(await json(vectors), { target: cohere(), request: embedding }).vectors,
    ).toEqual([
      [0, 1],
      [1, 3],
    ]);
    const ranking = { model: 'r', query: 'q', documents: ['a', 'b', 'c'], topN: 2, returnDocuments: false };
    const ranked = await send(cohereRerankOutbound.encode(ranking, cohere()));
    const { results } = cohereRerankOutbound.decodeResponse(await json(ranked), {
      target: cohere(),
      request: ranking,
    });
    expect(results.map(({ index }) => index)).toEqual([2, 1]);
  });

  test('the official client, which reads what we read', async () => {
    const client = new CohereClientV2({ token: 'co-test-fake-key', environment: fake.url.replace(/\/v2$/, '') });
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    const answer = await client.chat({ model: 'command-a-03-2025', messages });
    expect(answer.message.content).toEqual([{ type: 'text', text: 'Hello!' }]);
    const types: string[] = [];
    for await (const event of await client.chatStream({ model: 'command-a-03-2025', messages })) types.push(event.type);
    expect([types[0], types.at(-1)]).toEqual(['message-start', 'message-end']);
    const ranked = await client.rerank({ model: 'rerank-v4.0', query: 'q', documents: ['a', 'b'], topN: 1 });
    expect(ranked.results).toMatchObject([{ index: 1 }]);
  });
});

describe('its faults are told apart', () => {
  const classify = async (response: Response) =>
    cohereOutbound.classifyError(
      response.status,
      Object.fromEntries(response.headers),
      await response.text(),
      cohere(),
    );

  test('a status with its text and wait', async () => {
    fake.answer({ fault: { kind: 'status', status: 429, message: 'slow down', headers: { 'retry-after': '2' } } });
    expect(await classify(await chat({}))).toMatchObject({ code: 'upstream_rate_limited', retryAfterMs: 2000 });
  });

  test('a wrong key, a wrong path, a wrong field', async () => {
    const encoded = cohereOutbound.encode(request(), cohere());
    expect(await classify(await send(encoded, 'other'))).toMatchObject({ code: 'upstream_unauthorized' });
    expect(await classify(await send({ ...encoded, path: '/chats' }))).toMatchObject({ code: 'upstream_failed' });
    const odd = { ...encoded, body: { ...encoded.body, top_p: 1 } };
    expect(await classify(await send(odd))).toMatchObject({ code: 'upstream_rejected', status: 422 });
  });

  test('an answer that fails, early or late', async () => {
    for (const after of [1, 3]) {
      fake.answer({ fault: { kind: 'error-finish', after, reason: 'ERROR', message: 'lost a GPU' } });
      await expect(parts(await chat({ stream: true }))).rejects.toThrow('lost a GPU');
    }
    fake.answer({ fault: { kind: 'error-finish', after: 0, reason: 'TIMEOUT', message: 'too slow' } });
    const body = await json(await chat({}));
    expect(() => decode(body)).toThrow(expect.objectContaining({ code: 'upstream_timeout' }));
  });

  test('an answer that ends too soon, in order or not', async () => {
    fake.answer({ fault: { kind: 'end', after: 3 } });
    await expect(parts(await chat({ stream: true }))).rejects.toMatchObject({ code: 'upstream_invalid' });
    fake.answer({ fault: { kind: 'cut', after: 3 } });
    const cut = await chat({ stream: true });
    await expect(cut.arrayBuffer()).rejects.toThrow();
  });

  test('silence, until the client leaves', async () => {
    fake.answer({ fault: { kind: 'stall', after: 2 } });
    const response = await chat({ stream: true });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(await fake.requests[0]?.aborted).toBe(true);
  });
});
