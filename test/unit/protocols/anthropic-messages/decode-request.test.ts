import { describe, expect, it } from 'vitest';
import { inbound as messagesInbound } from '../../../../src/protocols/anthropic-messages/inbound.ts';
import { hasForeignReasoning } from '../../../../src/protocols/anthropic-messages/seal.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { readFixture } from '../../../support/read-fixture.ts';
import { route } from './samples.ts';

const agentRequest: JsonObject = JSON.parse(readFixture('anthropic/agent-request.json').toString('utf8'));

function decode(fields: JsonObject) {
  const body = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }], ...fields };
  return messagesInbound.decode(body, route);
}

function problemOf(fields: JsonObject): { readonly code: string; readonly param: unknown; readonly message: string } {
  try {
    decode(fields);
  } catch (thrown) {
    const { code, param, message } = thrown as { code: string; param: unknown; message: string };
    return { code, param, message };
  }
  throw new Error('the request was accepted');
}

describe('an agent request', () => {
  const { request, drops } = messagesInbound.decode(agentRequest, route);

  it('loses the billing header, which would spoil prefix caches, and nothing else of the system prompt', () => {
    expect(request.messages[0]).toEqual({
      role: 'system',
      content: [
        { kind: 'text', text: 'You are an agent.', cache: { ttl: '1h' } },
        { kind: 'text', text: 'Use the tools.', cache: {} },
      ],
    });
    expect(drops).toContain('x-anthropic-billing-header');
  });

  it('keeps a system message in the middle of the conversation where it is', () => {
    expect(request.messages.map((message) => message.role)).toEqual([
      'system',
      'user',
      'system',
      'assistant',
      'tool',
      'tool',
      'user',
    ]);
  });

  it('keeps thinking with its seals and calls with their ids, and names the server tool that it leaves out', () => {
    expect(request.messages[3]?.content).toEqual([
      { kind: 'reasoning', text: 'Two tools at once.', seal: { protocol: 'messages', value: 'EqQBsigned==' } },
      { kind: 'reasoning', text: '', seal: { protocol: 'messages', value: 'EmwKredacted', isRedacted: true } },
      { kind: 'text', text: 'Looking.' },
      { kind: 'tool-call', id: 'toolu_01A', name: 'Bash', arguments: '{"command":"ls"}' },
      { kind: 'tool-call', id: 'toolu_01B', name: 'Read', arguments: '{}' },
    ]);
    expect(drops).toContain('server_tool_use');
  });

  it('gives each tool result a message of its own with the name of its call', () => {
    expect(request.messages[5]?.content).toEqual([
      {
        kind: 'tool-result',
        id: 'toolu_01B',
        name: 'Read',
        isError: true,
        content: [
          { kind: 'text', text: 'no such file' },
          { kind: 'image', source: { kind: 'bytes', mediaType: 'image/png', base64: 'iVBORw0KGgo=' } },
        ],
      },
    ]);
  });

  it('keeps custom tools and names server tools', () => {
    expect(request.tools.map((tool) => tool.name)).toEqual(['Bash', 'Read']);
    expect(drops).toContain('tools.web_search_20250305');
  });

  it('asks for reasoning by effort and leaves its size to the model', () => {
    expect(request.reasoning).toEqual({ effort: 'high', budgetTokens: -1, summary: 'auto' });
  });

  it('keeps fields that only Anthropic knows under its name', () => {
    expect(Object.keys(request.extensions?.messages ?? {})).toEqual(['context_management']);
  });

  it('tells planning what it needs without thinking being a need', () => {
    const facts = messagesInbound.facts(agentRequest, route);
    expect([...facts.needs].sort()).toEqual(['tools', 'vision']);
    expect(facts).toMatchObject({ model: 'claude-opus-4-8', stream: true, maxTokens: 32000, includeUsage: true });
    expect(facts.promptTokens).toBeGreaterThan(100);
  });
});

describe('content', () => {
  it.each([
    [
      'base64 PDF',
      { type: 'base64', media_type: 'application/pdf', data: 'JVBE' },
      { kind: 'bytes', mediaType: 'application/pdf', base64: 'JVBE' },
    ],
    [
      'text',
      { type: 'text', media_type: 'text/plain', data: 'words' },
      { kind: 'text', text: 'words', mediaType: 'text/plain' },
    ],
    ['url', { type: 'url', url: 'https://x.test/a.pdf' }, { kind: 'url', url: 'https://x.test/a.pdf' }],
    ['file', { type: 'file', file_id: 'file_1' }, { kind: 'file', id: 'file_1' }],
    [
      'blocks',
      {
        type: 'content',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { kind: 'text', text: 'a\nb' },
    ],
  ])('reads a document from %s', (_name, source, expected) => {
    const { request } = decode({ messages: [{ role: 'user', content: [{ type: 'document', title: 'T', source }] }] });
    expect(request.messages[0]?.content).toEqual([{ kind: 'document', name: 'T', source: expected }]);
  });

  it('tells a search result as text', () => {
    const block = {
      type: 'search_result',
      title: 'T',
      source: 'https://x.test',
      content: [{ type: 'text', text: 'found' }],
    };
    const { request } = decode({ messages: [{ role: 'user', content: [block] }] });
    expect(request.messages[0]?.content).toEqual([{ kind: 'text', text: 'T (https://x.test)\nfound' }]);
  });

  it('brings a foreign seal home', () => {
    const block = { type: 'thinking', thinking: 't', signature: 'router:generate_content:abc:d' };
    const { request } = decode({ messages: [{ role: 'assistant', content: [block] }] });
    expect(request.messages[0]?.content).toEqual([
      { kind: 'reasoning', text: 't', seal: { protocol: 'generate_content', value: 'abc:d' } },
    ]);
  });

  it.each([
    ['an empty signature', '', true],
    ['a signature of ours', 'router:responses:x', true],
    ['a signature of Anthropic', 'EqQB', false],
  ])('knows reasoning with %s as foreign: %s', (_name, signature, expected) => {
    const messages = [{ role: 'assistant', content: [{ type: 'thinking', thinking: 't', signature }] }];
    expect(hasForeignReasoning({ messages })).toBe(expected);
  });
});

describe('parameters', () => {
  it.each([
    [{ type: 'auto' }, { kind: 'auto' }],
    [{ type: 'any' }, { kind: 'required' }],
    [{ type: 'none' }, { kind: 'none' }],
    [
      { type: 'tool', name: 'look' },
      { kind: 'tool', name: 'look' },
    ],
  ])('reads tool_choice %j', (tool_choice, expected) => {
    const tools = [{ name: 'look', input_schema: { type: 'object' } }];
    expect(decode({ tools, tool_choice }).request.toolChoice).toEqual(expected);
  });

  it('drops a choice that only a server tool could meet', () => {
    const tools = [{ type: 'bash_20250124', name: 'bash' }];
    const { request, drops } = decode({ tools, tool_choice: { type: 'tool', name: 'bash' } });
    expect(request.toolChoice).toBeUndefined();
    expect(drops).toEqual(['tools.bash_20250124', 'tool_choice']);
  });

  it('shows deferred tools once they were found or called, or when only Anthropic could find them', () => {
    const tool = (name: string) => ({ name, input_schema: { type: 'object' }, defer_loading: true });
    const tools = [tool('found'), tool('called'), tool('hidden')];
    const reference = { type: 'tool_reference', tool_name: 'found' };
    const messages = [
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'called', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [reference] }] },
    ];
    const names = (fields: JsonObject) => decode(fields).request.tools.map(({ name }) => name);
    expect(names({ tools, messages })).toEqual(['found', 'called']);
    const search = { type: 'tool_search_tool_regex_20251119', name: 'tool_search_tool_regex' };
    expect(names({ tools: [search, ...tools], messages })).toEqual(['found', 'called', 'hidden']);
  });

  it('reads disable_parallel_tool_use', () => {
    expect(decode({ tool_choice: { type: 'auto', disable_parallel_tool_use: true } }).request.parallelToolCalls).toBe(
      false,
    );
  });

  it.each([
    [{ thinking: { type: 'enabled', budget_tokens: 2048 } }, { budgetTokens: 2048, summary: 'auto' }],
    [{ thinking: { type: 'adaptive', display: 'omitted' } }, { budgetTokens: -1 }],
    [{ thinking: { type: 'disabled' } }, { effort: 'none', budgetTokens: 0 }],
    [{ output_config: { effort: 'xhigh' } }, { effort: 'xhigh' }],
  ])('reads reasoning from %j', (fields, expected) => {
    expect(decode(fields).request.reasoning).toEqual(expected);
  });

  it.each(['output_config', 'output_format'])('reads a schema from %s', (key) => {
    const format = { type: 'json_schema', schema: { type: 'object' } };
    const { request } = decode({ [key]: key === 'output_config' ? { format } : format });
    expect(request.output).toMatchObject({ kind: 'json-schema', schema: { type: 'object' } });
  });

  it('reads the rest', () => {
    const { request } = decode({
      temperature: 0.5,
      top_p: 0.9,
      top_k: 5,
      stop_sequences: ['END'],
      metadata: { user_id: 'u' },
      service_tier: 'standard_only',
    });
    expect(request).toMatchObject({
      temperature: 0.5,
      topP: 0.9,
      topK: 5,
      stop: ['END'],
      user: 'u',
      serviceTier: 'default',
    });
  });

  it('keeps the beta header beside the fields that need it', () => {
    const body = { model: 'm', max_tokens: 1, messages: [], mcp_servers: [] };
    const { request } = messagesInbound.decode(body, { ...route, headers: { 'anthropic-beta': 'mcp-client' } });
    expect(request.extensions).toEqual({ messages: { mcp_servers: [], 'anthropic-beta': 'mcp-client' } });
  });

  it('never puts a client’s control characters into a name', () => {
    expect(decode({ output_config: { 'a\r\nb': 1 } }).drops).toEqual(['output_config.a__b']);
  });
});

describe('a wrong field is a bad_request that names it', () => {
  it.each([
    [{ max_tokens: undefined }, 'max_tokens', 'max_tokens: Field required'],
    [{ max_tokens: '5' }, 'max_tokens', 'max_tokens: Input should be an integer that is not negative'],
    [{ model: 5 }, 'model', 'model: Input should be a string'],
    [{ messages: 'hi' }, 'messages', 'messages: Input should be a list'],
    [{ messages: ['hi'] }, 'messages.0', 'messages.0: Input should be an object'],
    [
      { messages: [{ role: 'bot', content: 'x' }] },
      'messages.0.role',
      "messages.0.role: Input should be 'user', 'assistant' or 'system'",
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'text' }] }] },
      'messages.0.content.0.text',
      'messages.0.content.0.text: Field required',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'ftp' } }] }] },
      'messages.0.content.0.source.type',
      "messages.0.content.0.source.type: Input tag 'ftp' is not a known source",
    ],
    [{ tools: [{ name: 'x' }] }, 'tools.0.input_schema', 'tools.0.input_schema: Field required'],
    [
      { tool_choice: { type: 'maybe' } },
      'tool_choice.type',
      "tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'",
    ],
    [{ stop_sequences: [1] }, 'stop_sequences.0', 'stop_sequences.0: Input should be a string'],
    [
      { output_config: { effort: 'huge' } },
      'output_config.effort',
      'output_config.effort: Input should be one of low, medium, high, xhigh, max',
    ],
  ])('%j', (fields, param, message) => {
    expect(problemOf(fields)).toEqual({ code: 'bad_request', param, message });
  });

  it('while facts of the same bodies are still read', () => {
    expect(messagesInbound.facts({ messages: 'x', tools: 5, model: 1 }, route)).toMatchObject({ model: undefined });
  });
});
