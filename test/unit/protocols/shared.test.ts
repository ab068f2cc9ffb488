import { describe, expect, test } from 'vitest';
import type { CanonicalResponse, Part } from '../../../src/protocols/canonical.ts';
import { collectParts, responseParts } from '../../../src/protocols/collect.ts';
import { parseDataUrl, toDataUrl } from '../../../src/protocols/data-url.ts';
import { estimateInput } from '../../../src/protocols/estimate.ts';
import { foreignFields, unknownFields } from '../../../src/protocols/extensions.ts';
import { at, present } from '../../../src/protocols/fields.ts';
import { retryAfterMs } from '../../../src/protocols/retry-after.ts';
import { request, user } from './openai-chat/samples.ts';

const answer: CanonicalResponse = {
  id: 'x',
  model: 'm',
  created: 7,
  choices: [
    {
      index: 0,
      content: [
        { kind: 'reasoning', text: '', seal: { protocol: 'messages', value: 's', isRedacted: true } },
        { kind: 'reasoning', text: 'hm', seal: { protocol: 'messages', value: 't' } },
        { kind: 'text', text: 'Yes' },
        { kind: 'tool-call', id: 'c', name: 'f', arguments: '{}' },
      ],
      finishReason: 'tool-calls',
      rawFinishReason: 'tool_use',
      stopSequence: 'END',
      logprobs: [{ token: 'Yes', logprob: -1, top: [] }],
    },
    { index: 1, content: [], finishReason: 'stop' },
  ],
  usage: { input: 1, output: 2 },
};

describe('parts and answers', () => {
  test('turn into each other', () => {
    expect(collectParts(responseParts(answer))).toEqual(answer);
  });

  test('number their blocks through and close them', () => {
    const parts = responseParts(answer);
    const starts = parts.filter((part) => part.kind === 'block-start').map((part) => part.block);
    const ends = parts.filter((part) => part.kind === 'block-end').map((part) => part.block);
    expect(starts).toEqual([0, 1, 2, 3]);
    expect(ends).toEqual(starts);
  });

  test('without a finish reason end in other, with the last usage', () => {
    const parts: Part[] = [
      { kind: 'block-start', choice: 0, block: 0, content: { kind: 'text' } },
      { kind: 'usage', usage: { input: 1, output: 1 } },
      { kind: 'usage', usage: { input: 1, output: 2 } },
    ];
    expect(collectParts(parts)).toMatchObject({ choices: [{ finishReason: 'other' }], usage: { output: 2 } });
  });
});

describe('data URLs', () => {
  test.each([
    ['data:image/png;base64,AAAA', { kind: 'bytes', mediaType: 'image/png', base64: 'AAAA' }],
    ['DATA:image/svg+xml;charset=utf-8;BASE64,AAAA', { kind: 'bytes', mediaType: 'image/svg+xml', base64: 'AAAA' }],
    ['data:,a%20b', { kind: 'bytes', mediaType: 'text/plain', base64: 'YSBi' }],
    ['data:,100%', undefined],
    ['data:image/png;base64', undefined],
    ['https://a.example/b', undefined],
  ])('%s', (url, expected) => {
    expect(parseDataUrl(url)).toEqual(expected);
  });

  test('are made from bytes', () => {
    expect(toDataUrl({ kind: 'bytes', mediaType: 'image/png', base64: 'AAAA' })).toBe('data:image/png;base64,AAAA');
  });
});

describe('estimates', () => {
  test('count text, messages, tools and images', () => {
    const image = { kind: 'image' as const, source: { kind: 'url' as const, url: 'https://a.example' } };
    const plain = estimateInput(request({ messages: [user('a'.repeat(400))] }));
    expect(plain).toBe(104);
    expect(estimateInput(request({ messages: [user('a'.repeat(400), image)] })) - plain).toBe(801);
    const tools = [{ name: 'f', parameters: {} }];
    expect(estimateInput(request({ messages: [user('a'.repeat(400))], tools }))).toBeGreaterThan(plain);
  });
});

describe('extensions', () => {
  test('hold what a decoder does not know, under its name', () => {
    expect(unknownFields({ a: 1, b: null, c: 2 }, new Set(['a']), 'ollama')).toEqual({ ollama: { c: 2 } });
    expect(unknownFields({ a: 1 }, new Set(['a']), 'ollama')).toBeUndefined();
  });

  test('of other protocols are what a request loses', () => {
    expect(foreignFields({ extensions: { ollama: { a: 1 }, messages: { b: 2 } } }, 'ollama')).toEqual(['b']);
  });
});

describe('Retry-After', () => {
  const date = 'Fri, 20 Nov 2026 10:00:00 GMT';
  test.each([
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': ['3', '4'] }, 3000],
    [{ 'retry-after-ms': '20', 'retry-after': '2' }, 20],
    [{ 'retry-after': 'Fri, 20 Nov 2026 10:00:30 GMT', date }, 30_000],
    [{ 'retry-after': 'Fri, 20 Nov 2026 09:00:00 GMT', date }, undefined],
    [{ 'retry-after': 'Fri, 20 Nov 2026 10:00:30 GMT' }, undefined],
    [{ 'retry-after': 'soon', date }, undefined],
    [{}, undefined],
  ])('of %j', (headers, expected) => {
    expect(retryAfterMs(headers)).toBe(expected);
  });
});

test('paths of fields read like the code that reaches them', () => {
  expect(at(at(at('', 'messages'), 2), 'content')).toBe('messages[2].content');
});

test('absent fields stay absent', () => {
  expect(Object.keys(present({ a: 1, b: undefined, c: null }))).toEqual(['a', 'c']);
});
