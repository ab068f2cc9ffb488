import { describe, expect, it, onTestFinished } from 'vitest';
import { outbound as messagesOutbound } from '../../../../src/protocols/anthropic-messages/outbound.ts';
import type { CanonicalRequest, ContentPart } from '../../../../src/protocols/canonical.ts';
import { startAnthropicFake } from '../../../support/fake-servers/anthropic.ts';
import { assistant, call, candidate, lookTool, message, request, result, user } from './samples.ts';

function encode(fields: Partial<CanonicalRequest>, model?: string) {
  return messagesOutbound.encode(request(fields), candidate(model));
}

function bodyOf(fields: Partial<CanonicalRequest>, model?: string) {
  return encode(fields, model).body;
}

const thought: ContentPart = { kind: 'reasoning', text: 'hm', seal: { protocol: 'messages', value: 'EqQBfakeA' } };
const foreignThought: ContentPart = { kind: 'reasoning', text: 'hm', seal: { protocol: 'responses', value: 'x' } };

describe('the conversation', () => {
  it('has its leading instructions hoisted into system blocks', () => {
    const messages = [message('system', 'one'), message('developer', 'two'), user('hi')];
    expect(bodyOf({ messages })).toMatchObject({
      system: [
        { type: 'text', text: 'one' },
        { type: 'text', text: 'two' },
      ],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
    });
  });

  it('tells a later instruction in the user’s turn for models that take none in place', () => {
    const messages = [user('a'), message('system', 'new rule'), assistant('b'), user('c')];
    expect(bodyOf({ messages }).messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: '<system>\nnew rule\n</system>' },
        ],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'b' }] },
      { role: 'user', content: [{ type: 'text', text: 'c' }] },
    ]);
  });

  it('keeps a later instruction in place for models that take it there', () => {
    const messages = [
      user('a'),
      message('system', 'rule 1'),
      message('developer', 'rule 2'),
      assistant('b'),
      user('c'),
    ];
    expect(bodyOf({ messages }, 'claude-opus-4-8').messages).toMatchObject([
      { role: 'user' },
      { role: 'system', content: [{ text: 'rule 1' }, { text: 'rule 2' }] },
      { role: 'assistant' },
      { role: 'user' },
    ]);
  });

  it('coalesces parallel results first into the next user turn, whatever stands between', () => {
    const messages = [
      user('a'),
      assistant(call('x'), call('y')),
      message('system', 'rule'),
      result('x'),
      result('y'),
      user('and now'),
    ];
    expect(bodyOf({ messages, tools: [lookTool] }).messages).toMatchObject([
      { role: 'user' },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'x' },
          { type: 'tool_use', id: 'y' },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'x' },
          { type: 'tool_result', tool_use_id: 'y' },
          { type: 'text', text: '<system>\nrule\n</system>' },
          { type: 'text', text: 'and now' },
        ],
      },
    ]);
  });

  it.each([
    ['', {}],
    ['{"a":1}', { a: 1 }],
    ['{"a":', { INVALID_JSON: '{"a":' }],
    ['[1]', { INVALID_JSON: '[1]' }],
  ])('turns the arguments %j into an object', (argumentsText, input) => {
    const messages = [user('a'), assistant(call('x', 'look', argumentsText)), result('x')];
    expect(bodyOf({ messages }).messages).toMatchObject([{}, { content: [{ type: 'tool_use', input }] }, {}]);
  });

  it('makes foreign call ids legal, in the call and its result alike', () => {
    const messages = [user('a'), assistant(call('functions.look:0')), result('functions.look:0')];
    expect(bodyOf({ messages }).messages).toMatchObject([
      {},
      { content: [{ id: 'functions_look_0' }] },
      { content: [{ tool_use_id: 'functions_look_0' }] },
    ]);
  });

  it('gives own thinking back and names foreign reasoning that it drops', () => {
    const encoded = encode({ messages: [user('a'), assistant(thought, foreignThought, 'b'), user('c')] });
    expect(encoded.body.messages).toMatchObject([
      {},
      {
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'EqQBfakeA' },
          { type: 'text', text: 'b' },
        ],
      },
      {},
    ]);
    expect(encoded.drops).toEqual(['messages.reasoning']);
  });

  it('leaves out blank text, begins with the user and trims a prefilled answer', () => {
    const messages = [assistant('hello'), user(' ', 'a'), assistant('The answer is ')];
    expect(bodyOf({ messages }).messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Continue.' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'hello' }] },
      { role: 'user', content: [{ type: 'text', text: 'a' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'The answer is' }] },
    ]);
  });

  it('asks models without prefill to go on', () => {
    expect(bodyOf({ messages: [user('a'), assistant('b')] }, 'claude-opus-4-6').messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant' },
      { role: 'user', content: [{ text: 'Continue.' }] },
    ]);
  });

  it('says instructions as the user when there is nothing else', () => {
    const body = bodyOf({ messages: [message('system', 'be brief')] });
    expect(body).toMatchObject({ messages: [{ role: 'user', content: [{ text: 'be brief' }] }] });
    expect(body).not.toHaveProperty('system');
  });

  it('carries pictures and documents', () => {
    const parts: ContentPart[] = [
      { kind: 'image', source: { kind: 'bytes', mediaType: 'image/png', base64: 'AA==' } },
      { kind: 'image', source: { kind: 'url', url: 'https://x.test/a.png' } },
      { kind: 'document', name: 'D', source: { kind: 'bytes', mediaType: 'application/pdf', base64: 'AA==' } },
      {
        kind: 'document',
        source: { kind: 'bytes', mediaType: 'text/csv', base64: Buffer.from('a,b').toString('base64') },
      },
    ];
    expect(bodyOf({ messages: [user(...parts)] }).messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } },
          { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
          { type: 'document', title: 'D', source: { type: 'base64', media_type: 'application/pdf', data: 'AA==' } },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a,b' } },
        ],
      },
    ]);
  });

  it.each<ContentPart>([
    { kind: 'audio', source: { kind: 'bytes', mediaType: 'audio/wav', base64: 'AA==' } },
    { kind: 'image', source: { kind: 'bytes', mediaType: 'image/tiff', base64: 'AA==' } },
    { kind: 'document', source: { kind: 'bytes', mediaType: 'application/zip', base64: 'AA==' } },
  ])('moves on to another candidate rather than leave out $kind $source.mediaType', (part) => {
    expect(() => encode({ messages: [user(part)] })).toThrow(
      expect.objectContaining({ code: 'upstream_incapable', retry: 'next' }),
    );
  });

  it('keeps four cache marks', () => {
    const parts = Array.from(
      { length: 5 },
      (_, i): ContentPart => ({ kind: 'text', text: `t${i}`, cache: { ttl: '1h' } }),
    );
    const encoded = encode({ messages: [user(...parts)] });
    expect(JSON.stringify(encoded.body).match(/"cache_control":\{"type":"ephemeral","ttl":"1h"\}/g)).toHaveLength(4);
    expect(encoded.drops).toEqual(['cache_control']);
  });
});

describe('limits and sampling', () => {
  it.each([
    ['claude-3-haiku-20240307', undefined, 4096],
    ['claude-sonnet-4-5-20250929', undefined, 32000],
    ['claude-3-5-sonnet-20241022', 20000, 8192],
    ['claude-opus-4-20250514', 64000, 32000],
    ['claude-opus-4-8', 100000, 100000],
  ])('%s asked for %s tokens is sent %s', (model, maxTokens, expected) => {
    expect(bodyOf({ maxTokens }, model).max_tokens).toBe(expected);
  });

  it.each([
    [8192, undefined, 4096],
    [8192, 32000, 8192],
    [undefined, undefined, 4096],
  ])('a foreign model with context %s asked for %s is sent %s', (context, maxTokens, expected) => {
    const encoded = messagesOutbound.encode(request({ maxTokens }), candidate('qwen3', { context }));
    expect(encoded.body.max_tokens).toBe(expected);
  });

  it('clamps temperature and passes the rest', () => {
    expect(bodyOf({ temperature: 1.7, topK: 4, stop: ['END', ' '], user: 'u' })).toMatchObject({
      temperature: 1,
      top_k: 4,
      stop_sequences: ['END'],
      metadata: { user_id: 'u' },
    });
  });

  it('sends one of temperature and top_p where only one is taken, none where none is', () => {
    const both = { temperature: 0.5, topP: 0.9 };
    expect(encode(both, 'claude-sonnet-4-5')).toMatchObject({ body: { temperature: 0.5 }, drops: ['top_p'] });
    expect(encode(both, 'claude-3-haiku-20240307')).toMatchObject({
      body: { temperature: 0.5, top_p: 0.9 },
      drops: [],
    });
    const newest = encode({ ...both, topK: 3 }, 'claude-opus-4-8');
    expect(newest.drops).toEqual(['temperature', 'top_p', 'top_k']);
    expect(newest.body).not.toHaveProperty('temperature');
  });

  it('names what it cannot carry', () => {
    const encoded = encode({
      n: 2,
      seed: 0,
      logprobs: true,
      topLogprobs: 2,
      logitBias: { 1: 1 },
      frequencyPenalty: 1,
      presencePenalty: 0,
      minP: 0.1,
      metadata: { a: 'b' },
      serviceTier: 'flex',
      output: { kind: 'json' },
      extensions: { ollama: { keep_alive: '5m' } },
    });
    expect([...encoded.drops].sort()).toEqual([
      'frequency_penalty',
      'keep_alive',
      'logit_bias',
      'logprobs',
      'metadata',
      'min_p',
      'n',
      'response_format',
      'seed',
      'service_tier',
      'top_logprobs',
    ]);
  });

  it('writes its own extensions back with their beta header', () => {
    const encoded = encode({ extensions: { messages: { context_management: { edits: [] }, 'anthropic-beta': 'x' } } });
    expect(encoded.body).toMatchObject({ context_management: { edits: [] } });
    expect(encoded.headers).toEqual({ 'anthropic-version': '2023-06-01', 'anthropic-beta': 'x' });
  });
});

describe('tools', () => {
  it.each([
    [
      { toolChoice: { kind: 'required' } as const, parallelToolCalls: false },
      { type: 'any', disable_parallel_tool_use: true },
    ],
    [{ toolChoice: { kind: 'none' } as const, parallelToolCalls: false }, { type: 'none' }],
    [{ parallelToolCalls: false }, { type: 'auto', disable_parallel_tool_use: true }],
    [{ toolChoice: { kind: 'tool', name: 'look' } as const }, { type: 'tool', name: 'look' }],
  ])('%j', (fields, expected) => {
    expect(bodyOf({ tools: [lookTool], ...fields }).tool_choice).toEqual(expected);
  });

  it('shows only allowed tools', () => {
    const tools = [lookTool, { ...lookTool, name: 'other' }];
    const body = bodyOf({ tools, toolChoice: { kind: 'allowed', names: ['other'], isRequired: true } });
    expect(body).toMatchObject({ tools: [{ name: 'other' }], tool_choice: { type: 'any' } });
  });

  it('sends no choice without tools', () => {
    expect(bodyOf({ toolChoice: { kind: 'auto' }, parallelToolCalls: true })).not.toHaveProperty('tool_choice');
  });
});

describe('reasoning', () => {
  it.each([
    ['claude-sonnet-4-5', { effort: 'high' }, { thinking: { type: 'enabled', budget_tokens: 8000 } }],
    ['claude-sonnet-4-5', { effort: 'minimal' }, { thinking: { type: 'enabled', budget_tokens: 1024 } }],
    ['claude-sonnet-4-5', { budgetTokens: 50_000 }, { thinking: { type: 'enabled', budget_tokens: 9999 } }],
    ['claude-sonnet-4-5', { effort: 'none' }, { thinking: { type: 'disabled' } }],
    [
      'claude-opus-4-5',
      { effort: 'max' },
      { thinking: { type: 'enabled', budget_tokens: 9500 }, output_config: { effort: 'high' } },
    ],
    ['claude-opus-4-6', { effort: 'xhigh' }, { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }],
    ['claude-opus-4-6', { budgetTokens: 2000 }, { thinking: { type: 'enabled', budget_tokens: 2000 } }],
    [
      'claude-opus-4-8',
      { effort: 'minimal' },
      { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'low' } },
    ],
    ['claude-opus-4-8', { budgetTokens: -1 }, { thinking: { type: 'adaptive', display: 'summarized' } }],
    ['claude-sonnet-5', { budgetTokens: 0 }, { thinking: { type: 'disabled' } }],
    ['claude-opus-5-5', { effort: 'none' }, { output_config: { effort: 'low' } }],
  ] as const)('%s: %j', (model, reasoning, expected) => {
    const { thinking, output_config } = bodyOf({ reasoning, maxTokens: 10_000 }, model);
    expect({ thinking, output_config }).toEqual({ thinking: undefined, output_config: undefined, ...expected });
  });

  it.each([
    ['a limit without room for a budget', { maxTokens: 500 }],
    [
      'calls whose reasoning was another provider’s',
      { messages: [user('a'), assistant(foreignThought, call('x')), result('x')] },
    ],
    ['a forced tool call', { tools: [lookTool], toolChoice: { kind: 'required' } as const }],
    ['a model that cannot reason', {}, 'claude-3-5-haiku-20241022'],
  ])('gives way to %s, and says so', (_name, fields, model?: string) => {
    const encoded = encode({ reasoning: { effort: 'high' }, ...fields }, model);
    expect(encoded.body).not.toHaveProperty('thinking');
    expect(encoded.drops).toContain('reasoning');
  });

  it('keeps sampling within what thinking allows', () => {
    const encoded = encode({ reasoning: { effort: 'low' }, temperature: 0.2, topK: 5, maxTokens: 8000 });
    expect(encoded.drops).toEqual(['temperature', 'top_k']);
  });
});

describe('structured output', () => {
  it('closes objects and tells unsupported keywords in the description', () => {
    const schema = {
      type: 'object',
      properties: {
        age: { type: 'integer', minimum: 0, description: 'Years' },
        tags: { type: 'array', items: { type: 'object' } },
      },
      required: ['age'],
    };
    expect(bodyOf({ output: { kind: 'json-schema', name: 'p', schema } }).output_config).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: {
            age: { type: 'integer', description: 'Years\n\n{minimum: 0}' },
            tags: { type: 'array', items: { type: 'object', additionalProperties: false } },
          },
          required: ['age'],
          additionalProperties: false,
        },
      },
    });
  });

  it('moves on when the model is too old for it', () => {
    const output = { kind: 'json-schema', name: 'p', schema: { type: 'object' } } as const;
    expect(() => encode({ output }, 'claude-3-7-sonnet-20250219')).toThrow(
      expect.objectContaining({ code: 'upstream_incapable' }),
    );
  });
});

describe('a strict Messages API takes', () => {
  const loop = [
    message('system', 'be brief'),
    user('a', { kind: 'image', source: { kind: 'bytes', mediaType: 'image/png', base64: 'AA==' } }),
    assistant(thought, call('a:1', 'look', ''), call('a:2', 'look', '{"x":')),
    result('a:1'),
    result('a:2'),
    message('developer', 'careful'),
    assistant('done', call('b')),
    result('b'),
  ];
  const everything: Partial<CanonicalRequest> = {
    messages: loop,
    tools: [lookTool],
    toolChoice: { kind: 'auto' },
    parallelToolCalls: false,
    temperature: 2,
    topP: 0.5,
    topK: 3,
    stop: ['END'],
    user: 'u',
    reasoning: { effort: 'high' },
    output: {
      kind: 'json-schema',
      name: 'p',
      schema: { type: 'object', properties: { a: { type: 'string', maxLength: 3 } } },
    },
    serviceTier: 'default',
  };

  it.each(['claude-sonnet-4-5', 'claude-opus-4-6', 'claude-opus-4-8', 'claude-sonnet-5', 'claude-opus-5-5', 'qwen3'])(
    'everything at once for %s',
    async (model) => {
      const fake = await startAnthropicFake();
      onTestFinished(() => fake.close());
      const encoded = encode(everything, model);
      const response = await fetch(`${fake.url}${encoded.path}`, {
        method: 'POST',
        headers: { ...encoded.headers, 'x-api-key': 'sk-ant-test-fake', 'content-type': 'application/json' },
        body: JSON.stringify(encoded.body),
      });
      expect(await response.json()).toMatchObject({ type: 'message' });
    },
  );
});
