import { describe, expect, test } from 'vitest';
import { outbound as bedrockOutbound } from '../../../../src/protocols/bedrock-converse/outbound.ts';
import type { CanonicalRequest, ContentPart } from '../../../../src/protocols/canonical.ts';
import { checkRequest } from '../../../support/fake-servers/bedrock-rules.ts';
import { assistant, call, candidate, claude, lookTool, message, nova, request, result, user } from './samples.ts';

/** Every body here must pass the rules of the API. */
function encode(fields: Partial<CanonicalRequest> = {}, model: string = claude) {
  const encoded = bedrockOutbound.encode(request(fields), candidate(model));
  checkRequest(JSON.parse(JSON.stringify(encoded.body)));
  return encoded;
}

const seal = { protocol: 'messages', value: 'c2lnbmF0dXJl' };

describe('the path', () => {
  test('holds the model as one segment', () => {
    expect(encode().path).toBe('/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse');
    expect(encode({ stream: true }, 'amazon.nova-lite-v1:0').path).toBe(
      '/model/amazon.nova-lite-v1%3A0/converse-stream',
    );
    const arn = 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0';
    expect(encode({}, arn).path).toBe(`/model/${encodeURIComponent(arn)}/converse`);
  });
});

describe('messages', () => {
  test('a plain request is as small as it can be', () => {
    expect(encode().body).toEqual({ messages: [{ role: 'user', content: [{ text: 'Hello' }] }] });
  });

  test('leading instructions are the system, later ones are told by the user', () => {
    const { body } = encode({
      messages: [
        message('system', 'a'),
        message('developer', 'b'),
        user('c'),
        message('system', 'd'),
        assistant('e'),
        user('f'),
      ],
    });
    expect(body).toMatchObject({
      system: [{ text: 'a' }, { text: 'b' }],
      messages: [
        { role: 'user', content: [{ text: 'c' }, { text: '<system>\nd\n</system>' }] },
        { role: 'assistant', content: [{ text: 'e' }] },
        { role: 'user', content: [{ text: 'f' }] },
      ],
    });
  });

  test.each([
    ['begins with an answer', [assistant('a'), user('b')]],
    ['holds nothing but instructions', [message('system', 'a')]],
    ['holds nothing at all', [user(' '), assistant('')]],
    ['has the user speak twice', [user('a'), user('b')]],
  ])('a conversation that %s keeps the rules', (_what, messages) => {
    expect(() => encode({ messages })).not.toThrow();
  });

  test('results of calls stand together at the head of the next turn', () => {
    const failed: ContentPart = { kind: 'tool-result', id: 'c2', content: [], isError: true };
    const { body } = encode({
      tools: [lookTool],
      messages: [
        user('a'),
        assistant('b', call('c1', 'look', '{"x":1}'), call('c2')),
        user('wait'),
        result('c1'),
        message('tool', failed),
      ],
    });
    expect(body.messages).toEqual([
      { role: 'user', content: [{ text: 'a' }] },
      {
        role: 'assistant',
        content: [
          { text: 'b' },
          { toolUse: { toolUseId: 'c1', name: 'look', input: { x: 1 } } },
          { toolUse: { toolUseId: 'c2', name: 'look', input: {} } },
        ],
      },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 'c1', content: [{ text: 'done' }] } },
          { toolResult: { toolUseId: 'c2', content: [{ text: '(no output)' }], status: 'error' } },
          { text: 'wait' },
        ],
      },
    ]);
  });

  test('ids and names in other alphabets become legal and stay apart', () => {
    const long = 'x'.repeat(80);
    const { body } = encode({
      tools: [
        { ...lookTool, name: 'a.b' },
        { ...lookTool, name: 'a:b' },
      ],
      messages: [user('a'), assistant(call('call:1', 'a.b'), call(long, 'a:b')), result('call:1'), result(long)],
    });
    const text = JSON.stringify(body);
    const names = [...text.matchAll(/"name":"(a_b_\w{8})"/g)].map(([, name]) => name);
    expect(names).toHaveLength(4);
    expect(new Set(names).size).toBe(2);
  });

  test('an answer that is to be continued ends without white space, where the model continues at all', () => {
    const messages = [user('a'), assistant('Once upon ')];
    expect(encode({ messages }).body).toMatchObject({ messages: [{}, { content: [{ text: 'Once upon' }] }] });
    expect(encode({ messages }, 'anthropic.claude-opus-4-6-v1').body).toMatchObject({
      messages: [{}, {}, { role: 'user', content: [{ text: 'Continue.' }] }],
    });
    expect(encode({ messages }, 'meta.llama3-1-8b-instruct-v1:0').body.messages).toHaveLength(3);
  });
});

describe('media', () => {
  const image = (mediaType: string): ContentPart => ({
    kind: 'image',
    source: { kind: 'bytes', mediaType, base64: 'aGk=' },
  });

  test('images are bytes', () => {
    expect(encode({ messages: [user('see', image('image/jpeg'))] }).body).toMatchObject({
      messages: [{ content: [{ text: 'see' }, { image: { format: 'jpeg', source: { bytes: 'aGk=' } } }] }],
    });
  });

  test.each([
    ['an image by URL', { kind: 'image', source: { kind: 'url', url: 'https://x.test/a.png' } }],
    ['an image from a file store', { kind: 'image', source: { kind: 'file', id: 'f' } }],
    ['an odd image', image('image/tiff')],
    ['audio', { kind: 'audio', source: { kind: 'bytes', mediaType: 'audio/wav', base64: 'aGk=' } }],
    ['an odd document', { kind: 'document', source: { kind: 'bytes', mediaType: 'application/zip', base64: 'aGk=' } }],
  ] as const)('%s is for another candidate', (_what, part) => {
    expect(() => encode({ messages: [user('see', part as ContentPart)] })).toThrow(
      expect.objectContaining({ code: 'upstream_incapable' }),
    );
  });

  test('documents have legal names, none twice, and text beside them', () => {
    const pdf = { kind: 'bytes', mediaType: 'application/pdf', base64: 'aGk=' } as const;
    const { body } = encode({
      messages: [
        user(
          { kind: 'document', name: 'Q3  report_(final).pdf', source: pdf },
          { kind: 'document', name: 'Q3 report (final) pdf', source: pdf },
          { kind: 'document', source: { kind: 'text', text: 'hi' } },
        ),
      ],
    });
    expect(body).toMatchObject({
      messages: [
        {
          content: [
            { document: { format: 'pdf', name: 'Q3 report (final) pdf', source: { bytes: 'aGk=' } } },
            { document: { format: 'pdf', name: 'Q3 report (final) pdf 2' } },
            { document: { format: 'txt', name: 'document', source: { bytes: 'aGk=' } } },
            { text: 'See the document.' },
          ],
        },
      ],
    });
  });
});

describe('reasoning in the history', () => {
  const thought: ContentPart = { kind: 'reasoning', text: 'hm', seal };
  const hidden: ContentPart = { kind: 'reasoning', text: '', seal: { ...seal, isRedacted: true } };
  const messages = [user('a'), assistant(thought, hidden, 'b'), user('c')];

  test("goes back to Claude under Anthropic's own seal", () => {
    const { body, drops } = encode({ messages });
    expect(body).toMatchObject({
      messages: [
        {},
        {
          content: [
            { reasoningContent: { reasoningText: { text: 'hm', signature: seal.value } } },
            { reasoningContent: { redactedContent: seal.value } },
            { text: 'b' },
          ],
        },
        {},
      ],
    });
    expect(drops).toEqual([]);
  });

  test('of another model is left out and named', () => {
    const { body, drops } = encode({ messages }, nova);
    expect(body).toMatchObject({ messages: [{}, { content: [{ text: 'b' }] }, {}] });
    expect(drops).toEqual(['messages.reasoning']);
  });
});

describe('tools', () => {
  const tool = { ...lookTool, description: 'Looks.', strict: true };

  test('are specs with a schema', () => {
    const { body, drops } = encode({ tools: [tool], toolChoice: { kind: 'auto' } });
    expect(body.toolConfig).toEqual({
      tools: [
        {
          toolSpec: {
            name: 'look',
            description: 'Looks.',
            inputSchema: { json: { type: 'object', properties: {} } },
            strict: true,
          },
        },
      ],
    });
    expect(drops).toEqual([]);
    expect(encode({ tools: [tool] }, nova).drops).toEqual(['tools.strict']);
  });

  test.each([
    [{ kind: 'required' }, { any: {} }],
    [{ kind: 'tool', name: 'look' }, { tool: { name: 'look' } }],
    [{ kind: 'allowed', names: ['look'], isRequired: true }, { any: {} }],
  ] as const)('the choice %j is %j', (toolChoice, wire) => {
    const other = { ...lookTool, name: 'other' };
    const { body } = encode({ tools: [lookTool, other], toolChoice });
    expect(body.toolConfig).toMatchObject({ toolChoice: wire });
    expect(JSON.stringify(body).includes('"other"')).toBe(toolChoice.kind !== 'allowed');
  });

  const history = [user('a'), assistant(call('c1', 'old')), result('c1'), user('b')];

  test('that may not be called are not shown, unless calls went before', () => {
    expect(encode({ tools: [lookTool], toolChoice: { kind: 'none' } }).body).not.toHaveProperty('toolConfig');
    const kept = encode({ tools: [lookTool], toolChoice: { kind: 'none' }, messages: history });
    expect(kept.body).toHaveProperty('toolConfig');
    expect(kept.drops).toEqual(['tool_choice']);
  });

  test('that were called earlier are declared when the request brings none', () => {
    const { body } = encode({ messages: history });
    expect(body.toolConfig).toMatchObject({ tools: [{ toolSpec: { name: 'old' } }] });
  });
});

describe('caching', () => {
  const cache = { ttl: '1h' };
  const marked: Partial<CanonicalRequest> = {
    messages: [
      message('system', { kind: 'text', text: 'long', cache }),
      user({ kind: 'text', text: 'a', cache: {} }, 'b'),
    ],
    tools: [{ ...lookTool, cache: {} }],
  };

  test('points follow what they end', () => {
    const { body, drops } = encode(marked);
    expect(body).toMatchObject({
      system: [{ text: 'long' }, { cachePoint: { type: 'default', ttl: '1h' } }],
      messages: [{ content: [{ text: 'a' }, { cachePoint: { type: 'default' } }, { text: 'b' }] }],
      toolConfig: { tools: [{ toolSpec: {} }, { cachePoint: { type: 'default' } }] },
    });
    expect(drops).toEqual([]);
  });

  test('is left out where the model has none', () => {
    const ofNova = encode(marked, nova);
    expect(JSON.stringify(ofNova.body).match(/cachePoint/g)).toHaveLength(2);
    expect(JSON.stringify(ofNova.body)).not.toContain('ttl');
    expect(ofNova.drops).toEqual(['cache_control']);
    expect(JSON.stringify(encode(marked, 'meta.llama3-3-70b-instruct-v1:0').body)).not.toContain('cachePoint');
  });

  test('marks beyond the fourth are dropped', () => {
    const parts = Array.from({ length: 6 }, (_, i): ContentPart => ({ kind: 'text', text: `${i}`, cache: {} }));
    const { body, drops } = encode({ messages: [user(...parts)] });
    expect(JSON.stringify(body).match(/cachePoint/g)).toHaveLength(4);
    expect(drops).toEqual(['cache_control']);
  });
});

describe('parameters', () => {
  test('that all models share', () => {
    const fields = { maxTokens: 100, temperature: 1.5, topP: 0.9, stop: ['END', ' '] };
    const { body, drops } = encode(fields, 'meta.llama3-3-70b-instruct-v1:0');
    expect(body.inferenceConfig).toEqual({ maxTokens: 100, temperature: 1, topP: 0.9, stopSequences: ['END'] });
    expect(body).not.toHaveProperty('additionalModelResponseFieldPaths');
    expect(drops).toEqual(['stop']);
  });

  test('Claude is asked which stop sequence it hit', () => {
    expect(encode({ stop: ['END'] }).body.additionalModelResponseFieldPaths).toEqual([
      '/stop_sequence',
      '/delta/stop_sequence',
    ]);
  });

  test.each([
    ['anthropic.claude-3-haiku-20240307-v1:0', { top_k: 40 }],
    [nova, { inferenceConfig: { topK: 40 } }],
    ['mistral.mistral-large-2407-v1:0', { top_k: 40 }],
    ['cohere.command-r-v1:0', { k: 40 }],
    ['anthropic.claude-opus-4-8-v1', undefined],
    ['meta.llama3-3-70b-instruct-v1:0', undefined],
  ])('top_k of %s is %j', (model, fields) => {
    const { body, drops } = encode({ topK: 40 }, model);
    expect(body.additionalModelRequestFields).toEqual(fields);
    expect(drops).toEqual(fields === undefined ? ['top_k'] : []);
  });

  test.each([
    [claude, { effort: 'medium' }, { thinking: { type: 'enabled', budget_tokens: 16_000 } }],
    [claude, { budgetTokens: 2048 }, { thinking: { type: 'enabled', budget_tokens: 2048 } }],
    [
      'anthropic.claude-opus-4-6-v1',
      { effort: 'high' },
      { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
    ],
    [
      'us.amazon.nova-2-lite-v1:0',
      { effort: 'low' },
      { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } },
    ],
    ['openai.gpt-oss-120b-1:0', { effort: 'xhigh' }, { reasoning_effort: 'high' }],
    [nova, { effort: 'none' }, undefined],
  ] as const)('%s is asked to reason with %j by %j', (model, reasoning, fields) => {
    const { body, drops } = encode({ reasoning }, model);
    expect(body.additionalModelRequestFields).toEqual(fields);
    expect(drops).toEqual([]);
  });

  test('thinking has room for the answer, and sampling gives way to it', () => {
    const { body, drops } = encode({ reasoning: { effort: 'high' }, temperature: 0.2, topK: 5 });
    expect(body.inferenceConfig).toEqual({ maxTokens: 32_000 });
    expect(drops).toEqual(['top_k', 'temperature']);
  });

  test('a model that takes its highest effort only unbound gets the next one beside a limit', () => {
    const fields = { reasoning: { effort: 'high' }, maxTokens: 10 } as const;
    expect(encode(fields, 'amazon.nova-2-lite-v1:0').body.additionalModelRequestFields).toMatchObject({
      reasoningConfig: { maxReasoningEffort: 'medium' },
    });
  });

  test('a schema is JSON in a string', () => {
    const schema = { type: 'object', properties: { a: { type: 'string', minLength: 2 } } };
    const { body } = encode({ output: { kind: 'json-schema', name: 'n', schema, strict: true } });
    const { jsonSchema } = (body.outputConfig as { textFormat: { structure: { jsonSchema: { schema: string } } } })
      .textFormat.structure;
    expect(jsonSchema).toMatchObject({ name: 'n' });
    expect(JSON.parse(jsonSchema.schema)).toMatchObject({ additionalProperties: false, properties: { a: {} } });
    expect(() =>
      encode({ output: { kind: 'json-schema', name: 'n', schema } }, 'anthropic.claude-3-haiku-20240307-v1:0'),
    ).toThrow(expect.objectContaining({ code: 'upstream_incapable' }));
  });

  test('what the wire has no place for is named, unless it asks for nothing', () => {
    const { drops } = encode({
      n: 2,
      seed: 0,
      logprobs: true,
      frequencyPenalty: 0.5,
      presencePenalty: 0,
      user: 'u',
      metadata: { team: 'é' },
      serviceTier: 'turbo',
      output: { kind: 'json' },
      parallelToolCalls: false,
      tools: [lookTool],
      extensions: { messages: { mcp_servers: [] } },
    });
    expect([...drops].sort()).toEqual([
      'frequency_penalty',
      'logprobs',
      'mcp_servers',
      'metadata',
      'n',
      'parallel_tool_calls',
      'response_format',
      'seed',
      'service_tier',
      'user',
    ]);
  });

  test('metadata and tiers that the wire has are sent', () => {
    const { body, drops } = encode({ metadata: { team: 'a b' }, serviceTier: 'flex' });
    expect(body).toMatchObject({ requestMetadata: { team: 'a b' }, serviceTier: { type: 'flex' } });
    expect(drops).toEqual([]);
  });
});
