import { describe, expect, test } from 'vitest';
import { inspector as chatInspector } from '../../../../src/protocols/openai-chat/inspector.ts';
import type { EventMeaning } from '../../../../src/protocols/protocol.ts';
import { parseEvent, SseSplitter } from '../../../../src/transport/sse.ts';
import { readCapture, readFixture } from '../../../support/read-fixture.ts';
import { candidate } from './samples.ts';

const target = candidate();
const meaning = (data: unknown, event = '') =>
  chatInspector.meaning(event, typeof data === 'string' ? data : JSON.stringify(data), target);
const delta = (fields: object, choice: object = {}) => meaning({ choices: [{ index: 0, delta: fields, ...choice }] });

describe('before content', () => {
  test.each([
    ['a role', { role: 'assistant', content: null }],
    ['an empty text', { content: '' }],
    ['empty lists and nulls', { tool_calls: [], reasoning_content: '', refusal: null, function_call: null }],
    ['nothing', {}],
  ])('comes %s', (_, fields) => {
    expect(delta(fields)).toEqual({ kind: 'preamble', usage: undefined });
  });

  test('comes a chunk without choices', () => {
    expect(meaning({ choices: [], prompt_filter_results: [{}] })).toMatchObject({ kind: 'preamble' });
  });
});

test.each([
  ['text', { content: 'a' }],
  ['parts of text', { content: [{ type: 'text', text: 'a' }] }],
  ['reasoning', { reasoning_content: 'a' }],
  ['reasoning of others', { reasoning: 'a' }],
  ['a tool call', { tool_calls: [{ index: 0 }] }],
  ['a function call', { function_call: { name: 'f' } }],
  ['a refusal', { refusal: 'No.' }],
  ['audio', { audio: { data: 'AAAA' } }],
])('%s is content', (_, fields) => {
  expect(delta(fields)).toMatchObject({ kind: 'content' });
});

describe('the end', () => {
  test('is a finish reason, content or not', () => {
    expect(delta({}, { finish_reason: 'stop' })).toMatchObject({ kind: 'finish' });
    expect(delta({ content: 'a' }, { finish_reason: 'length' })).toMatchObject({ kind: 'finish' });
  });

  test('has its marker', () => {
    expect(meaning('[DONE]')).toEqual({ kind: 'end' });
  });

  test('may carry usage, alone or with the finish', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2 };
    expect(meaning({ choices: [], usage })).toMatchObject({ kind: 'usage', usage: { input: 1, output: 2 } });
    const finish = { choices: [{ delta: {}, finish_reason: 'stop' }], usage };
    expect(meaning(finish)).toMatchObject({ kind: 'finish', usage: { input: 1, output: 2 } });
  });
});

test.each<[string, EventMeaning, string]>([
  ['an error object', meaning({ error: { message: 'no', code: 503 } }), 'upstream_busy'],
  ['an error event', meaning({ message: 'no' }, 'error'), 'upstream_failed'],
  ['an error event of text', meaning('no', 'error'), 'upstream_failed'],
  ['a flat error', meaning({ object: 'error', message: 'no', code: 400 }), 'upstream_rejected'],
  ['a finish reason that says error', delta({}, { finish_reason: 'error' }), 'upstream_failed'],
  ['what is no JSON', meaning('{"choices"'), 'upstream_invalid'],
])('%s is an error', (_, found, code) => {
  expect(found).toMatchObject({ kind: 'error', error: { code } });
});

describe('what is worth reading once content flows', () => {
  /** Whether the pattern finds every event that is more than content. */
  function missed(bytes: Buffer): readonly string[] {
    return new SseSplitter().split(bytes).flatMap((raw) => {
      const { event, data } = parseEvent(raw);
      const kind = data === undefined ? 'preamble' : chatInspector.meaning(event, data, target).kind;
      const isPlain = kind === 'content' || kind === 'preamble';
      return isPlain || chatInspector.interesting.test(raw.toString('latin1')) ? [] : [raw.toString('utf8')];
    });
  }

  test.each([
    'chat-stream-usage',
    'chat-tool-call-stream',
    'think-chat-stream',
    'shared-stream-error',
    'completions-stream',
  ])('%s', (name) => {
    expect(missed(readCapture(name).body)).toEqual([]);
  });

  test.each(['ollama-silent-end', 'vllm-error-then-done', 'lm-studio-error-event', 'openrouter-reasoning'])(
    '%s',
    (name) => {
      expect(missed(readFixture(`openai/${name}.chunks.txt`))).toEqual([]);
    },
  );

  test('text that looks like an end is not', () => {
    const content = '"finish_reason":"stop" "error":{} "usage":{';
    const chunk = `data: ${JSON.stringify({ choices: [{ delta: { content }, finish_reason: null }], usage: null })}\n\n`;
    expect(chatInspector.interesting.test(chunk)).toBe(false);
  });
});

describe('a whole answer', () => {
  test('gives its usage', () => {
    const body = JSON.parse(readCapture('chat').body.toString('utf8'));
    expect(chatInspector.answer(body, target)).toMatchObject({ usage: { input: 30, output: 4 } });
  });

  test.each([
    ['no choice', { choices: [] }, 'upstream_invalid'],
    ['an error in a 200', { error: { message: 'no', code: 429 } }, 'upstream_rate_limited'],
  ])('of %s is a failure', (_, body, code) => {
    expect(() => chatInspector.answer(body, target)).toThrow(expect.objectContaining({ code }));
  });
});

test('the path is the same for streams', () => {
  expect([chatInspector.path(target, true), chatInspector.path(target, false)]).toEqual([
    '/chat/completions',
    '/chat/completions',
  ]);
});
