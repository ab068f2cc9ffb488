import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.ts';
import { inbound as responsesInbound } from '../../../../src/protocols/openai-responses/inbound.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { readFixture } from '../../../support/read-fixture.ts';
import { route } from './samples.ts';

const codex: JsonObject = JSON.parse(readFixture('responses/codex-request.json').toString('utf8'));

function decode(body: JsonObject) {
  return responsesInbound.decode({ model: 'gpt', input: 'hi', ...body }, route);
}

function messages(input: unknown) {
  return decode({ input }).request.messages;
}

function errorOf(body: JsonObject): GatewayError {
  try {
    decode(body);
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown;
    throw thrown;
  }
  throw new Error('decoded');
}

describe('a request of Codex', () => {
  const { request, drops } = responsesInbound.decode(codex, route);

  test('keeps instructions, developer and user messages in place', () => {
    expect(request.messages.map((message) => message.role)).toEqual(['system', 'developer', 'user', 'user']);
    expect(request.messages[0]?.content).toEqual([{ kind: 'text', text: 'You are a coding agent.' }]);
  });

  test('makes groups and custom tools plain functions', () => {
    expect(request.tools.map(({ name, namespace, strict }) => ({ name, namespace, strict }))).toEqual([
      { name: 'shell', namespace: undefined, strict: false },
      { name: 'apply_patch', namespace: undefined, strict: undefined },
      { name: 'mcp__notes__search', namespace: 'mcp__notes', strict: false },
      { name: 'mcp__notes__read', namespace: 'mcp__notes', strict: undefined },
    ]);
    const patch = request.tools[1];
    expect(patch?.parameters).toMatchObject({ properties: { input: { type: 'string' } }, required: ['input'] });
    expect(patch?.description).toContain('start: begin_patch hunk+ end_patch');
  });

  test('names what only the provider can run, and keeps what only the protocol knows', () => {
    expect(drops).toEqual(['tools.web_search']);
    expect(Object.keys(request.extensions?.responses ?? {})).toEqual(['prompt_cache_key', 'client_metadata']);
    expect(request.reasoning).toEqual({ summary: 'auto' });
    expect(request.stream).toBe(true);
  });

  test('has facts without being decoded', () => {
    const facts = responsesInbound.facts(codex, route);
    expect(facts).toMatchObject({ model: 'llama3.1', stream: true, includeUsage: true, maxTokens: undefined });
    expect([...facts.needs]).toEqual(['tools']);
    expect(facts.promptTokens).toBeGreaterThan(50);
  });
});

describe('input', () => {
  test('a string is a user message', () => {
    expect(messages('hello')).toEqual([{ role: 'user', content: [{ kind: 'text', text: 'hello' }] }]);
  });

  test('a message may lack its type and have a string as content', () => {
    expect(messages([{ role: 'assistant', content: 'yes' }])).toEqual([
      { role: 'assistant', content: [{ kind: 'text', text: 'yes' }] },
    ]);
  });

  test('images, files and audio', () => {
    const content = [
      { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
      { type: 'input_image', image_url: 'https://example.com/a.png' },
      { type: 'input_image', file_id: 'file_1' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' },
      { type: 'input_file', filename: 'b.bin', file_data: 'CCCC' },
      { type: 'input_file', file_url: 'https://example.com/c.pdf' },
      { type: 'input_audio', input_audio: { data: 'DDDD', format: 'mp3' } },
    ];
    expect(messages([{ role: 'user', content }])[0]?.content).toEqual([
      { kind: 'image', source: { kind: 'bytes', mediaType: 'image/png', base64: 'AAAA' }, detail: 'low' },
      { kind: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } },
      { kind: 'image', source: { kind: 'file', id: 'file_1' } },
      { kind: 'document', source: { kind: 'bytes', mediaType: 'application/pdf', base64: 'BBBB' }, name: 'a.pdf' },
      {
        kind: 'document',
        source: { kind: 'bytes', mediaType: 'application/octet-stream', base64: 'CCCC' },
        name: 'b.bin',
      },
      { kind: 'document', source: { kind: 'url', url: 'https://example.com/c.pdf' } },
      { kind: 'audio', source: { kind: 'bytes', mediaType: 'audio/mpeg', base64: 'DDDD' }, format: 'mp3' },
    ]);
  });

  test('reasoning, text and calls of one turn become one message, their outputs one more', () => {
    const turns = messages([
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Plan' }], encrypted_content: 'gAA=' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Looking.', annotations: [] }] },
      { type: 'function_call', call_id: 'c1', name: 'search', namespace: 'mcp__notes', arguments: '{}' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'apply_patch', input: 'a "quoted"\npatch' },
      { type: 'function_call_output', call_id: 'c1', output: 'found' },
      {
        type: 'custom_tool_call_output',
        call_id: 'c2',
        output: [
          { type: 'input_text', text: 'done' },
          { type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
        ],
      },
    ]);
    expect(turns).toEqual([
      {
        role: 'assistant',
        content: [
          {
            kind: 'reasoning',
            text: 'Plan',
            isSummary: true,
            seal: { protocol: 'responses', value: 'gAA=' },
            id: 'rs_1',
          },
          { kind: 'text', text: 'Looking.' },
          { kind: 'tool-call', id: 'c1', name: 'mcp__notes__search', arguments: '{}' },
          { kind: 'tool-call', id: 'c2', name: 'apply_patch', arguments: '{"input":"a \\"quoted\\"\\npatch"}' },
        ],
      },
      {
        role: 'tool',
        content: [
          { kind: 'tool-result', id: 'c1', name: 'mcp__notes__search', content: [{ kind: 'text', text: 'found' }] },
          {
            kind: 'tool-result',
            id: 'c2',
            name: 'apply_patch',
            content: [
              { kind: 'text', text: 'done' },
              { kind: 'image', source: { kind: 'bytes', mediaType: 'image/png', base64: 'AAAA' } },
            ],
          },
        ],
      },
    ]);
  });

  test('an output that no call asked for is told by the user, and one without either name or call is refused', () => {
    const orphan = { type: 'function_call_output', namespace: 'agent', name: 'goal', output: 'ship it' };
    expect(messages([orphan])).toEqual([
      {
        role: 'user',
        content: [
          { kind: 'text', text: 'Output of agent__goal:' },
          { kind: 'text', text: 'ship it' },
        ],
      },
    ]);
    expect(errorOf({ input: [{ type: 'function_call_output', output: 'x' }] }).param).toBe('input[0].call_id');
  });

  test('what only the provider understands is dropped by name, once', () => {
    const input = [
      { type: 'web_search_call', id: 'x', action: {} },
      { type: 'web_search_call', id: 'y', action: {} },
      { type: 'item_reference', id: 'msg_1' },
      { id: 'msg_2' },
      { type: 'constructor' },
      { role: 'user', content: [{ type: 'input_text', text: 'hi' }, { type: 'input_video' }] },
    ];
    expect(decode({ input }).drops).toEqual([
      'input.web_search_call',
      'input.item_reference',
      'input.constructor',
      'content.input_video',
    ]);
  });
});

describe('settings', () => {
  test('formats, limits and sampling', () => {
    const schema = { type: 'object', properties: {} };
    const { request } = decode({
      text: { format: { type: 'json_schema', name: 'answer', schema, strict: true }, verbosity: 'low' },
      max_output_tokens: 16,
      temperature: 0,
      top_p: 0.5,
      top_logprobs: 2,
      reasoning: { effort: 'high', summary: 'auto' },
      safety_identifier: 'user-1',
      metadata: { a: 'b' },
      service_tier: 'flex',
      parallel_tool_calls: false,
      truncation: 'auto',
    });
    expect(request).toMatchObject({
      output: { kind: 'json-schema', name: 'answer', schema, strict: true },
      maxTokens: 16,
      temperature: 0,
      topP: 0.5,
      logprobs: true,
      topLogprobs: 2,
      reasoning: { effort: 'high', summary: 'auto' },
      user: 'user-1',
      metadata: { a: 'b' },
      serviceTier: 'flex',
      parallelToolCalls: false,
      extensions: { responses: { truncation: 'auto', 'text.verbosity': 'low' } },
    });
  });

  test.each([
    ['auto', { kind: 'auto' }],
    ['none', { kind: 'none' }],
    ['required', { kind: 'required' }],
    [
      { type: 'function', name: 'f' },
      { kind: 'tool', name: 'f' },
    ],
    [
      { type: 'custom', name: 'f' },
      { kind: 'tool', name: 'f' },
    ],
    [
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'f' }, { type: 'web_search' }] },
      { kind: 'allowed', names: ['f'], isRequired: true },
    ],
    [{ type: 'web_search' }, undefined],
  ])('tool_choice %j', (choice, expected) => {
    const tools = [{ type: 'function', name: 'f', parameters: {} }];
    expect(decode({ tools, tool_choice: choice }).request.toolChoice).toEqual(expected);
  });

  test('a choice among no tools is left out', () => {
    const { request } = decode({ tools: [{ type: 'web_search' }], tool_choice: 'required' });
    expect(request.toolChoice).toBeUndefined();
  });

  test('null is the same as absent', () => {
    const nothing = Object.fromEntries(
      ['instructions', 'tools', 'tool_choice', 'text', 'temperature', 'reasoning', 'prompt', 'conversation'].map(
        (key) => [key, null],
      ),
    );
    const { request, drops } = decode(nothing);
    expect(drops).toEqual([]);
    expect(request.messages).toHaveLength(1);
    expect(request.temperature).toBeUndefined();
  });

  test('long flattened names fit every upstream and stay distinct', () => {
    const group = (name: string) => ({
      type: 'namespace',
      name: `${'n'.repeat(60)}`,
      tools: [{ type: 'function', name }],
    });
    const names = decode({ tools: [group('one'), group('two')] }).request.tools.map((tool) => tool.name);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(64);
  });
});

describe('refusals', () => {
  test.each([
    [{ input: 7 }, 'input'],
    [{ input: ['x'] }, 'input[0]'],
    [{ input: [{ role: 'robot', content: 'x' }] }, 'input[0].role'],
    [{ input: [{ type: 'function_call', name: 'f', arguments: '{}' }] }, 'input[0].call_id'],
    [{ input: [{ role: 'user', content: [{ type: 'input_text' }] }] }, 'input[0].content[0].text'],
    [{ input: [{ role: 'user', content: [{ type: 'input_image' }] }] }, 'input[0].content[0].image_url'],
    [{ tools: [{ type: 'namespace', name: 'g', tools: [{ type: 'function' }] }] }, 'tools[0].tools[0].name'],
    [{ tool_choice: 'maybe' }, 'tool_choice'],
    [{ text: { format: { type: 'xml' } } }, 'text.format.type'],
    [{ text: { format: { type: 'json_schema', name: 'x' } } }, 'text.format.schema'],
    [{ reasoning: { effort: 'lots' } }, 'reasoning.effort'],
    [{ temperature: 'hot' }, 'temperature'],
    [{ metadata: { a: 1 } }, 'metadata.a'],
  ])('%j names %s', (body, param) => {
    expect(errorOf(body)).toMatchObject({ code: 'bad_request', param, status: 400 });
  });

  test.each(['background', 'conversation', 'prompt'])(
    '%s would change the prompt or the answer: unsupported',
    (field) => {
      expect(errorOf({ [field]: field === 'background' ? true : 'some' })).toMatchObject({
        code: 'unsupported',
        param: field,
      });
    },
  );
});

describe('facts', () => {
  test('needs follow the parts and the format, and odd shapes count as nothing', () => {
    const facts = responsesInbound.facts(
      {
        model: 'm',
        input: [
          { role: 'user', content: [{ type: 'input_image', image_url: `data:image/png;base64,${'A'.repeat(4000)}` }] },
          { type: 'function_call_output', output: [{ type: 'input_file', file_data: 'A'.repeat(4000) }] },
          17,
          null,
        ],
        text: { format: { type: 'json_schema' } },
        tools: [{ type: 'web_search' }],
        max_output_tokens: 5,
      },
      route,
    );
    expect([...facts.needs].sort()).toEqual(['documents', 'structured_output', 'vision']);
    expect(facts.maxTokens).toBe(5);
    // One image at its usual price and a few words, none of the base64.
    expect(facts.promptTokens).toBeGreaterThan(800);
    expect(facts.promptTokens).toBeLessThan(900);
  });
});
