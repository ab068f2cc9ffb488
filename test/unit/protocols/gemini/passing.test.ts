import { describe, expect, test } from 'vitest';
import { requestFacts } from '../../../../src/protocols/gemini/client/facts.ts';
import { modelListToWire, modelToWire } from '../../../../src/protocols/gemini/client/models.ts';
import {
  decodeCountRequest,
  decodeCountResponse,
  encodeCountRequest,
} from '../../../../src/protocols/gemini/count-tokens.ts';
import { inbound as geminiInbound } from '../../../../src/protocols/gemini/inbound.ts';
import { inspector as geminiInspector } from '../../../../src/protocols/gemini/inspector.ts';
import { parseEvent, SseSplitter } from '../../../../src/transport/sse.ts';
import { readFixture } from '../../../support/read-fixture.ts';
import { requestOf, routeOf, targetOf, vertexSettings } from './samples.ts';

const target = targetOf('gemini-2.5-flash');

describe('inspector', () => {
  const dataOf = (name: string) =>
    new SseSplitter().split(readFixture(`gemini/${name}`)).map((raw) => parseEvent(raw).data ?? '');
  const meanings = (name: string) => dataOf(name).map((data) => geminiInspector.meaning('', data, target).kind);

  test('reads a stream in passing', () => {
    expect(meanings('text.sse')).toEqual(['content', 'content', 'finish']);
    expect(meanings('thinking-call.sse')).toEqual(['content', 'content', 'content', 'finish']);
    expect(meanings('blocked.sse')).toEqual(['finish']);
    const last = dataOf('text.sse').at(-1) ?? '';
    expect(geminiInspector.meaning('', last, target)).toEqual({ kind: 'finish', usage: { input: 8, output: 8 } });
  });

  test.each([
    ['{"candidates":[{"content":{"parts":[{"text":""}]}}],"usageMetadata":{"promptTokenCount":1}}', 'preamble'],
    ['{"usageMetadata":{"promptTokenCount":1}}', 'usage'],
    ['{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]}}]}', 'content'],
    ['{"error":{"code":500,"message":"x"}}', 'error'],
    ['oops', 'error'],
  ])('%s is %s', (data, kind) => {
    expect(geminiInspector.meaning('', data, target).kind).toBe(kind);
  });

  test('only what matters needs reading once content flows', () => {
    const [content, , finish] = dataOf('text.sse');
    expect(geminiInspector.interesting.test(content ?? '')).toBe(false);
    expect(geminiInspector.interesting.test(finish ?? '')).toBe(true);
    expect(geminiInspector.interesting.test('{"error":{}}')).toBe(true);
    expect(geminiInspector.interesting.test(JSON.stringify({ text: 'an "error" and a "finishReason"' }))).toBe(false);
  });

  test('a whole answer', () => {
    const answer = { candidates: [{ content: { parts: [{ text: 'x' }] }, finishReason: 'STOP' }] };
    expect(geminiInspector.answer({ ...answer, usageMetadata: { promptTokenCount: 2 } }, target)).toEqual({
      usage: { input: 2, output: 0 },
    });
    expect(geminiInspector.answer(answer, target)).toEqual({});
    expect(() => geminiInspector.answer({}, target)).toThrow(expect.objectContaining({ code: 'upstream_invalid' }));
    expect(() => geminiInspector.answer({ error: { code: 503 } }, target)).toThrow(
      expect.objectContaining({ code: 'upstream_busy' }),
    );
  });
});

describe('facts', () => {
  test('needs, size and limits', () => {
    const facts = requestFacts(
      {
        system_instruction: { parts: [{ text: 'x'.repeat(400) }] },
        contents: [
          { parts: [{ text: 'y'.repeat(400) }, { inline_data: { mime_type: 'image/png', data: 'AAAA' } }] },
          { parts: [{ fileData: { mimeType: 'audio/wav', fileUri: 'gs://x' } }] },
        ],
        tools: [{ functionDeclarations: [{ name: 'f' }] }, { googleSearch: {} }],
        generationConfig: { maxOutputTokens: 9, responseSchema: {}, thinkingConfig: { includeThoughts: true } },
      },
      routeOf('m:streamGenerateContent'),
    );
    expect([...facts.needs].toSorted()).toEqual(['audio', 'structured_output', 'tools', 'vision']);
    expect(facts).toMatchObject({ model: 'm', stream: true, maxTokens: 9 });
    expect(facts.promptTokens).toBeGreaterThan(1000 - 1);
  });

  test('odd input is not its business', () => {
    const facts = requestFacts(
      { contents: 'x', tools: 3, generationConfig: [] },
      { ...routeOf('m:generateContent'), model: undefined },
    );
    expect(facts).toMatchObject({ model: undefined, stream: false, promptTokens: 0 });
  });

  test.each([
    ['m:streamGenerateContent?alt=sse', 'sse'],
    ['m:streamGenerateContent', 'json-array'],
    ['m:streamGenerateContent?alt=json', 'json-array'],
  ])('%s is framed as %s', (path, framing) => {
    expect(geminiInbound.framing(routeOf(path))).toBe(framing);
  });
});

describe('token counts', () => {
  test.each([
    [{ contents: [{ parts: [{ text: 'a' }] }] }],
    [{ generateContentRequest: { model: 'models/m', contents: [{ parts: [{ text: 'a' }] }] } }],
  ])('%j', (body) => {
    const { request, drops } = decodeCountRequest(body, routeOf('m:countTokens'));
    expect(request).toMatchObject({ model: 'm', stream: false, messages: [{ role: 'user' }] });
    expect(drops).toEqual([]);
  });

  test('are asked for with system and tools, each API in its way', () => {
    const request = requestOf({
      messages: [
        { role: 'system', content: [{ kind: 'text', text: 's' }] },
        { role: 'user', content: [{ kind: 'text', text: 'a' }] },
      ],
      maxTokens: 3,
    });
    const counted = {
      systemInstruction: { parts: [{ text: 's' }] },
      contents: [{ role: 'user', parts: [{ text: 'a' }] }],
    };
    expect(encodeCountRequest(request, target)).toEqual({
      path: '/models/gemini-2.5-flash:countTokens',
      body: { generateContentRequest: { model: 'models/gemini-2.5-flash', ...counted } },
      drops: [],
    });
    expect(encodeCountRequest(request, targetOf('gemini-2.5-flash', vertexSettings)).body).toEqual(counted);
    expect(decodeCountResponse({ totalTokens: 7 }, target)).toBe(7);
    expect(() => decodeCountResponse({}, target)).toThrow(expect.objectContaining({ code: 'upstream_invalid' }));
  });
});

describe('models', () => {
  const listed = ['a', 'b', 'c'].map((id) => ({ id, type: 'chat', context: 8192 }) as const);

  test('one and many', () => {
    expect(modelToWire({ id: 'e', type: 'embedding', context: undefined })).toEqual({
      name: 'models/e',
      displayName: 'e',
      version: '001',
      supportedGenerationMethods: ['embedContent', 'batchEmbedContents', 'countTokens'],
    });
    expect(modelListToWire(listed, new URLSearchParams()).models).toHaveLength(3);
  });

  test('in pages', () => {
    const first = modelListToWire(listed, new URLSearchParams('pageSize=2'));
    expect(first).toMatchObject({ models: [{ name: 'models/a' }, { name: 'models/b' }], nextPageToken: '2' });
    const last = modelListToWire(listed, new URLSearchParams('pageSize=2&pageToken=2'));
    expect(last).toEqual({ models: [expect.objectContaining({ name: 'models/c', inputTokenLimit: 8192 })] });
    expect(() => modelListToWire(listed, new URLSearchParams('pageToken=x'))).toThrow(
      expect.objectContaining({ code: 'bad_request' }),
    );
  });
});
