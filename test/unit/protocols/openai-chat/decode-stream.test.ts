import { describe, expect, test } from 'vitest';
import type { Candidate } from '../../../../src/core/model.ts';
import type { CanonicalResponse, Part } from '../../../../src/protocols/canonical.ts';
import { collectParts } from '../../../../src/protocols/collect.ts';
import { outbound as chatOutbound } from '../../../../src/protocols/openai-chat/outbound.ts';
import { readCapture, readFixture } from '../../../support/read-fixture.ts';
import { candidate, localModel, request } from './samples.ts';

const local = candidate({ model: localModel, type: 'llamacpp' });

function decode(bytes: Buffer | string, target: Candidate = local): readonly Part[] {
  const decoder = chatOutbound.streamDecoder({ target, request: request() });
  return [...decoder.push(Buffer.from(bytes)), ...decoder.end()];
}

function answer(bytes: Buffer | string, target: Candidate = local): CanonicalResponse {
  return collectParts(decode(bytes, target));
}

const fixture = (name: string) => readFixture(`openai/${name}.chunks.txt`);

/** A stream of chunks with one choice each. */
function stream(...choices: readonly object[]): string {
  return choices
    .map((choice) => `data: ${JSON.stringify({ id: 'x', model: 'm', choices: [{ index: 0, ...choice }] })}\n\n`)
    .join('');
}

const stop = { delta: {}, finish_reason: 'stop' };

describe('streams of llama.cpp', () => {
  test('give text, finish reason and usage', () => {
    expect(answer(readCapture('chat-stream-usage').body)).toMatchObject({
      id: 'chatcmpl-GBBkthSTJW9acMlcyJsUxZAqU7FvDUoV',
      model: 'tiny.gguf',
      choices: [{ content: [{ kind: 'text', text: '~ also kno' }], finishReason: 'stop', rawFinishReason: 'stop' }],
      usage: { input: 30, output: 4, cachedInput: 29 },
    });
  });

  test('give reasoning and text as blocks of their own, one after the other', () => {
    const parts = decode(readCapture('think-chat-stream').body);
    const borders = parts.filter(({ kind }) => kind === 'block-start' || kind === 'block-end' || kind === 'finish');
    expect(borders).toMatchObject([
      { kind: 'block-start', block: 0, content: { kind: 'reasoning' } },
      { kind: 'block-end', block: 0 },
      { kind: 'block-start', block: 1, content: { kind: 'text' } },
      { kind: 'block-end', block: 1 },
      { kind: 'finish', reason: 'length' },
    ]);
  });

  test('give a tool call with its arguments as the model wrote them', () => {
    const call = answer(readCapture('chat-tool-call-stream').body).choices[0];
    expect(call).toMatchObject({
      finishReason: 'tool-calls',
      content: [{ kind: 'tool-call', id: 'W8z90QNGZHK6eue2z5GvZWRvBDAlOvwS', name: 'get_weather' }],
    });
    const [part] = call?.content ?? [];
    expect(part?.kind === 'tool-call' && JSON.parse(part.arguments)).toEqual({ city: 'Rome' });
  });

  test('keep interleaved choices apart', () => {
    const texts = answer(readCapture('chat-stream-n2').body).choices.map(({ content }) => content);
    expect(texts).toEqual([[{ kind: 'text', text: '~ also kno' }], [{ kind: 'text', text: ' st other1 ou' }]]);
  });

  test('give log probabilities', () => {
    const [choice] = answer(readCapture('chat-stream-logprobs').body).choices;
    expect(choice?.logprobs).toMatchObject([{ token: '~', bytes: [126] }, { token: ' also' }]);
    expect(choice?.logprobs?.[0]?.top).toHaveLength(2);
  });

  test('may begin with comments', () => {
    expect(answer(readCapture('sse-ping-during-prompt').body).choices[0]?.finishReason).toBe('length');
  });

  test.each(['cut-stream-sigkill', 'cut-stream-sigterm', 'stalled-stream-sigstop'])('%s is no answer', (name) => {
    expect(() => decode(readCapture(name).body)).toThrow(
      expect.objectContaining({ code: 'upstream_invalid', message: expect.stringContaining('finish reason') }),
    );
  });

  test('that used up a shared context are worth another candidate', () => {
    expect(() => decode(readCapture('shared-stream-error').body)).toThrow(
      expect.objectContaining({ code: 'upstream_busy', retry: 'next', message: 'Context size has been exceeded.' }),
    );
  });

  test('whose process died end in bare text', () => {
    expect(() => decode(readCapture('router-child-killed-stream').body)).toThrow(
      expect.objectContaining({ code: 'upstream_failed', message: 'proxy error: Failed to read connection' }),
    );
  });
});

describe('streams of other servers', () => {
  test("Ollama's silent end after an error is no answer", () => {
    expect(() => decode(fixture('ollama-silent-end'))).toThrow(expect.objectContaining({ code: 'upstream_invalid' }));
  });

  test("vLLM's error counts although [DONE] follows", () => {
    expect(() => decode(fixture('vllm-error-then-done'))).toThrow(
      expect.objectContaining({ code: 'upstream_failed', message: 'EngineCore encountered an issue.' }),
    );
  });

  test("LM Studio's error event in a 200 is an error", () => {
    expect(() => decode(fixture('lm-studio-error-event'))).toThrow(
      expect.objectContaining({ code: 'upstream_context', status: 400 }),
    );
  });

  test("OpenRouter's doubled reasoning is read once and sealed", () => {
    expect(answer(fixture('openrouter-reasoning'), candidate())).toMatchObject({
      choices: [
        {
          content: [
            { kind: 'reasoning', text: 'Two plus two.', seal: { protocol: 'messages', value: 'c2ln' } },
            { kind: 'text', text: 'Four.' },
          ],
          finishReason: 'stop',
        },
      ],
      usage: { input: 12, output: 9, cachedInput: 4, reasoning: 6 },
    });
  });

  test('interleaved calls keep their own arguments', () => {
    expect(answer(fixture('interleaved-calls')).choices[0]?.content).toMatchObject([
      { id: 'a', name: 'weather', arguments: '{"city":"Rome"}' },
      { id: 'b', name: 'time', arguments: '{"zone":"CET"}' },
    ]);
  });

  test('calls that share an index and lack ids are told apart, and make the reason tool-calls', () => {
    const [choice] = answer(fixture('same-index-calls')).choices;
    expect(choice).toMatchObject({
      content: [
        { id: 'call_3_0', arguments: '{"city":"Rome"}' },
        { id: 'call_3_1', arguments: '{"city":"Oslo"}' },
      ],
      finishReason: 'tool-calls',
      rawFinishReason: 'stop',
    });
  });

  test('a call ends before the next begins once its arguments are whole', () => {
    const kinds = decode(fixture('same-index-calls')).map(({ kind }) => kind);
    expect(kinds.slice(1, 7)).toEqual([
      'block-start',
      'block-delta',
      'block-end',
      'block-start',
      'block-delta',
      'block-end',
    ]);
  });

  test.each(['reasoning_content', 'reasoning', 'thinking'])('%s is reasoning', (field) => {
    const content = answer(stream({ delta: { [field]: 'hm' } }, { delta: { content: 'Yes' } }, stop)).choices[0]
      ?.content;
    expect(content).toMatchObject([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'text', text: 'Yes' },
    ]);
  });

  test("Mistral's thinking parts are reasoning", () => {
    const thinking = { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] };
    const content = answer(stream({ delta: { content: [thinking, { type: 'text', text: 'Yes' }] } }, stop));
    expect(content.choices[0]?.content).toMatchObject([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'text', text: 'Yes' },
    ]);
  });

  test('think tags cut between chunks are reasoning at local models', () => {
    const pieces = ['<th', 'ink>h', 'm</', 'think>\n', '\nYes'].map((content) => ({ delta: { content } }));
    expect(answer(stream(...pieces, stop)).choices[0]?.content).toMatchObject([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'text', text: 'Yes' },
    ]);
    const hosted = answer(stream(...pieces, stop), candidate()).choices[0]?.content;
    expect(hosted).toEqual([{ kind: 'text', text: '<think>hm</think>\n\nYes' }]);
  });

  test('text that was held back as the beginning of a tag is not lost', () => {
    expect(answer(stream({ delta: { content: '<thi' } }, stop)).choices[0]?.content).toMatchObject([{ text: '<thi' }]);
  });

  test('a refusal is a block of its own', () => {
    expect(answer(stream({ delta: { refusal: 'No.' } }, stop)).choices[0]?.content).toEqual([
      { kind: 'refusal', text: 'No.' },
    ]);
  });

  test('the older function_call is a tool call', () => {
    const delta = { function_call: { name: 'f', arguments: '{' } };
    const more = { function_call: { arguments: '}' } };
    expect(answer(stream({ delta }, { delta: more }, stop)).choices[0]?.content).toMatchObject([
      { kind: 'tool-call', name: 'f', arguments: '{}' },
    ]);
  });

  test('of usage in every chunk the last counts', () => {
    const chunk = (tokens: number, choice: object) =>
      `data: ${JSON.stringify({ choices: [choice], usage: { prompt_tokens: 5, completion_tokens: tokens } })}\n\n`;
    const bytes = chunk(1, { index: 0, delta: { content: 'a' } }) + chunk(2, { index: 0, ...stop });
    expect(answer(bytes).usage).toMatchObject({ input: 5, output: 2 });
  });

  test('an answer without [DONE] is whole once it has its finish reason', () => {
    expect(answer(stream({ delta: { content: 'a' } }, stop)).choices[0]?.finishReason).toBe('stop');
  });

  test('an empty answer with a finish reason is an answer', () => {
    expect(answer(stream(stop)).choices).toMatchObject([{ content: [], finishReason: 'stop' }]);
  });

  test('the last event may lack its blank line', () => {
    expect(answer(stream(stop).trimEnd()).choices).toHaveLength(1);
  });

  test.each([
    ['nothing at all', '', 'upstream_invalid'],
    ['[DONE] alone', 'data: [DONE]\n\n', 'upstream_invalid'],
    ['text that is not JSON', 'data: {oops\n\n', 'upstream_invalid'],
    ['JSON that is no object', 'data: 1\n\n', 'upstream_invalid'],
    ['a bare JSON error', '{"error":{"message":"no","code":503}}', 'upstream_busy'],
    ['a flat error object', 'data: {"object":"error","message":"no","code":429}\n\n', 'upstream_rate_limited'],
    ['a finish reason that says error', stream({ delta: {}, finish_reason: 'error' }), 'upstream_failed'],
  ])('%s is an error', (_, bytes, code) => {
    expect(() => decode(bytes)).toThrow(expect.objectContaining({ code }));
  });
});
