import { afterEach, describe, expect, test } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.ts';
import type { CanonicalRequest, CanonicalResponse, ContentPart, Message } from '../../../../src/protocols/canonical.ts';
import { collectParts } from '../../../../src/protocols/collect.ts';
import { encodeCountRequest } from '../../../../src/protocols/gemini/count-tokens.ts';
import { outbound as geminiOutbound } from '../../../../src/protocols/gemini/outbound.ts';
import { geminiEmbeddingOutbound } from '../../../../src/protocols/gemini/upstream/embeddings.ts';
import { type GeminiFake, startGeminiFake } from '../../../support/fake-servers/gemini.ts';
import { requestOf, targetOf } from './samples.ts';

// What is sent is checked against the API's published rules, by a server that knows nothing of our code.

let fake: GeminiFake | undefined;
afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

async function post(path: string, body: unknown, key = 'AIza-test-fake'): Promise<Response> {
  fake ??= await startGeminiFake();
  const headers = { 'content-type': 'application/json', 'x-goog-api-key': key };
  return fetch(fake.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function ask(
  fields: Partial<CanonicalRequest>,
  model = 'gemini-3-flash-preview',
  key?: string,
): Promise<CanonicalResponse> {
  const request = requestOf(fields);
  const target = targetOf(model);
  const { path, body } = geminiOutbound.encode(request, target);
  const response = await post(path, body, key);
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw geminiOutbound.classifyError(response.status, {}, bytes.toString(), target);
  if (!request.stream) return geminiOutbound.decodeResponse(JSON.parse(bytes.toString()), { target, request });
  const decoder = geminiOutbound.streamDecoder({ target, request });
  return collectParts([...decoder.push(bytes), ...decoder.end()]);
}

const text = (value: string): ContentPart => ({ kind: 'text', text: value });
const tools = [
  { name: 'f', description: 'd', parameters: { type: 'object', properties: { a: { type: ['string', 'null'] } } } },
];
const everything: Partial<CanonicalRequest> = {
  messages: [
    { role: 'system', content: [text('S')] },
    {
      role: 'user',
      content: [text('look'), { kind: 'image', source: { kind: 'bytes', mediaType: 'image/png', base64: 'AAAA' } }],
    },
    {
      role: 'assistant',
      content: [
        { kind: 'reasoning', text: 'by another model', seal: { protocol: 'messages', value: 'sig' } },
        { kind: 'tool-call', id: '1', name: 'f', arguments: '{"a":"x"}' },
        { kind: 'tool-call', id: '2', name: 'f', arguments: '' },
      ],
    },
    { role: 'developer', content: [text('hurry')] },
    { role: 'tool', content: [{ kind: 'tool-result', id: '2', content: [] }] },
    {
      role: 'tool',
      content: [
        {
          kind: 'tool-result',
          id: '1',
          content: [text('x'), { kind: 'image', source: { kind: 'url', url: 'https://x/y.png' } }],
        },
      ],
    },
  ],
  tools: [...tools, { name: 'g', parameters: {} }],
  toolChoice: { kind: 'allowed', names: ['f'], isRequired: false },
  output: { kind: 'json-schema', name: 'n', schema: { type: 'object' } },
  maxTokens: 100,
  temperature: 1,
  topP: 0.5,
  topK: 3,
  seed: 1,
  n: 2,
  logprobs: true,
  topLogprobs: 2,
  stop: ['1', '2', '3', '4', '5', '6'],
  reasoning: { effort: 'none' },
  metadata: { a: 'b' },
  user: 'u',
};

describe('a request with everything in it is legal', () => {
  test.each([
    'gemini-3-flash-preview',
    'gemini-3-pro-preview',
    'gemini-2.5-flash',
    'gemini-2.5-pro',
    'gemini-2.0-flash',
  ])('for %s', async (model) => {
    expect((await ask(everything, model)).choices[0]?.content).toEqual([text('Hello!')]);
    expect((await ask({ ...everything, stream: true }, model)).choices[0]?.content).toEqual([text('Hello!')]);
  });

  test('for counting', async () => {
    const { path, body } = encodeCountRequest(requestOf(everything), targetOf('gemini-2.5-flash'));
    expect(await (await post(path, body)).json()).toEqual({ totalTokens: expect.any(Number) });
  });

  test('for embedding', async () => {
    const request = {
      model: 'm',
      input: { kind: 'texts', texts: ['a', 'b'] },
      encoding: 'float',
      task: 'query',
    } as const;
    const target = targetOf('gemini-embedding-001');
    const { path, body } = geminiEmbeddingOutbound.encode(request, target);
    const answer = geminiEmbeddingOutbound.decodeResponse(JSON.parse(await (await post(path, body)).text()), {
      target,
      request,
    });
    expect(answer.vectors).toHaveLength(2);
  });
});

test('a tool loop of three turns keeps ids, names and signatures', async () => {
  fake = await startGeminiFake();
  const messages: Message[] = [{ role: 'user', content: [text('go')] }];
  for (const turn of [1, 2, 3]) {
    fake.answer({
      parts: [{ text: 'hm', thought: true }, ...[1, 2].map((i) => ({ functionCall: { name: 'f', args: { i } } }))],
    });
    const { choices } = await ask({ messages, tools, stream: turn !== 2 });
    const content = choices[0]?.content ?? [];
    const calls = content.filter((part) => part.kind === 'tool-call');
    expect(choices[0]?.finishReason).toBe('tool-calls');
    expect(calls).toMatchObject([
      { name: 'f', arguments: '{"i":1}', seal: { protocol: 'generate_content' } },
      { name: 'f' },
    ]);
    messages.push({ role: 'assistant', content });
    messages.push({
      role: 'tool',
      content: calls.map(({ id }) => ({ kind: 'tool-result', id, content: [text('ok')] })),
    });
  }
  await ask({ messages, tools });
  const sent = JSON.stringify(fake.requests.at(-1)?.body);
  expect(sent).not.toContain('skip_thought_signature_validator');
  expect(sent.match(/"thoughtSignature"/g)).toHaveLength(3);
});

describe('failures', () => {
  test.each<[string, Parameters<GeminiFake['answer']>[0], string]>([
    [
      'busy',
      { fault: { kind: 'status', status: 503, word: 'UNAVAILABLE', message: 'The model is overloaded.' } },
      'upstream_busy',
    ],
    ['an error event', { fault: { kind: 'error-event', after: 1, status: 500, message: 'x' } }, 'upstream_failed'],
    ['an early end', { fault: { kind: 'end', after: 1 } }, 'upstream_invalid'],
    ['an empty stream', { fault: { kind: 'end', after: 0 } }, 'upstream_invalid'],
  ])('%s', async (_name, answer, code) => {
    fake = await startGeminiFake();
    fake.answer(answer);
    await expect(ask({ stream: true })).rejects.toMatchObject({ code });
  });

  test('a wrong key, an unknown model', async () => {
    await expect(ask({}, 'gemini-2.5-flash', 'wrong')).rejects.toMatchObject({ code: 'upstream_unauthorized' });
    await expect(ask({}, 'nope')).rejects.toMatchObject({ code: 'upstream_model_missing' });
  });

  test('the fake is strict', async () => {
    const body = { contents: [{ role: 'user', parts: [{ text: 'x' }] }], temperature: 1 };
    const response = await post('/models/gemini-2.5-flash:streamGenerateContent', body);
    const classified = geminiOutbound.classifyError(
      response.status,
      {},
      await response.text(),
      targetOf('gemini-2.5-flash'),
    );
    expect(classified).toBeInstanceOf(GatewayError);
    expect(classified).toMatchObject({
      code: 'upstream_rejected',
      message: expect.stringContaining('Unknown name "temperature"'),
    });
  });
});
