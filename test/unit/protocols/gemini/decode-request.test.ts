import { describe, expect, test } from 'vitest';
import { decodeRequest } from '../../../../src/protocols/gemini/client/decode-request.ts';
import { foreignCallSignature, signatureForClient } from '../../../../src/protocols/gemini/seal.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { routeOf } from './samples.ts';

const route = routeOf('gemini-x:generateContent');
const decode = (body: JsonObject) => decodeRequest(body, route);
const say = (text: string) => ({ contents: [{ role: 'user', parts: [{ text }] }] });

describe('route', () => {
  test('the model comes from the path, its tag included, and the action tells streaming', () => {
    const { request } = decodeRequest(say('hi'), routeOf('llama3.1:8b:streamGenerateContent?alt=sse'));
    expect(request).toMatchObject({ model: 'llama3.1:8b', stream: true, includeUsage: true });
  });

  test('a collection before the model is not part of its name', () => {
    expect(decodeRequest(say('hi'), { ...route, model: 'models/gemini-x' }).request.model).toBe('gemini-x');
  });
});

describe('contents', () => {
  test('roles, system instruction and texts', () => {
    const { request } = decode({
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'a' }, { text: 'b' }] },
        { role: 'model', parts: [{ text: 'c' }] },
        { parts: [{ text: 'd' }] },
      ],
    });
    expect(request.messages).toEqual([
      { role: 'system', content: [{ kind: 'text', text: 'Be brief.' }] },
      {
        role: 'user',
        content: [
          { kind: 'text', text: 'a' },
          { kind: 'text', text: 'b' },
        ],
      },
      { role: 'assistant', content: [{ kind: 'text', text: 'c' }] },
      { role: 'user', content: [{ kind: 'text', text: 'd' }] },
    ]);
  });

  test.each(['snake', 'camel'])('%s case fields are understood', (spelling) => {
    const camel = {
      systemInstruction: 'S',
      contents: [
        { role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }] },
        { role: 'model', parts: [{ functionCall: { name: 'f', args: { some_key: { inner_key: 1 } } } }] },
        { role: 'function', parts: [{ functionResponse: { name: 'f', response: { output: 'x' } } }] },
      ],
      generationConfig: { maxOutputTokens: 5, thinkingConfig: { includeThoughts: true } },
    };
    const text = JSON.stringify(camel)
      .replaceAll('systemInstruction', 'system_instruction')
      .replaceAll('inlineData', 'inline_data')
      .replaceAll('mimeType', 'mime_type')
      .replaceAll('functionCall', 'function_call')
      .replaceAll('functionResponse', 'function_response')
      .replaceAll('generationConfig', 'generation_config')
      .replaceAll('maxOutputTokens', 'max_output_tokens')
      .replaceAll('thinkingConfig', 'thinking_config')
      .replaceAll('includeThoughts', 'include_thoughts');
    const { request, drops } = decode(spelling === 'camel' ? camel : JSON.parse(text));
    expect(drops).toEqual([]);
    expect(request).toMatchObject({ maxTokens: 5, reasoning: { summary: 'auto' } });
    expect(request.messages[1]?.content[0]).toMatchObject({ kind: 'image', source: { mediaType: 'image/png' } });
    expect(request.messages[2]?.content[0]).toMatchObject({ arguments: '{"some_key":{"inner_key":1}}' });
    expect(request.messages[3]).toMatchObject({ role: 'tool', content: [{ id: 'call_0', name: 'f' }] });
  });

  test('calls without ids are numbered and answered by name, in order', () => {
    const call = (name: string) => ({ functionCall: { name, args: {} } });
    const answer = (name: string, output: string) => ({ functionResponse: { name, response: { output } } });
    const { request } = decode({
      contents: [
        { role: 'user', parts: [{ text: 'go' }] },
        { role: 'model', parts: [call('f'), call('g'), call('f')] },
        { role: 'user', parts: [answer('g', '1'), answer('f', '2'), answer('f', '3'), { text: 'and?' }] },
        { role: 'model', parts: [call('f')] },
        { role: 'user', parts: [answer('f', '4')] },
      ],
    });
    const ids = request.messages.flatMap((message) =>
      message.content.flatMap((part) => (part.kind === 'tool-call' || part.kind === 'tool-result' ? [part.id] : [])),
    );
    expect(ids).toEqual(['call_0', 'call_1', 'call_2', 'call_1', 'call_0', 'call_2', 'call_3', 'call_3']);
    expect(request.messages.map((message) => message.role)).toEqual([
      'user',
      'assistant',
      'tool',
      'tool',
      'tool',
      'user',
      'assistant',
      'tool',
    ]);
  });

  test('an answer kept chunk by chunk is one turn', () => {
    const model = (...parts: readonly object[]) => ({ role: 'model', parts });
    const { request } = decode({
      contents: [
        { role: 'user', parts: [{ text: 'go' }] },
        model({ text: 'h', thought: true }),
        model({ text: 'm', thought: true }),
        model({ text: '', thought: true, thoughtSignature: 'c2ln' }),
        model({ text: 'Hel' }),
        model({ text: 'lo' }),
        model({ functionCall: { id: '1', name: 'f', args: {} } }),
        model({ functionCall: { id: '2', name: 'f', args: {} } }),
        model({ text: '' }),
      ],
    });
    expect(request.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: [
          { kind: 'reasoning', text: 'hm', seal: { protocol: 'generate_content', value: 'c2ln' } },
          { kind: 'text', text: 'Hello' },
          { kind: 'tool-call', id: '1', name: 'f', arguments: '{}' },
          { kind: 'tool-call', id: '2', name: 'f', arguments: '{}' },
        ],
      },
    ]);
  });

  test("a client's own ids are kept", () => {
    const { request } = decode({
      contents: [
        {
          role: 'model',
          parts: [{ functionCall: { id: 'abc', name: 'f', args: {} } }, { functionCall: { name: 'f' } }],
        },
        { role: 'user', parts: [{ functionResponse: { id: 'abc', name: 'f', response: {} } }] },
      ],
    });
    expect(request.messages[0]?.content).toMatchObject([{ id: 'abc' }, { id: 'call_1', arguments: '{}' }]);
    expect(request.messages[1]?.content).toEqual([{ kind: 'tool-result', id: 'abc', name: 'f', content: [] }]);
  });

  test.each([
    [{ output: 'plain' }, { content: [{ kind: 'text', text: 'plain' }] }],
    [{ output: { a: 1 } }, { content: [{ kind: 'text', text: '{"a":1}' }] }],
    [{ temperature: 20 }, { content: [{ kind: 'text', text: '{"temperature":20}' }] }],
    [{ error: 'no such city' }, { content: [{ kind: 'text', text: 'no such city' }], isError: true }],
  ])('a function response %j', (response, expected) => {
    const { request } = decode({ contents: [{ parts: [{ functionResponse: { id: 'x', name: 'f', response } }] }] });
    expect(request.messages[0]?.content[0]).toEqual({ kind: 'tool-result', id: 'x', name: 'f', ...expected });
  });

  test('media in a function response', () => {
    const parts = [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }];
    const { request } = decode({ contents: [{ parts: [{ functionResponse: { name: 'f', response: {}, parts } }] }] });
    expect(request.messages[0]?.content[0]).toMatchObject({ content: [{ kind: 'image' }] });
  });

  test.each([
    [{ inlineData: { mimeType: 'audio/mpeg', data: 'AA' } }, { kind: 'audio', format: 'mp3' }],
    [{ inlineData: { mimeType: 'application/pdf', data: 'AA' } }, { kind: 'document' }],
    [{ fileData: { fileUri: 'https://x/a.png' } }, { kind: 'image', source: { kind: 'url', url: 'https://x/a.png' } }],
    [{ fileData: { fileUri: 'gs://b/x', mimeType: 'video/mp4' } }, { kind: 'document' }],
  ])('media %j', (part, expected) => {
    expect(decode({ contents: [{ parts: [part] }] }).request.messages[0]?.content[0]).toMatchObject(expected);
  });

  test('thoughts and signatures', () => {
    const seal = { protocol: 'generate_content', value: 'c2ln' };
    const { request } = decode({
      contents: [
        {
          role: 'model',
          parts: [
            { text: 'hm', thought: true, thoughtSignature: 'c2ln' },
            { text: 'so', thoughtSignature: 'c2ln' },
            { functionCall: { id: '1', name: 'f', args: {} }, thoughtSignature: 'c2ln' },
            { functionCall: { id: '2', name: 'f', args: {} }, thoughtSignature: foreignCallSignature },
          ],
        },
      ],
    });
    expect(request.messages[0]?.content).toEqual([
      { kind: 'reasoning', text: 'hm', seal },
      { kind: 'text', text: 'so' },
      { kind: 'reasoning', text: '', seal },
      { kind: 'tool-call', id: '1', name: 'f', arguments: '{}', seal },
      { kind: 'tool-call', id: '2', name: 'f', arguments: '{}' },
    ]);
  });

  test("another protocol's seal comes back as it went out", () => {
    const seal = { protocol: 'messages', value: 'EuYBCkQ/+', isRedacted: true };
    const thoughtSignature = signatureForClient(seal);
    const { request } = decode({
      contents: [{ role: 'model', parts: [{ text: 't', thought: true, thoughtSignature }] }],
    });
    expect(request.messages[0]?.content).toEqual([{ kind: 'reasoning', text: 't', seal }]);
  });

  test("Google's own tools' parts are dropped by name", () => {
    const { request, drops } = decode({
      contents: [
        { role: 'user', parts: [{ text: 'x' }] },
        { role: 'model', parts: [{ executableCode: { code: '1' } }, { codeExecutionResult: {} }, { text: '1' }] },
      ],
    });
    expect(drops).toEqual(['parts.executableCode', 'parts.codeExecutionResult']);
    expect(request.messages[1]?.content).toEqual([{ kind: 'text', text: '1' }]);
  });
});

describe('tools', () => {
  test('OpenAPI parameters become JSON Schema, JSON Schema stays', () => {
    const { request, drops } = decode({
      ...say('x'),
      tools: [
        {
          functionDeclarations: [
            {
              name: 'old',
              description: 'd',
              parameters: {
                type: 'OBJECT',
                properties: {
                  type: { type: 'STRING', format: 'enum', enum: ['a'], nullable: true },
                  list: { type: 'ARRAY', min_items: '1', items: { type: 'INTEGER' } },
                },
                required: ['list'],
                propertyOrdering: ['list', 'type'],
              },
            },
            { name: 'new', parametersJsonSchema: { type: 'object', properties: { min_items: { type: 'number' } } } },
            { name: 'bare' },
          ],
        },
        { googleSearch: {} },
        { url_context: {} },
      ],
    });
    expect(request.tools).toEqual([
      {
        name: 'old',
        description: 'd',
        parameters: {
          type: 'object',
          properties: {
            type: { type: ['string', 'null'], enum: ['a', null] },
            list: { type: 'array', minItems: 1, items: { type: 'integer' } },
          },
          required: ['list'],
        },
      },
      { name: 'new', parameters: { type: 'object', properties: { min_items: { type: 'number' } } } },
      { name: 'bare', parameters: {} },
    ]);
    expect(drops).toEqual(['tools.googleSearch', 'tools.urlContext']);
  });

  test.each([
    [{ mode: 'AUTO' }, { kind: 'auto' }],
    [{ mode: 'NONE' }, { kind: 'none' }],
    [{ mode: 'any' }, { kind: 'required' }],
    [
      { mode: 'ANY', allowedFunctionNames: ['f'] },
      { kind: 'tool', name: 'f' },
    ],
    [
      { mode: 'ANY', allowed_function_names: ['f', 'g'] },
      { kind: 'allowed', names: ['f', 'g'], isRequired: true },
    ],
    [{ mode: 'VALIDATED' }, { kind: 'auto' }],
    [
      { mode: 'VALIDATED', allowedFunctionNames: ['f'] },
      { kind: 'allowed', names: ['f'], isRequired: false },
    ],
  ])('tool config %j', (functionCallingConfig, expected) => {
    expect(decode({ ...say('x'), toolConfig: { functionCallingConfig } }).request.toolChoice).toEqual(expected);
  });
});

describe('generation', () => {
  test('every setting has its place', () => {
    const { request, drops } = decode({
      ...say('x'),
      generationConfig: {
        maxOutputTokens: '100',
        temperature: 0.5,
        topP: 0.9,
        topK: 40,
        stopSequences: ['a'],
        candidateCount: 2,
        seed: 7,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        responseLogprobs: true,
        logprobs: 3,
        responseModalities: ['TEXT'],
      },
      labels: { Team_Name: 'a' },
      serviceTier: 'flex',
    });
    expect(drops).toEqual([]);
    expect(request).toMatchObject({
      maxTokens: 100,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      stop: ['a'],
      n: 2,
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      logprobs: true,
      topLogprobs: 3,
      metadata: { Team_Name: 'a' },
      serviceTier: 'flex',
    });
  });

  test.each([
    [{ responseMimeType: 'text/plain' }, { kind: 'text' }],
    [{ responseMimeType: 'application/json' }, { kind: 'json' }],
    [
      { responseMimeType: 'application/json', responseSchema: { type: 'OBJECT', title: 'My answer' } },
      { kind: 'json-schema', name: 'My_answer', schema: { type: 'object', title: 'My answer' } },
    ],
    [
      { responseMimeType: 'application/json', responseJsonSchema: { type: 'object' } },
      { kind: 'json-schema', name: 'response', schema: { type: 'object' } },
    ],
    [
      { responseFormat: { text: { mimeType: 'APPLICATION_JSON', schema: { type: 'object' } } } },
      { kind: 'json-schema', name: 'response', schema: { type: 'object' } },
    ],
  ])('output %j', (generationConfig, expected) => {
    expect(decode({ ...say('x'), generationConfig }).request.output).toEqual(expected);
  });

  test.each([
    [{ thinkingBudget: 0 }, { budgetTokens: 0 }],
    [
      { thinkingBudget: -1, includeThoughts: true },
      { budgetTokens: -1, summary: 'auto' },
    ],
    [
      { thinkingLevel: 'HIGH', includeThoughts: true },
      { effort: 'high', summary: 'auto' },
    ],
    [{ thinkingLevel: 'low' }, { effort: 'low' }],
    [{}, undefined],
  ])('thinking %j', (thinkingConfig, expected) => {
    expect(decode({ ...say('x'), generationConfig: { thinkingConfig } }).request.reasoning).toEqual(expected);
  });

  test('what no other protocol knows is named', () => {
    const { drops } = decode({
      ...say('x'),
      safetySettings: [],
      generationConfig: { speechConfig: {}, responseModalities: ['TEXT', 'IMAGE'], mediaResolution: 'LOW' },
    });
    expect(drops).toEqual([
      'safetySettings',
      'generationConfig.speechConfig',
      'generationConfig.mediaResolution',
      'generationConfig.responseModalities',
    ]);
  });
});

describe('mistakes', () => {
  test.each([
    [{}, 'contents'],
    [{ contents: [{ parts: [{ text: '' }] }] }, 'contents'],
    [{ contents: 'hi' }, 'contents'],
    [{ contents: [1] }, 'contents[0]'],
    [{ contents: [{ parts: [{ text: 1 }] }] }, 'contents[0].parts[0].text'],
    [{ ...say('x'), generationConfig: { temperature: 'hot' } }, 'generationConfig.temperature'],
    [{ ...say('x'), generationConfig: { stopSequences: 'a' } }, 'generationConfig.stopSequences'],
  ])('%j names its field', (body, param) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code: 'bad_request', param }));
  });
});
