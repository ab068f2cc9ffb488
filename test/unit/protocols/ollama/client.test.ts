import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Ollama } from 'ollama';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.ts';
import { collectParts } from '../../../../src/protocols/collect.ts';
import {
  inbound as ollamaChatInbound,
  generateInbound as ollamaGenerateInbound,
} from '../../../../src/protocols/ollama/inbound.ts';
import { tagsPage } from '../../../../src/protocols/ollama/pages.ts';
import { encodeWarmUp } from '../../../../src/protocols/ollama/warm-up.ts';
import { generateFormatId as ollamaGenerateFormat } from '../../../../src/protocols/ollama/wire.ts';
import { answerContext, thinkingAndCalls } from './samples.ts';

/** What the next request is answered with: pieces of a body that are written one by one. */
let answer: { readonly status: number; readonly pieces: readonly string[] };
let server: Server;
let client: Ollama;

beforeEach(async () => {
  server = createServer((request, response) => {
    request.resume();
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    for (const piece of answer.pieces) response.write(piece);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  client = new Ollama({ host: `http://127.0.0.1:${port}` });
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const messages = [{ role: 'user', content: 'Hi' }];
const facts = { requestId: 'req_1', attempts: [] };
const error = new GatewayError('stream_broken', 'The upstream went away.');

function lines(): readonly string[] {
  const encoder = ollamaChatInbound.streamEncoder(answerContext(), 'ndjson');
  return [...thinkingAndCalls.map((part) => encoder.encode(part)), encoder.end()].filter((line) => line !== '');
}

describe('the official client', () => {
  test('reads a stream through signs of life', async () => {
    answer = { status: 200, pieces: lines().flatMap((line) => [' ', ' ', line]) };
    const seen = [];
    for await (const part of await client.chat({ model: 'm', messages, stream: true })) seen.push(part);
    expect(seen.map(({ message }) => message.content).join('')).toBe('Looking');
    expect(seen.flatMap(({ message }) => message.tool_calls ?? []).map((call) => call.function.name)).toEqual([
      'look',
      'listen',
    ]);
    expect(seen.at(-1)).toMatchObject({ done: true, eval_count: 9 });
  });

  test('throws the error that ends a stream', async () => {
    const [first = ''] = lines();
    answer = { status: 200, pieces: [first, ollamaChatInbound.errors.streamEvent(error, facts)] };
    const stream = await client.chat({ model: 'm', messages, stream: true });
    const read = async () => {
      for await (const part of stream) expect(part.done).toBe(false);
    };
    await expect(read()).rejects.toThrow('The upstream went away.');
  });

  test('throws the error of an answer with its status', async () => {
    answer = { status: 502, pieces: [JSON.stringify(ollamaChatInbound.errors.body(error, facts))] };
    await expect(client.chat({ model: 'm', messages })).rejects.toMatchObject({
      error: 'The upstream went away.',
      status_code: 502,
    });
  });

  test('reads a text in one object, a warm-up and a listing', async () => {
    const whole = collectParts(thinkingAndCalls);
    answer = { status: 200, pieces: [JSON.stringify(ollamaGenerateInbound.encodeResponse(whole, answerContext()))] };
    expect((await client.generate({ model: 'm', prompt: 'Hi' })).response).toBe('Looking');

    const warm = encodeWarmUp(ollamaGenerateFormat, { model: 'm', action: 'load' }, 0);
    answer = { status: 200, pieces: [JSON.stringify(warm)] };
    const loaded = [];
    for await (const part of await client.generate({ model: 'm', prompt: '', stream: true })) loaded.push(part);
    expect(loaded).toMatchObject([{ done: true, done_reason: 'load' }]);

    answer = { status: 200, pieces: [JSON.stringify(tagsPage([{ id: 'm', type: 'chat', created: 0 }]))] };
    expect((await client.list()).models.map(({ name }) => name)).toEqual(['m']);
  });
});
