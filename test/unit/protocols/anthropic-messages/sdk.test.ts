import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.ts';
import { encodeModels } from '../../../../src/protocols/anthropic-messages/client/models.ts';
import { inbound as messagesInbound } from '../../../../src/protocols/anthropic-messages/inbound.ts';
import type { Part } from '../../../../src/protocols/canonical.ts';
import { startAnthropicFake } from '../../../support/fake-servers/anthropic.ts';
import { answerContext } from './samples.ts';

/** The official client in front of a server that gives one answer. */
async function clientOf(status: number, contentType: string, text: string): Promise<Anthropic> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': contentType });
    response.end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return new Anthropic({ apiKey: 'x', baseURL: `http://127.0.0.1:${port}`, maxRetries: 0 });
}

const parts: readonly Part[] = [
  { kind: 'start', id: 'm', model: 'llama', created: 0 },
  { kind: 'block-start', choice: 0, block: 0, content: { kind: 'reasoning' } },
  { kind: 'block-delta', choice: 0, block: 0, text: 'hm' },
  { kind: 'block-end', choice: 0, block: 0 },
  { kind: 'block-start', choice: 0, block: 1, content: { kind: 'tool-call', id: 'a', name: 'look' } },
  { kind: 'block-start', choice: 0, block: 2, content: { kind: 'tool-call', id: 'b', name: 'look' } },
  { kind: 'block-delta', choice: 0, block: 2, text: '{"y":2}' },
  { kind: 'block-delta', choice: 0, block: 1, text: '{"x":1}' },
  { kind: 'block-end', choice: 0, block: 1 },
  { kind: 'block-end', choice: 0, block: 2 },
  { kind: 'finish', choice: 0, reason: 'stop' },
  { kind: 'usage', usage: { input: 5, output: 3 } },
];

const ask = { model: 'm', max_tokens: 100, messages: [{ role: 'user' as const, content: 'hi' }] };

describe('the official client', () => {
  it('puts our stream together', async () => {
    const encoder = messagesInbound.streamEncoder(answerContext, 'sse');
    const text = messagesInbound.keepAlive('sse') + parts.map((part) => encoder.encode(part)).join('') + encoder.end();
    const client = await clientOf(200, 'text/event-stream', text);
    const message = await client.messages.stream(ask).finalMessage();
    expect(message).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'hm' },
        { type: 'tool_use', id: 'a', input: { x: 1 } },
        { type: 'tool_use', id: 'b', input: { y: 2 } },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 5, output_tokens: 3 },
    });
  });

  it('throws for our error event', async () => {
    const encoder = messagesInbound.streamEncoder(answerContext, 'sse');
    const broken = new GatewayError('stream_broken', 'it broke');
    const text = parts
      .slice(0, 3)
      .map((part) => encoder.encode(part))
      .join('');
    const client = await clientOf(
      200,
      'text/event-stream',
      text + encoder.error(broken, { requestId: 'r', attempts: [] }),
    );
    await expect(client.messages.stream(ask).finalMessage()).rejects.toThrow(/it broke/);
  });

  it('throws its typed error for our envelope', async () => {
    const error = new GatewayError('rate_limited', 'slow down');
    const body = messagesInbound.errors.body(error, { requestId: 'r', attempts: [] });
    const client = await clientOf(429, 'application/json', JSON.stringify(body));
    await expect(client.messages.create(ask)).rejects.toMatchObject({ status: 429, type: 'rate_limit_error' });
  });

  it('lists our models', async () => {
    const list = encodeModels([
      { id: 'a', created: 1 },
      { id: 'b', created: 2 },
    ]);
    const client = await clientOf(200, 'application/json', JSON.stringify(list));
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toEqual(['a', 'b']);
  });
});

describe('the fake API', () => {
  async function fakeClient() {
    const fake = await startAnthropicFake();
    onTestFinished(() => fake.close());
    const root = fake.url.replace(/\/v1$/, '');
    return { fake, client: new Anthropic({ apiKey: 'sk-ant-test-fake', baseURL: root, maxRetries: 0 }) };
  }

  it('streams every kind of block to the official client', async () => {
    const { fake, client } = await fakeClient();
    fake.answer({
      blocks: [
        { type: 'thinking', thinking: 'let me think' },
        { type: 'redacted_thinking', data: 'EmwK' },
        { type: 'text', text: 'Grüße 🌦 from here' },
        { type: 'tool_use', id: 'toolu_1', name: 'look', input: { where: 'Zürich' } },
        { type: 'tool_use', id: 'toolu_2', name: 'look', input: {} },
      ],
      usage: { cache_read_input_tokens: 9 },
    });
    const message = await client.messages.stream(ask).finalMessage();
    expect(message).toMatchObject({
      content: [
        { thinking: 'let me think', signature: expect.stringMatching(/^EqQBfake/) },
        { data: 'EmwK' },
        { text: 'Grüße 🌦 from here' },
        { input: { where: 'Zürich' } },
        { input: {} },
      ],
      stop_reason: 'tool_use',
      usage: { cache_read_input_tokens: 9 },
    });
    expect(fake.requests[0]?.body).toMatchObject({ stream: true });
  });

  it.each([
    [{ messages: [{ role: 'assistant' as const, content: 'hi' }] }, /first message must use the "user" role/],
    [{ messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: ' ' }] }] }, /non-whitespace/],
    [{ tool_choice: { type: 'auto' as const } }, /tool_choice may only be specified/],
    [{ thinking: { type: 'enabled' as const, budget_tokens: 1024 } }, /must be greater than/],
    [{ temperature: 0.5 }, /temperature: Extra inputs are not permitted/],
    [{ foo: 1 }, /foo: Extra inputs are not permitted/],
  ])('refuses %j', async (fields, message) => {
    const { client } = await fakeClient();
    await expect(client.messages.create({ ...ask, ...fields })).rejects.toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      apiMessage: expect.stringMatching(message),
    });
  });

  it('refuses a wrong key and a missing version', async () => {
    const { fake } = await fakeClient();
    const post = (headers: Record<string, string>) =>
      fetch(`${fake.url}/messages`, { method: 'POST', headers, body: JSON.stringify(ask) });
    expect((await post({ 'content-type': 'application/json' })).status).toBe(401);
    const unversioned = await post({ 'content-type': 'application/json', 'x-api-key': 'sk-ant-test-fake' });
    expect(await unversioned.json()).toMatchObject({ error: { message: 'anthropic-version: header is required' } });
  });

  it.each([
    [{ kind: 'status', status: 529, type: 'overloaded_error', message: 'Overloaded' } as const, /Overloaded/],
    [{ kind: 'error-event', after: 4, type: 'overloaded_error', message: 'Overloaded' } as const, /Overloaded/],
    [{ kind: 'cut', after: 4 } as const, /terminated|closed|aborted|reset/i],
  ])('fails on command: $kind', async (fault, message) => {
    const { fake, client } = await fakeClient();
    fake.answer({ fault });
    await expect(client.messages.stream(ask).finalMessage()).rejects.toThrow(message);
  });

  it('stalls until the client leaves, and records that it did', async () => {
    const { fake, client } = await fakeClient();
    fake.answer({ fault: { kind: 'stall', after: 4 } });
    const stream = client.messages.stream(ask);
    stream.on('text', () => stream.abort());
    await expect(stream.finalMessage()).rejects.toThrow();
    expect(await fake.requests[0]?.aborted).toBe(true);
  });
});
