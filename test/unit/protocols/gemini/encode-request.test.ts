import { describe, expect, test } from 'vitest';
import type { CanonicalRequest, ContentPart, Message } from '../../../../src/protocols/canonical.ts';
import { encodeRequest } from '../../../../src/protocols/gemini/upstream/encode-request.ts';
import { requestOf, targetOf, vertexSettings } from './samples.ts';

const current = targetOf('gemini-3-flash-preview');
const older = targetOf('gemini-2.5-flash');

const encode = (fields: Partial<CanonicalRequest>, target = current) => encodeRequest(requestOf(fields), target);
const text = (value: string): ContentPart => ({ kind: 'text', text: value });
const user = (...content: readonly ContentPart[]): Message => ({ role: 'user', content });
const assistant = (...content: readonly ContentPart[]): Message => ({ role: 'assistant', content });
const call = (id: string, name = 'f', args = '{"a":1}'): ContentPart => ({
  kind: 'tool-call',
  id,
  name,
  arguments: args,
});
const result = (id: string, ...content: readonly ContentPart[]): Message => ({
  role: 'tool',
  content: [{ kind: 'tool-result', id, content }],
});
const png: ContentPart = { kind: 'image', source: { kind: 'bytes', mediaType: 'image/png', base64: 'AAAA' } };

describe('path', () => {
  test.each([
    ['gemini-3-flash-preview', false, '/models/gemini-3-flash-preview:generateContent'],
    ['gemini-3-flash-preview', true, '/models/gemini-3-flash-preview:streamGenerateContent?alt=sse'],
    ['models/gemini-x', false, '/models/gemini-x:generateContent'],
    ['tunedModels/mine', false, '/tunedModels/mine:generateContent'],
  ])('%s, stream %s', (model, stream, path) => {
    expect(encode({ stream }, targetOf(model)).path).toBe(path);
  });
});

describe('contents', () => {
  test('leading system messages are the instruction, later ones stay in place', () => {
    const { body } = encode({
      messages: [
        { role: 'system', content: [text('S')] },
        { role: 'developer', content: [text('D')] },
        user(text('a')),
        assistant(text('b')),
        { role: 'system', content: [text('Now in French.')] },
        user(text('c')),
      ],
    });
    expect(body).toEqual({
      systemInstruction: { parts: [{ text: 'S' }, { text: 'D' }] },
      contents: [
        { role: 'user', parts: [{ text: 'a' }] },
        { role: 'model', parts: [{ text: 'b' }] },
        { role: 'user', parts: [{ text: 'Now in French.' }, { text: 'c' }] },
      ],
    });
  });

  test('a prompt of system messages alone is asked as a user', () => {
    expect(encode({ messages: [{ role: 'system', content: [text('S')] }] }).body).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'S' }] }],
    });
  });

  test('results of parallel calls share one content, in the order of the calls, before anything said', () => {
    const { body } = encode({
      messages: [
        user(text('go')),
        assistant(call('1', 'f'), call('2', 'g', '')),
        { role: 'system', content: [text('hurry')] },
        result('2', text('two')),
        result('1', text('one')),
        user(text('and?')),
      ],
    });
    expect(body.contents).toEqual([
      { role: 'user', parts: [{ text: 'go' }] },
      {
        role: 'model',
        parts: [
          {
            functionCall: { id: '1', name: 'f', args: { a: 1 } },
            thoughtSignature: 'skip_thought_signature_validator',
          },
          { functionCall: { id: '2', name: 'g', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: '1', name: 'f', response: { output: 'one' } } },
          { functionResponse: { id: '2', name: 'g', response: { output: 'two' } } },
          { text: 'hurry' },
          { text: 'and?' },
        ],
      },
    ]);
  });

  test('older models get no stand-in for a signature', () => {
    const { body } = encode({ messages: [user(text('go')), assistant(call('1')), result('1')] }, older);
    expect(JSON.stringify(body)).not.toContain('thoughtSignature');
  });

  test('seals go back on the parts they came with, foreign ones stay away', () => {
    const seal = { protocol: 'generate_content', value: 'c2ln' };
    const foreign = { protocol: 'messages', value: 'xxx' };
    const { body } = encode({
      messages: [
        user(text('go')),
        assistant(
          { kind: 'reasoning', text: 'hm', seal },
          { kind: 'reasoning', text: 'other', seal: foreign },
          { kind: 'reasoning', text: '', seal: foreign },
          text('so'),
          { kind: 'reasoning', text: '', seal },
          { kind: 'tool-call', id: '1', name: 'f', arguments: '{}', seal },
        ),
      ],
    });
    expect(body.contents).toMatchObject([
      {},
      {
        parts: [
          { text: 'hm', thought: true, thoughtSignature: 'c2ln' },
          { text: 'other', thought: true },
          { text: 'so', thoughtSignature: 'c2ln' },
          { functionCall: { id: '1', name: 'f', args: {} }, thoughtSignature: 'c2ln' },
        ],
      },
    ]);
    expect(JSON.stringify(body)).not.toContain('xxx');
  });

  test('errors and images in results', () => {
    const messages: readonly Message[] = [
      user(text('go')),
      assistant(call('1')),
      {
        role: 'tool',
        content: [{ kind: 'tool-result', id: '1', name: 'f', isError: true, content: [text('no'), png] }],
      },
    ];
    const inlineData = { mimeType: 'image/png', data: 'AAAA' };
    const response = { id: '1', name: 'f', response: { error: 'no' } };
    expect(encode({ messages }).body.contents).toMatchObject([
      {},
      {},
      { parts: [{ functionResponse: { ...response, parts: [{ inlineData }] } }] },
    ]);
    expect(encode({ messages }, older).body.contents).toMatchObject([
      {},
      {},
      { parts: [{ functionResponse: response }, { inlineData }] },
    ]);
  });

  test('media by bytes and by URL', () => {
    const { body } = encode({
      messages: [
        user(
          png,
          { kind: 'image', source: { kind: 'url', url: 'https://x/a.webp?v=1' } },
          { kind: 'audio', source: { kind: 'bytes', mediaType: 'audio/wav', base64: 'AA' }, format: 'wav' },
          { kind: 'document', source: { kind: 'url', url: 'https://x/doc' } },
          { kind: 'document', source: { kind: 'text', text: 'plain' } },
        ),
      ],
    });
    expect(body.contents).toEqual([
      {
        role: 'user',
        parts: [
          { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
          { fileData: { mimeType: 'image/webp', fileUri: 'https://x/a.webp?v=1' } },
          { inlineData: { mimeType: 'audio/wav', data: 'AA' } },
          { fileData: { mimeType: 'application/pdf', fileUri: 'https://x/doc' } },
          { text: 'plain' },
        ],
      },
    ]);
  });

  test("a file of another provider's store moves on to a candidate that has it", () => {
    const file: ContentPart = { kind: 'document', source: { kind: 'file', id: 'file-abc' } };
    expect(() => encode({ messages: [user(file)] })).toThrow(expect.objectContaining({ code: 'upstream_incapable' }));
  });

  test('arguments that are no JSON object reach the model all the same', () => {
    const { body } = encode({ messages: [user(text('x')), assistant(call('1', 'f', '{"a":'))] }, older);
    expect(JSON.stringify(body)).toContain('"args":{"arguments":"{\\"a\\":"}');
  });
});

describe('tools and output', () => {
  const tools = [{ name: 'f', description: 'd', parameters: { properties: {}, additionalProperties: false } }];

  test('schemas go as JSON Schema, of type object', () => {
    const { body } = encode({ tools: [...tools, { name: 'g', parameters: {} }] });
    expect(body.tools).toEqual([
      {
        functionDeclarations: [
          {
            name: 'f',
            description: 'd',
            parametersJsonSchema: { type: 'object', properties: {}, additionalProperties: false },
          },
          { name: 'g' },
        ],
      },
    ]);
  });

  test.each([
    [{ kind: 'auto' }, { mode: 'AUTO' }],
    [{ kind: 'none' }, { mode: 'NONE' }],
    [{ kind: 'required' }, { mode: 'ANY' }],
    [
      { kind: 'tool', name: 'f' },
      { mode: 'ANY', allowedFunctionNames: ['f'] },
    ],
    [
      { kind: 'allowed', names: ['f'], isRequired: true },
      { mode: 'ANY', allowedFunctionNames: ['f'] },
    ],
    [
      { kind: 'allowed', names: ['f'], isRequired: false },
      { mode: 'VALIDATED', allowedFunctionNames: ['f'] },
    ],
  ] as const)('tool choice %j', (toolChoice, functionCallingConfig) => {
    expect(encode({ tools, toolChoice }).body.toolConfig).toEqual({ functionCallingConfig });
    expect(encode({ toolChoice }).body).not.toHaveProperty('toolConfig');
  });

  test.each([
    [{ kind: 'json' }, { responseMimeType: 'application/json' }],
    [
      { kind: 'json-schema', name: 'n', schema: { type: 'object' } },
      { responseMimeType: 'application/json', responseJsonSchema: { type: 'object' } },
    ],
  ] as const)('output %j', (output, generationConfig) => {
    expect(encode({ output }).body.generationConfig).toEqual(generationConfig);
  });
});

describe('reasoning', () => {
  test.each([
    ['gemini-3-flash-preview', { effort: 'none' }, { thinkingLevel: 'MINIMAL', includeThoughts: false }],
    ['gemini-3-pro-preview', { effort: 'minimal' }, { thinkingLevel: 'LOW', includeThoughts: true }],
    ['gemini-flash-latest', { effort: 'max' }, { thinkingLevel: 'HIGH', includeThoughts: true }],
    ['gemini-3-pro-preview', { budgetTokens: 2000 }, { thinkingBudget: 2000, includeThoughts: true }],
    ['gemini-3-pro-preview', { summary: 'auto' }, { includeThoughts: true }],
    ['gemini-2.5-flash', { effort: 'none' }, { thinkingBudget: 0, includeThoughts: false }],
    ['gemini-2.5-flash', { effort: 'xhigh' }, { thinkingBudget: 24576, includeThoughts: true }],
    ['gemini-2.5-pro', { budgetTokens: 0 }, { thinkingBudget: 128, includeThoughts: false }],
    ['gemini-2.5-pro', { budgetTokens: -1, summary: 'none' }, { thinkingBudget: -1, includeThoughts: false }],
  ] as const)('%s %j', (model, reasoning, thinkingConfig) => {
    expect(encode({ reasoning }, targetOf(model)).body.generationConfig).toEqual({ thinkingConfig });
  });

  test('a model that cannot think is not told to', () => {
    const { body, drops } = encode({ reasoning: { effort: 'high' } }, targetOf('gemini-2.0-flash'));
    expect(body).not.toHaveProperty('generationConfig');
    expect(drops).toEqual(['reasoning']);
  });
});

describe('limits and drops', () => {
  test('numbers of the generation', () => {
    const { body } = encode({
      maxTokens: 5,
      temperature: 0,
      topP: 1,
      topK: 2,
      n: 3,
      seed: 4,
      logprobs: true,
      topLogprobs: 5,
    });
    expect(body.generationConfig).toEqual({
      maxOutputTokens: 5,
      temperature: 0,
      topP: 1,
      topK: 2,
      candidateCount: 3,
      seed: 4,
      responseLogprobs: true,
      logprobs: 5,
    });
  });

  test('what cannot be carried is named', () => {
    const { body, drops } = encode({
      minP: 0.1,
      logitBias: { a: 1 },
      user: 'u',
      parallelToolCalls: false,
      metadata: { k: 'v' },
      serviceTier: 'scale',
      stop: ['1', '2', '3', '4', '5', '6'],
      messages: [{ role: 'user', name: 'Ann', content: [{ kind: 'text', text: 'x', cache: {} }] }],
      extensions: { chat_completions: { store: true } },
    });
    expect(drops.toSorted()).toEqual(
      ['store', 'min_p', 'logit_bias', 'user', 'parallel_tool_calls', 'messages.name', 'cache_control']
        .concat(['stop[5…]', 'metadata', 'service_tier'])
        .toSorted(),
    );
    expect(body.generationConfig).toEqual({ stopSequences: ['1', '2', '3', '4', '5'] });
  });

  test('Vertex keeps legal labels', () => {
    const vertex = targetOf('gemini-2.5-flash', vertexSettings);
    expect(encode({ metadata: { team: 'a' } }, vertex)).toMatchObject({ body: { labels: { team: 'a' } }, drops: [] });
    expect(encode({ metadata: { Team: 'a b' } }, vertex).drops).toEqual(['metadata']);
  });
});
