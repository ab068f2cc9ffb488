import { describe, expect, test } from 'vitest';
import type { EndpointQuirks } from '../../../../src/core/model.ts';
import type { CanonicalRequest, ContentPart } from '../../../../src/protocols/canonical.ts';
import { outbound as chatOutbound } from '../../../../src/protocols/openai-chat/outbound.ts';
import { assistant, candidate, localModel, request, user } from './samples.ts';

const encode = (fields: Partial<CanonicalRequest>, quirks: EndpointQuirks = {}) =>
  chatOutbound.encode(request(fields), candidate({ quirks, model: { upstreamId: 'real' } }));

const image: ContentPart = { kind: 'image', source: { kind: 'bytes', mediaType: 'image/png', base64: 'AAAA' } };
const imageUrl: ContentPart = { kind: 'image', source: { kind: 'url', url: 'https://a.example/b.png' } };
const call: ContentPart = { kind: 'tool-call', id: 'c1', name: 'look', arguments: '{}' };
const tool = { name: 'look', parameters: { type: 'object' } };

test('a plain request has only what it says', () => {
  expect(encode({})).toEqual({
    path: '/chat/completions',
    body: { model: 'real', messages: [{ role: 'user', content: 'Hi' }] },
    drops: [],
  });
});

test('streams always ask for usage', () => {
  expect(encode({ stream: true }).body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  expect(encode({ stream: true }, { streamOptions: false }).body).not.toHaveProperty('stream_options');
});

test('a user with a long name is told apart by its hash', () => {
  const [one, other, short] = ['a'.repeat(65), 'b'.repeat(65), 'a'.repeat(64)].map(
    (user) => encode({ user }).body.user,
  );
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(other).not.toBe(one);
  expect(short).toBe('a'.repeat(64));
});

test.each([
  ['https://a.example/openai', '/deployments/my%20gpt/chat/completions?api-version=2025-01-01'],
  ['https://a.example/openai/deployments/x', '/chat/completions?api-version=2025-01-01'],
  ['https://a.example/openai/v1', '/chat/completions'],
])('at Azure below %s the path is %s', (baseUrl, path) => {
  const settings = { api_version: '2025-01-01' };
  const target = candidate({ type: 'azure', baseUrl, settings, model: { upstreamId: 'my gpt' } });
  expect(chatOutbound.encode(request(), target).path).toBe(path);
});

describe('quirks', () => {
  test('name the field of the token limit', () => {
    expect(encode({ maxTokens: 5 }).body).toMatchObject({ max_tokens: 5 });
    const body = encode({ maxTokens: 5 }, { tokenLimitField: 'max_completion_tokens' }).body;
    expect(body).toMatchObject({ max_completion_tokens: 5 });
    expect(body).not.toHaveProperty('max_tokens');
  });

  test('turn developer messages into system ones', () => {
    const messages = [{ role: 'developer' as const, content: [{ kind: 'text' as const, text: 'a' }] }];
    expect(encode({ messages }).body).toMatchObject({ messages: [{ role: 'developer' }] });
    expect(encode({ messages }, { developerRole: false }).body).toMatchObject({ messages: [{ role: 'system' }] });
  });

  test('ask for any object by a schema where json_object is refused', () => {
    expect(encode({ output: { kind: 'json' } }).body).toMatchObject({ response_format: { type: 'json_object' } });
    expect(encode({ output: { kind: 'json' } }, { jsonObject: false }).body).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { schema: { type: 'object' } } },
    });
  });

  test('move a request with an image URL on where only bytes are taken', () => {
    expect(encode({ messages: [user('a', imageUrl)] }).drops).toEqual([]);
    expect(() => encode({ messages: [user('a', imageUrl)] }, { imageBytesOnly: true })).toThrow(
      expect.objectContaining({ code: 'upstream_incapable', retry: 'next' }),
    );
  });

  test('drop rejected fields by name', () => {
    const { body, drops } = encode({ topK: 5, seed: 1 }, { rejectedFields: ['top_k', 'logit_bias'] });
    expect(body).not.toHaveProperty('top_k');
    expect(body).toMatchObject({ seed: 1 });
    expect(drops).toEqual(['top_k']);
  });

  test('send reasoning back in the field that is expected, or name it as dropped', () => {
    const messages = [assistant({ kind: 'reasoning', text: 'hm' }, 'Yes')];
    expect(encode({ messages }, { reasoningField: 'reasoning' }).body).toMatchObject({
      messages: [{ role: 'assistant', reasoning: 'hm', content: 'Yes' }],
    });
    expect(encode({ messages }).drops).toEqual(['reasoning']);
  });

  test('keep cache marks, or name them as dropped', () => {
    const messages = [user({ kind: 'text', text: 'a', cache: {} })];
    expect(encode({ messages }, { cacheMarks: true }).body).toMatchObject({
      messages: [{ content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] }],
    });
    expect(encode({ messages })).toMatchObject({ body: { messages: [{ content: 'a' }] }, drops: ['cache_control'] });
  });
});

describe('tool results', () => {
  const result = (content: readonly ContentPart[], isError?: boolean): ContentPart => ({
    kind: 'tool-result',
    id: 'c1',
    name: 'look',
    content,
    isError,
  });
  const text: ContentPart = { kind: 'text', text: 'seen' };

  test('inside a user message come before its text', () => {
    expect(encode({ messages: [assistant(call), user(result([text]), 'And now?')] }).body).toMatchObject({
      messages: [
        { role: 'assistant', content: null, tool_calls: [{ id: 'c1' }] },
        { role: 'tool', tool_call_id: 'c1', content: 'seen' },
        { role: 'user', content: 'And now?' },
      ],
    });
  });

  test('hand their images to the next user message', () => {
    const { body } = encode({ messages: [assistant(call), user(result([text, image])), user('And now?')] });
    expect(body).toMatchObject({
      messages: [
        { role: 'assistant' },
        { role: 'tool', content: 'seen' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Attached to the result of look (c1):' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
            { type: 'text', text: 'And now?' },
          ],
        },
      ],
    });
  });

  test('hand their images to a message of their own at the end', () => {
    const { body } = encode({ messages: [assistant(call), user(result([image]))] });
    expect(body).toMatchObject({ messages: [{}, { role: 'tool', content: '' }, { role: 'user' }] });
  });

  test('that are errors lose the mark by name', () => {
    expect(encode({ messages: [assistant(call), user(result([text], true))] }).drops).toEqual(['tool_result.is_error']);
  });
});

describe('tools', () => {
  test('that are not allowed are not offered', () => {
    const tools = [tool, { ...tool, name: 'touch' }];
    const { body } = encode({ tools, toolChoice: { kind: 'allowed', names: ['look'], isRequired: true } });
    expect(body).toMatchObject({ tools: [{ function: { name: 'look' } }], tool_choice: 'required' });
    expect(body.tools).toHaveLength(1);
  });

  test('may be chosen by name', () => {
    expect(encode({ tools: [tool], toolChoice: { kind: 'tool', name: 'look' } }).body).toMatchObject({
      tool_choice: { type: 'function', function: { name: 'look' } },
    });
  });

  test('without any, nothing about them is said', () => {
    expect(encode({ toolChoice: { kind: 'auto' }, parallelToolCalls: true }).body).toEqual(encode({}).body);
  });

  test('called without arguments are called with an empty object', () => {
    const messages = [assistant({ ...call, arguments: '' })];
    expect(encode({ messages }).body).toMatchObject({
      messages: [{ tool_calls: [{ function: { arguments: '{}' } }] }],
    });
  });
});

describe('reasoning', () => {
  test.each([
    [0, 'none'],
    [1024, 'low'],
    [4096, 'medium'],
    [32_000, 'high'],
    [-1, undefined],
  ])('with a budget of %d is %s', (budgetTokens, effort) => {
    expect(encode({ reasoning: { budgetTokens } }).body.reasoning_effort).toBe(effort);
  });

  test('is not asked of a model that is known to have none', () => {
    const target = candidate({ model: { capabilities: new Set(['tools']) } });
    const encoded = chatOutbound.encode(request({ reasoning: { effort: 'high' } }), target);
    expect(encoded.body).not.toHaveProperty('reasoning_effort');
    expect(encoded.drops).toEqual(['reasoning_effort']);
  });
});

describe('instructions', () => {
  const system = (text: string) => ({ role: 'system' as const, content: [{ kind: 'text' as const, text }] });
  const messages = [system('a'), system('b'), user('c'), system('d'), assistant('e'), system('f'), user('g')];

  test('stay in place at hosted models', () => {
    const { body } = encode({ messages });
    expect(body.messages).toEqual([
      { role: 'system', content: 'a' },
      { role: 'system', content: 'b' },
      { role: 'user', content: 'c' },
      { role: 'system', content: 'd' },
      { role: 'assistant', content: 'e' },
      { role: 'system', content: 'f' },
      { role: 'user', content: 'g' },
    ]);
  });

  test('come first or from the user at local models, whose templates refuse them elsewhere', () => {
    const { body, drops } = chatOutbound.encode(request({ messages }), candidate({ model: localModel }));
    const texts = (...list: readonly string[]) => list.map((text) => ({ type: 'text', text }));
    expect(body.messages).toEqual([
      { role: 'system', content: 'a\n\nb' },
      { role: 'user', content: texts('c', 'd') },
      { role: 'assistant', content: 'e' },
      { role: 'user', content: texts('f', 'g') },
    ]);
    expect(drops).toEqual([]);
  });

  test('that come after a tool result follow it', () => {
    const result: ContentPart = { kind: 'tool-result', id: 'c1', content: [{ kind: 'text', text: 'seen' }] };
    const conversation = [user('a'), assistant(call), user(result), system('b')];
    const { body } = chatOutbound.encode(request({ messages: conversation }), candidate({ model: localModel }));
    expect(body).toMatchObject({
      messages: [{}, {}, { role: 'tool', content: 'seen' }, { role: 'user', content: 'b' }],
    });
  });
});

describe('what only some understand', () => {
  test('fields of this protocol go back, those of others are named', () => {
    const extensions = { chat_completions: { verbosity: 'low' }, messages: { context_management: {} } };
    expect(encode({ extensions })).toMatchObject({ body: { verbosity: 'low' }, drops: ['context_management'] });
  });

  test('metadata goes with stored answers only', () => {
    const metadata = { a: 'b' };
    expect(encode({ metadata }).drops).toEqual(['metadata']);
    const stored = encode({ metadata, extensions: { chat_completions: { store: true } } });
    expect(stored.body).toMatchObject({ metadata, store: true });
  });

  test("other protocols' service tiers are dropped", () => {
    expect(encode({ serviceTier: 'standard_only' }).drops).toEqual(['service_tier']);
    expect(encode({ serviceTier: 'flex' }).body).toMatchObject({ service_tier: 'flex' });
  });

  test('documents of text go as text', () => {
    const base64 = Buffer.from('# A').toString('base64');
    const source = { kind: 'bytes' as const, mediaType: 'text/markdown', base64 };
    expect(encode({ messages: [user({ kind: 'document', source, name: 'a.md' })] }).body).toMatchObject({
      messages: [{ content: [{ type: 'text', text: 'a.md:\n# A' }] }],
    });
  });

  test.each<[string, ContentPart]>([
    ['documents by URL', { kind: 'document', source: { kind: 'url', url: 'https://a.example' } }],
    ['images by file id', { kind: 'image', source: { kind: 'file', id: 'f' } }],
    ['audio by URL', { kind: 'audio', source: { kind: 'url', url: 'https://a.example' } }],
  ])('%s move on', (_, part) => {
    expect(() => encode({ messages: [user(part)] })).toThrow(expect.objectContaining({ code: 'upstream_incapable' }));
  });
});
