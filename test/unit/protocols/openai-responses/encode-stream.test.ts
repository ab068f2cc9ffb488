import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.ts';
import type { CanonicalRequest, Part } from '../../../../src/protocols/canonical.ts';
import { inbound as responsesInbound } from '../../../../src/protocols/openai-responses/inbound.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { readFixture } from '../../../support/read-fixture.ts';
import { answerContext, clientAnswered, decodeStream, payloads, route } from './samples.ts';

const start: Part = { kind: 'start', id: 'chatcmpl-1', model: 'llama3.1:8b', created: 5 };
const facts = { requestId: 'req_01JXYZ', attempts: [] };

function encoder(fields: Partial<CanonicalRequest> = {}) {
  return responsesInbound.streamEncoder(answerContext(fields), 'sse');
}

function encode(parts: readonly Part[], fields: Partial<CanonicalRequest> = {}): string {
  const stream = encoder(fields);
  return parts.map((part) => stream.encode(part)).join('') + stream.end();
}

function block(
  number: number,
  content: Extract<Part, { kind: 'block-start' }>['content'],
  texts: readonly string[],
): Part[] {
  return [
    { kind: 'block-start', choice: 0, block: number, content },
    ...texts.map((text): Part => ({ kind: 'block-delta', choice: 0, block: number, text })),
    { kind: 'block-end', choice: 0, block: number },
  ];
}

const stop: Part = { kind: 'finish', choice: 0, reason: 'stop' };
const usage: Part = { kind: 'usage', usage: { input: 3, output: 4, reasoning: 1 } };

function types(stream: string): readonly unknown[] {
  return payloads(stream).map((event) => event.type);
}

function lastResponse(stream: string): JsonObject {
  return payloads(stream).at(-1)?.response as JsonObject;
}

describe('the events of an answer', () => {
  test('text: the whole life cycle, numbered from 0', () => {
    const stream = encode([start, ...block(0, { kind: 'text' }, ['Hel', 'lo']), stop, usage]);
    expect(types(stream)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(payloads(stream).map((event) => event.sequence_number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(stream.startsWith('event: response.created\ndata: {"type":"response.created","sequence_number":0,')).toBe(
      true,
    );
    expect(lastResponse(stream)).toMatchObject({
      id: 'resp_01JXYZ',
      object: 'response',
      created_at: 1_763_600_000,
      status: 'completed',
      model: 'llama3.1:8b',
      error: null,
      incomplete_details: null,
      output: [
        {
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'Hello', annotations: [], logprobs: [] }],
        },
      ],
      usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7, output_tokens_details: { reasoning_tokens: 1 } },
    });
  });

  test('reasoning that is shown, and reasoning that is summed up', () => {
    const shown = encode([
      start,
      ...block(0, { kind: 'reasoning' }, ['Hm']),
      ...block(1, { kind: 'text' }, ['a']),
      stop,
    ]);
    expect(types(shown).slice(2, 9)).toEqual([
      'response.output_item.added',
      'response.content_part.added',
      'response.reasoning_text.delta',
      'response.reasoning_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
    ]);
    const summed = encode([start, ...block(0, { kind: 'reasoning', isSummary: true }, ['Plan']), stop]);
    expect(types(summed).slice(2, 8)).toEqual([
      'response.output_item.added',
      'response.reasoning_summary_part.added',
      'response.reasoning_summary_text.delta',
      'response.reasoning_summary_text.done',
      'response.reasoning_summary_part.done',
      'response.output_item.done',
    ]);
    expect(lastResponse(summed).output).toMatchObject([{ summary: [{ type: 'summary_text', text: 'Plan' }] }]);
  });

  test('a seal closes its reasoning, and the id it is bound to is kept', () => {
    const parts: Part[] = [
      start,
      { kind: 'block-start', choice: 0, block: 0, content: { kind: 'reasoning', id: 'rs_abc' } },
      { kind: 'block-end', choice: 0, block: 0, seal: { protocol: 'responses', value: 'gAA=' } },
      stop,
    ];
    expect(lastResponse(encode(parts)).output).toEqual([
      { type: 'reasoning', id: 'rs_abc', summary: [], encrypted_content: 'gAA=', status: 'completed' },
    ]);
  });

  test('text and refusal share a message, what follows a call gets its own', () => {
    const stream = encode([
      start,
      ...block(0, { kind: 'text' }, ['a']),
      ...block(1, { kind: 'refusal' }, ['no']),
      ...block(2, { kind: 'tool-call', id: 'c1', name: 'f' }, ['{}']),
      ...block(3, { kind: 'text' }, ['b']),
      stop,
    ]);
    expect(lastResponse(stream).output).toMatchObject([
      { type: 'message', content: [{ text: 'a' }, { type: 'refusal', refusal: 'no' }] },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}', status: 'completed' },
      { type: 'message', content: [{ text: 'b' }] },
    ]);
    expect(types(stream)).toContain('response.refusal.done');
  });

  test('interleaved calls keep their own items', () => {
    const call = (number: number): Part => ({
      kind: 'block-start',
      choice: 0,
      block: number,
      content: { kind: 'tool-call', id: `c${number}`, name: 'f' },
    });
    const delta = (number: number, text: string): Part => ({ kind: 'block-delta', choice: 0, block: number, text });
    const stream = encode([start, call(0), delta(0, '{"a"'), call(1), delta(1, '{}'), delta(0, ':1}'), stop]);
    expect(lastResponse(stream).output).toMatchObject([
      { call_id: 'c0', arguments: '{"a":1}' },
      { call_id: 'c1', arguments: '{}' },
    ]);
    const order = types(stream);
    expect(order.indexOf('response.output_item.done')).toBeGreaterThan(
      order.lastIndexOf('response.function_call_arguments.delta'),
    );
  });

  test('groups and custom tools are folded back', () => {
    const codex: JsonObject = JSON.parse(readFixture('responses/codex-request.json').toString('utf8'));
    const { request } = responsesInbound.decode(codex, route);
    const stream = encode(
      [
        start,
        ...block(0, { kind: 'tool-call', id: 'c0', name: 'mcp__notes__search' }, ['{"query":"x"}']),
        ...block(1, { kind: 'tool-call', id: 'c1', name: 'apply_patch' }, ['{"input":"*** Begin', ' Patch\\n"}']),
        { kind: 'finish', choice: 0, reason: 'tool-calls' },
      ],
      request,
    );
    expect(lastResponse(stream)).toMatchObject({
      instructions: 'You are a coding agent.',
      store: false,
      tools: codex.tools,
      output: [
        { type: 'function_call', namespace: 'mcp__notes', name: 'search', arguments: '{"query":"x"}' },
        { type: 'custom_tool_call', name: 'apply_patch', input: '*** Begin Patch\n' },
      ],
    });
    expect(types(stream).filter((type) => String(type).includes('custom_tool'))).toEqual([
      'response.custom_tool_call_input.delta',
      'response.custom_tool_call_input.done',
    ]);
  });

  test('a limit leaves the last item and the answer incomplete', () => {
    const stream = encode([
      start,
      ...block(0, { kind: 'text' }, ['a']),
      ...block(1, { kind: 'tool-call', id: 'c1', name: 'f' }, ['{"a']),
      { kind: 'finish', choice: 0, reason: 'length' },
    ]);
    expect(types(stream).at(-1)).toBe('response.incomplete');
    expect(lastResponse(stream)).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'completed' }, { status: 'incomplete', arguments: '{"a' }],
    });
  });

  test('other choices than the first are not shown', () => {
    const other: Part = { kind: 'block-start', choice: 1, block: 9, content: { kind: 'text' } };
    expect(types(encode([start, other, stop]))).toEqual([
      'response.created',
      'response.in_progress',
      'response.completed',
    ]);
  });

  test('log probabilities stand at the end of their text', () => {
    const logprobs: Part = { kind: 'logprobs', choice: 0, logprobs: [{ token: 'a', logprob: -1, top: [] }] };
    const stream = encode([start, ...block(0, { kind: 'text' }, ['a']), logprobs, stop]);
    const done = payloads(stream).find((event) => event.type === 'response.output_text.done');
    expect(done?.logprobs).toEqual([{ token: 'a', logprob: -1, bytes: [], top_logprobs: [] }]);
  });
});

describe('a broken stream', () => {
  const error = new GatewayError('upstream_rate_limited', 'Slow down.');

  test('fails with what was said so far, and nothing after', () => {
    const stream = encoder();
    const text =
      stream.encode(start) +
      stream.encode({ kind: 'block-start', choice: 0, block: 0, content: { kind: 'text' } }) +
      stream.encode({ kind: 'block-delta', choice: 0, block: 0, text: 'Hel' }) +
      stream.error(error, facts);
    expect(types(text).at(-1)).toBe('response.failed');
    expect(payloads(text).map((event) => event.sequence_number)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(lastResponse(text)).toMatchObject({
      status: 'failed',
      error: { code: 'rate_limit_exceeded', message: 'Slow down.' },
      output: [{ status: 'incomplete', content: [{ text: 'Hel' }] }],
    });
  });

  test('is still a response when nothing had come', () => {
    expect(types(encoder().error(error, facts))).toEqual([
      'response.created',
      'response.in_progress',
      'response.failed',
    ]);
  });

  test('that was passed through ends in an error event, at which the official client throws', async () => {
    const event = responsesInbound.errors.streamEvent(error, facts);
    expect(payloads(event)).toMatchObject([{ type: 'error', code: 'rate_limit_exceeded', message: 'Slow down.' }]);
    const client = clientAnswered(event, 'text/event-stream');
    await expect(client.responses.stream({ model: 'gpt', input: 'hi' }).finalResponse()).rejects.toThrow('Slow down.');
  });

  test('signs of life are comments', () => {
    expect(responsesInbound.keepAlive('sse')).toMatch(/^:.*\n\n$/);
  });
});

describe('the official client', () => {
  test('reads a stream of everything, and gathers the same answer', async () => {
    const stream = encode(decodeStream([readFixture('responses/openai-reasoning-tools.chunks.txt')]));
    const client = clientAnswered(stream, 'text/event-stream');
    const final = await client.responses.stream({ model: 'gpt', input: 'hi' }).finalResponse();
    expect(final.output_text).toBe('Ich prüfe 🌦 das Wetter.');
    expect(final.output.map((item) => item.type)).toEqual(['reasoning', 'message', 'function_call', 'function_call']);
    expect(final.usage?.output_tokens_details.reasoning_tokens).toBe(64);
  });

  test('parses structured output from a stream', async () => {
    const format = { type: 'json_schema' as const, name: 'answer', schema: { type: 'object' }, strict: true };
    const stream = encode([start, ...block(0, { kind: 'text' }, ['{"a"', ':1}']), stop]);
    const client = clientAnswered(stream, 'text/event-stream');
    const final = await client.responses.stream({ model: 'gpt', input: 'hi', text: { format } }).finalResponse();
    expect(JSON.parse(final.output_text)).toEqual({ a: 1 });
  });

  test('takes custom calls and shown reasoning', async () => {
    const echo = { tools: [{ type: 'custom', name: 'apply_patch' }] };
    const stream = encode(
      [
        start,
        ...block(0, { kind: 'reasoning' }, ['Hm']),
        ...block(1, { kind: 'tool-call', id: 'c1', name: 'apply_patch' }, ['{"input":"patch"}']),
        stop,
      ],
      { echo },
    );
    const client = clientAnswered(stream, 'text/event-stream');
    const final = await client.responses.stream({ model: 'gpt', input: 'hi' }).finalResponse();
    expect(final.output).toMatchObject([
      { type: 'reasoning', content: [{ text: 'Hm' }] },
      { type: 'custom_tool_call', input: 'patch' },
    ]);
  });
});
