import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions';
import { describe, expect, test } from 'vitest';
import { inbound as chatInbound } from '../../../../src/protocols/openai-chat/inbound.ts';
import { withParameters } from '../../../../src/protocols/preset-parameters.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { request, route } from './samples.ts';

const decode = (body: JsonObject) => chatInbound.decode(body, route);
const hi = [{ role: 'user', content: 'Hi' }];
const decodeMessages = (...messages: readonly object[]) => decode({ model: 'm', messages }).request.messages;
const decodeFields = (fields: JsonObject) => decode({ model: 'm', messages: hi, ...fields }).request;
const contentOf = (...parts: readonly object[]) => decodeMessages({ role: 'user', content: parts })[0]?.content;

describe('a whole request', () => {
  const body: ChatCompletionCreateParams = {
    model: 'm',
    messages: [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', name: 'ann', content: [{ type: 'text', text: 'Weather?' }] },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'sunny' },
    ],
    tools: [
      { type: 'function', function: { name: 'weather', description: 'Tells it', parameters: { type: 'object' } } },
    ],
    tool_choice: { type: 'function', function: { name: 'weather' } },
    parallel_tool_calls: false,
    max_completion_tokens: 9,
    stop: 'END',
    reasoning_effort: 'low',
    response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'object' }, strict: true } },
    stream: true,
    stream_options: { include_usage: true },
    metadata: { a: 'b' },
    verbosity: 'low',
  };

  test('of the SDK is carried', () => {
    expect(decode({ ...body })).toEqual({
      drops: [],
      request: {
        model: 'm',
        messages: [
          { role: 'developer', content: [{ kind: 'text', text: 'Be brief.' }] },
          { role: 'user', name: 'ann', content: [{ kind: 'text', text: 'Weather?' }] },
          {
            role: 'assistant',
            content: [{ kind: 'tool-call', id: 'c1', name: 'weather', arguments: '{"city":"Rome"}' }],
          },
          {
            role: 'tool',
            content: [{ kind: 'tool-result', id: 'c1', name: 'weather', content: [{ kind: 'text', text: 'sunny' }] }],
          },
        ],
        tools: [{ name: 'weather', description: 'Tells it', parameters: { type: 'object' } }],
        toolChoice: { kind: 'tool', name: 'weather' },
        parallelToolCalls: false,
        maxTokens: 9,
        stop: ['END'],
        reasoning: { effort: 'low' },
        output: { kind: 'json-schema', name: 's', schema: { type: 'object' }, strict: true },
        stream: true,
        includeUsage: true,
        metadata: { a: 'b' },
        extensions: { chat_completions: { verbosity: 'low' } },
      },
    });
  });
});

describe('content', () => {
  test('takes images as data URL, http URL and bare string', () => {
    const png = { kind: 'bytes', mediaType: 'image/png', base64: 'AAAA' };
    expect(
      contentOf(
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
        { type: 'image_url', image_url: { url: 'https://a.example/b.png' } },
        { type: 'image_url', image_url: 'data:image/png;base64,AAAA' },
      ),
    ).toEqual([
      { kind: 'image', source: png, detail: 'low' },
      { kind: 'image', source: { kind: 'url', url: 'https://a.example/b.png' } },
      { kind: 'image', source: png },
    ]);
  });

  test('takes audio and files', () => {
    expect(
      contentOf(
        { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
        { type: 'file', file: { file_data: 'data:application/pdf;base64,BBBB', filename: 'a.pdf' } },
        { type: 'file', file: { file_data: 'CCCC' } },
        { type: 'file', file: { file_id: 'file-1' } },
      ),
    ).toEqual([
      { kind: 'audio', source: { kind: 'bytes', mediaType: 'audio/mpeg', base64: 'AAAA' }, format: 'mp3' },
      { kind: 'document', source: { kind: 'bytes', mediaType: 'application/pdf', base64: 'BBBB' }, name: 'a.pdf' },
      { kind: 'document', source: { kind: 'bytes', mediaType: 'application/pdf', base64: 'CCCC' } },
      { kind: 'document', source: { kind: 'file', id: 'file-1' } },
    ]);
  });

  test('keeps cache marks in both spellings', () => {
    expect(
      contentOf(
        { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
        { type: 'text', text: 'b', prompt_cache_breakpoint: { mode: 'explicit' } },
      ),
    ).toEqual([
      { kind: 'text', text: 'a', cache: { ttl: '1h' } },
      { kind: 'text', text: 'b', cache: {} },
    ]);
  });

  test('loses empty texts, and unknown parts by name', () => {
    const content = [
      { type: 'text', text: '' },
      { type: 'video_url', video_url: {} },
    ];
    expect(decode({ messages: [{ role: 'user', content }] })).toMatchObject({
      request: { messages: [{ content: [] }] },
      drops: ['content.video_url'],
    });
  });
});

describe('assistant messages', () => {
  test.each(['reasoning_content', 'reasoning', 'thinking'])('may bring their reasoning as %s', (field) => {
    expect(decodeMessages({ role: 'assistant', [field]: 'hm', content: 'Yes' })[0]?.content).toEqual([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'text', text: 'Yes' },
    ]);
  });

  test('may bring sealed reasoning, which wins over its plain text', () => {
    const details = [
      { type: 'reasoning.text', text: 'hm', signature: 's1', format: 'anthropic-claude-v1' },
      { type: 'reasoning.encrypted', data: 's2', format: 'anthropic-claude-v1' },
      { type: 'reasoning.summary', summary: 'In short', format: 'openai-responses-v1', id: 'r' },
      { type: 'reasoning.encrypted', data: 's3', format: 'openai-responses-v1', id: 'r' },
    ];
    const message = { role: 'assistant', content: '', reasoning_content: 'hm', reasoning_details: details };
    expect(decodeMessages(message)[0]?.content).toEqual([
      { kind: 'reasoning', text: 'hm', seal: { protocol: 'messages', value: 's1' } },
      { kind: 'reasoning', text: '', seal: { protocol: 'messages', value: 's2', isRedacted: true } },
      { kind: 'reasoning', text: 'In short', isSummary: true, id: 'r', seal: { protocol: 'responses', value: 's3' } },
    ]);
  });

  test("keep Gemini's seal of a call", () => {
    const call = {
      id: 'c',
      type: 'function',
      function: { name: 'f', arguments: { a: 1 } },
      extra_content: { google: { thought_signature: 'sig' } },
    };
    expect(decodeMessages({ role: 'assistant', tool_calls: [call] })[0]?.content).toEqual([
      {
        kind: 'tool-call',
        id: 'c',
        name: 'f',
        arguments: '{"a":1}',
        seal: { protocol: 'generate_content', value: 'sig' },
      },
    ]);
  });

  test('may have refused', () => {
    expect(decodeMessages({ role: 'assistant', content: null, refusal: 'No.' })[0]?.content).toEqual([
      { kind: 'refusal', text: 'No.' },
    ]);
  });

  test('in the older form get ids that their results share', () => {
    const [call, result] = decodeMessages(
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
      { role: 'function', name: 'f', content: 'done' },
    );
    const [made] = call?.content ?? [];
    const [answered] = result?.content ?? [];
    expect(made).toMatchObject({ kind: 'tool-call', name: 'f', id: expect.stringMatching(/^call_/) });
    expect(answered).toMatchObject({ kind: 'tool-result', name: 'f', id: made?.kind === 'tool-call' ? made.id : '' });
  });

  test('lose calls of custom tools and audio by name', () => {
    const call = { id: 'c', type: 'custom', custom: { name: 'x', input: '' } };
    const message = { role: 'assistant', content: 'a', tool_calls: [call], audio: { id: 'a' } };
    expect(decode({ messages: [message] }).drops.toSorted()).toEqual(['messages.audio', 'tool_calls.custom']);
  });
});

describe('tools', () => {
  const tool = { type: 'function', function: { name: 'f' } };

  test('get parameters where they have none, and keep their cache mark', () => {
    expect(decodeFields({ tools: [{ ...tool, cache_control: { type: 'ephemeral' } }] }).tools).toEqual([
      { name: 'f', parameters: { type: 'object', properties: {} }, cache: {} },
    ]);
  });

  test('of other kinds are dropped by name, and the choice with the last of them', () => {
    const tools = [{ type: 'custom', custom: { name: 'x' } }, { type: 'web_search' }];
    const { request: decoded, drops } = decode({ messages: hi, tools, tool_choice: 'required' });
    expect(drops).toEqual(['tools.custom', 'tools.web_search']);
    expect(decoded).toMatchObject({ tools: [], toolChoice: undefined });
  });

  test('may come in the older form', () => {
    expect(decodeFields({ functions: [{ name: 'f' }], function_call: { name: 'f' } })).toMatchObject({
      tools: [{ name: 'f' }],
      toolChoice: { kind: 'tool', name: 'f' },
    });
  });

  test.each([
    ['auto', { kind: 'auto' }],
    ['none', { kind: 'none' }],
    ['required', { kind: 'required' }],
    ['any', { kind: 'required' }],
    [
      { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [tool] } },
      { kind: 'allowed', names: ['f'], isRequired: true },
    ],
    [{ type: 'custom', custom: { name: 'x' } }, undefined],
  ])('choice %j', (choice, expected) => {
    expect(decodeFields({ tools: [tool], tool_choice: choice }).toolChoice).toEqual(expected);
  });
});

describe('parameters', () => {
  test.each<[JsonObject, object | undefined]>([
    [{ reasoning_effort: 'high' }, { effort: 'high' }],
    [{ reasoning: { effort: 'none' } }, { effort: 'none' }],
    [{ reasoning: { max_tokens: 100 } }, { budgetTokens: 100 }],
    [{ reasoning: { enabled: false } }, { effort: 'none' }],
    [{ thinking: { type: 'enabled', budget_tokens: 50 } }, { budgetTokens: 50 }],
    [{ thinking: { type: 'disabled' } }, { effort: 'none' }],
    [{ reasoning_effort: 'extreme' }, undefined],
    [{}, undefined],
  ])('reasoning %j', (fields, expected) => {
    expect(decodeFields(fields).reasoning).toEqual(expected);
  });

  test('of null are absent', () => {
    const names = ['stop', 'temperature', 'tools', 'tool_choice', 'response_format', 'stream', 'logit_bias', 'user'];
    const nulls = Object.fromEntries(names.map((name) => [name, null]));
    expect(decodeFields(nulls)).toEqual(decodeFields({}));
  });

  test('of a preset fill what the request left out', () => {
    const filled = withParameters(request({ temperature: 0.1, extensions: { chat_completions: { a: 1 } } }), {
      temperature: 0.9,
      top_p: 0.5,
      a: 2,
      keep_alive: '5m',
    });
    expect(filled).toMatchObject({
      temperature: 0.1,
      topP: 0.5,
      messages: request().messages,
      extensions: { chat_completions: { a: 1, keep_alive: '5m' } },
    });
  });
});

describe('what is malformed names its field', () => {
  test.each<[JsonObject, string]>([
    [{}, 'messages'],
    [{ messages: {} }, 'messages'],
    [{ messages: ['a'] }, 'messages[0]'],
    [{ messages: [{ content: 'a' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'toString', content: 'a' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
    [{ messages: [...hi, { role: 'user', content: [{ text: 'a' }] }] }, 'messages[1].content[0].type'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'ftp://x' } }] }] },
      'messages[0].content[0].image_url.url',
    ],
    [{ messages: [{ role: 'tool', content: 'a' }] }, 'messages[0].tool_call_id'],
    [{ messages: [{ role: 'assistant', tool_calls: [{}] }] }, 'messages[0].tool_calls[0].function'],
    [{ messages: hi, temperature: '1' }, 'temperature'],
    [{ messages: hi, stop: ['a', 1] }, 'stop[1]'],
    [{ messages: hi, logit_bias: { 5: 'x' } }, 'logit_bias.5'],
    [{ messages: hi, tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [{ messages: hi, response_format: { type: 'json_schema' } }, 'response_format.json_schema'],
    [{ messages: hi, stream: 'yes' }, 'stream'],
  ])('%j', (body, param) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code: 'bad_request', param }));
  });
});

describe('facts', () => {
  const facts = (fields: JsonObject) => chatInbound.facts({ model: 'm', messages: hi, ...fields }, route);

  test('tell what planning needs', () => {
    expect(facts({ stream: true, stream_options: { include_usage: true }, max_tokens: 5 })).toEqual({
      model: 'm',
      stream: true,
      includeUsage: true,
      needs: new Set(),
      promptTokens: 1,
      maxTokens: 5,
    });
  });

  test('name the capabilities that parts and tools need', () => {
    const content = ['image_url', 'input_audio', 'file', 'text'].map((type) => ({ type }));
    const { needs } = facts({ tools: [{}], messages: [{ role: 'user', content }] });
    expect([...needs].toSorted()).toEqual(['audio', 'documents', 'tools', 'vision']);
  });

  test('count text, not the bytes of images', () => {
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(100_000)}` } };
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'a'.repeat(400) }, image] }];
    expect(facts({ messages }).promptTokens).toBe(100 + 800);
  });

  test('survive any body', () => {
    expect(facts({ messages: [null, 1, { content: [null, 3] }], tools: 'x', model: 7 })).toMatchObject({
      model: undefined,
      promptTokens: 0,
    });
  });
});
