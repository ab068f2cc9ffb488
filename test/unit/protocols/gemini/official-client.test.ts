import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError, GoogleGenAI, Type } from '@google/genai';
import { afterEach, describe, expect, test } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.ts';
import type { CanonicalRequest, CanonicalResponse, ContentPart } from '../../../../src/protocols/canonical.ts';
import { responseParts } from '../../../../src/protocols/collect.ts';
import { geminiEmbeddingInbound } from '../../../../src/protocols/gemini/client/embeddings.ts';
import { modelListToWire, modelToWire } from '../../../../src/protocols/gemini/client/models.ts';
import { decodeCountRequest, encodeCountResponse } from '../../../../src/protocols/gemini/count-tokens.ts';
import { inbound as geminiInbound } from '../../../../src/protocols/gemini/inbound.ts';
import type { InboundRoute, JsonObject } from '../../../../src/protocols/protocol.ts';
import { answerContext, routeOf } from './samples.ts';

// Google's own client reads what we write. The server has nothing but the codec in it.

type Answer = (request: CanonicalRequest) => readonly ContentPart[];

const seen: { request: CanonicalRequest; drops: readonly string[] }[] = [];
let server: Server | undefined;
afterEach(() => {
  seen.length = 0;
  server?.closeAllConnections();
  server?.close();
});

const listed = ['llama', 'qwen'].map((id) => ({ id, type: 'chat', context: 8192 }) as const);
const facts = { requestId: 'q', attempts: [] };

function reply(body: JsonObject, route: InboundRoute, answer: Answer): string {
  if (route.action === 'countTokens') {
    decodeCountRequest(body, route);
    return JSON.stringify(encodeCountResponse(42));
  }
  if (route.action === 'batchEmbedContents') {
    const { request } = geminiEmbeddingInbound.decode(body, route);
    return JSON.stringify(
      geminiEmbeddingInbound.encodeResponse({ model: 'm', vectors: [[1, 2]] }, { ...answerContext, request }),
    );
  }
  const decoded = geminiInbound.decode(body, route);
  seen.push(decoded);
  const content = answer(decoded.request);
  const finishReason = content.some((part) => part.kind === 'tool-call') ? 'tool-calls' : 'stop';
  const response: CanonicalResponse = {
    id: 'r1',
    model: 'llama',
    created: 0,
    choices: [{ index: 0, content, finishReason }],
    usage: { input: 3, output: 9, reasoning: 4 },
  };
  const context = { ...answerContext, request: decoded.request };
  if (!decoded.request.stream) return JSON.stringify(geminiInbound.encodeResponse(response, context));
  const framing = geminiInbound.framing(route);
  const encoder = geminiInbound.streamEncoder(context, framing);
  const events = responseParts(response).map((part) => encoder.encode(part));
  const end = content.some(isBreak)
    ? encoder.error(new GatewayError('stream_broken', 'It broke.'), facts)
    : encoder.end();
  return [geminiInbound.keepAlive(framing), ...events, end].join('');
}

async function startClient(answer: Answer): Promise<GoogleGenAI> {
  server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const path = (incoming.url ?? '').replace(/^\/v1(beta)?\/models\/?/, '');
    outgoing.setHeader('content-type', path.includes('alt=sse') ? 'text/event-stream' : 'application/json');
    try {
      if (incoming.method === 'GET') {
        const isList = path === '' || path.startsWith('?');
        const body = isList ? modelListToWire(listed, routeOf(`x${path}`).query) : modelToWire(listed[0] ?? Object());
        outgoing.end(JSON.stringify(body));
        return;
      }
      outgoing.end(reply(JSON.parse(Buffer.concat(chunks).toString()), routeOf(path), answer));
    } catch (thrown) {
      const error = GatewayError.from(thrown);
      outgoing.statusCode = error.status;
      outgoing.end(JSON.stringify(geminiInbound.errors.body(error, facts)));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return new GoogleGenAI({ apiKey: 'k', vertexai: false, httpOptions: { baseUrl: `http://127.0.0.1:${port}` } });
}

/** A stream with this text in it breaks behind it. */
const breaking: ContentPart = { kind: 'text', text: 'Once upon' };
const isBreak = (part: ContentPart) => part === breaking;
const hello: Answer = () => [
  { kind: 'reasoning', text: 'hm', seal: { protocol: 'messages', value: 'sig' } },
  { kind: 'text', text: 'Hello.' },
];
const weather: Answer = ({ messages }) =>
  messages.at(-1)?.role === 'tool'
    ? [{ kind: 'text', text: 'Mild.' }]
    : ['Paris', 'Rome'].map((city, i) => ({
        kind: 'tool-call',
        id: `c${i}`,
        name: 'weather',
        arguments: JSON.stringify({ city }),
      }));
const tools = [
  {
    functionDeclarations: [
      {
        name: 'weather',
        parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ['city'] },
      },
    ],
  },
];

describe('generating', () => {
  test('an answer, its usage and what was asked', async () => {
    const client = await startClient(hello);
    const response = await client.models.generateContent({
      model: 'llama3.1:8b',
      contents: 'hi',
      config: {
        systemInstruction: 'S',
        maxOutputTokens: 5,
        thinkingConfig: { includeThoughts: true },
        tools: [{ googleSearch: {} }],
      },
    });
    expect(response.text).toBe('Hello.');
    expect(response.usageMetadata).toMatchObject({ promptTokenCount: 3, thoughtsTokenCount: 4, totalTokenCount: 12 });
    expect(seen).toMatchObject([
      {
        request: {
          model: 'llama3.1:8b',
          maxTokens: 5,
          messages: [{ role: 'system' }, { role: 'user' }],
          reasoning: { summary: 'auto' },
        },
        drops: ['tools.googleSearch'],
      },
    ]);
  });

  test('a stream behind a sign of life', async () => {
    const client = await startClient(hello);
    const stream = await client.models.generateContentStream({ model: 'm', contents: 'hi' });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.text ?? '').join('')).toBe('Hello.');
    expect(chunks.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP');
    expect(chunks.at(-1)?.usageMetadata?.totalTokenCount).toBe(12);
  });

  test.each(['whole', 'streamed'])('a tool loop in a chat, %s', async (how) => {
    const client = await startClient(weather);
    const chat = client.chats.create({ model: 'm', config: { tools } });
    const send = async (message: Parameters<typeof chat.sendMessage>[0]['message']) => {
      if (how === 'whole') return [await chat.sendMessage({ message })];
      return Array.fromAsync(await chat.sendMessageStream({ message }));
    };
    const calls = (await send('weather?')).flatMap((chunk) => chunk.functionCalls ?? []);
    expect(calls.map(({ id, args }) => [id, args])).toEqual([
      ['c0', { city: 'Paris' }],
      ['c1', { city: 'Rome' }],
    ]);
    const results = calls.map(({ id = '', name = '' }) => ({
      functionResponse: { id, name, response: { output: 'mild' } },
    }));
    const said = (await send(results)).map((chunk) => chunk.text ?? '').join('');
    expect(said).toBe('Mild.');
    const history = seen[1]?.request.messages ?? [];
    expect(history).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [{ id: 'c0' }, { id: 'c1' }] },
      { role: 'tool', content: [{ id: 'c0', name: 'weather' }] },
      { role: 'tool', content: [{ id: 'c1', name: 'weather' }] },
    ]);
  });

  test('seals survive the way through the client', async () => {
    const client = await startClient(hello);
    const chat = client.chats.create({ model: 'm' });
    for await (const _ of await chat.sendMessageStream({ message: 'a' }));
    await chat.sendMessage({ message: 'b' });
    const parts = seen[1]?.request.messages.flatMap((message) => message.content) ?? [];
    expect(parts).toContainEqual(expect.objectContaining({ seal: { protocol: 'messages', value: 'sig' } }));
  });
});

describe('the rest', () => {
  test('tokens, embeddings, models', async () => {
    const client = await startClient(hello);
    expect(await client.models.countTokens({ model: 'm', contents: 'hi' })).toMatchObject({ totalTokens: 42 });
    const embedded = await client.models.embedContent({ model: 'm', contents: 'hi' });
    expect(embedded.embeddings?.[0]?.values).toEqual([1, 2]);
    const pager = await client.models.list({ config: { pageSize: 1 } });
    expect((await Array.fromAsync(pager)).map((model) => model.name)).toEqual(['models/llama', 'models/qwen']);
    expect((await client.models.get({ model: 'llama' })).inputTokenLimit).toBe(8192);
  });

  test('a stream that breaks throws behind what it said', async () => {
    const client = await startClient(() => [breaking]);
    const stream = await client.models.generateContentStream({ model: 'm', contents: 'hi' });
    const said: string[] = [];
    const reading = (async () => {
      for await (const chunk of stream) said.push(chunk.text ?? '');
    })();
    await expect(reading).rejects.toMatchObject({ name: 'ApiError', status: 502 });
    expect(said).toEqual(['Once upon']);
  });

  test('errors are typed', async () => {
    const client = await startClient(() => {
      throw new GatewayError('rate_limited', 'Slow down.', { retryAfterMs: 1000 });
    });
    const failed = await client.models.generateContent({ model: 'm', contents: 'hi' }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ApiError);
    expect(failed).toMatchObject({ status: 429, message: expect.stringContaining('RESOURCE_EXHAUSTED') });
  });
});
