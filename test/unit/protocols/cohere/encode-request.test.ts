import { describe, expect, test } from 'vitest';
import type { CanonicalRequest, ContentPart, Message, Tool } from '../../../../src/protocols/canonical.ts';
import { assistant, user } from '../openai-chat/samples.ts';
import { cohere, encode } from './samples.ts';

const body = (fields: Partial<CanonicalRequest>, target = cohere()) => encode(fields, target).body;
const messages = (...list: readonly Message[]) => body({ messages: list }).messages;

const look: Tool = { name: 'look', description: 'Looks.', parameters: { type: 'object', required: ['at'] } };
const listen: Tool = { name: 'listen', parameters: { type: 'object', properties: {} } };
const call: ContentPart = { kind: 'tool-call', id: 'c1', name: 'look', arguments: '{"at":"sky"}' };
const wireCall = { id: 'c1', type: 'function', function: { name: 'look', arguments: '{"at":"sky"}' } };

function system(text: string, role: 'system' | 'developer' = 'system'): Message {
  return { role, content: [{ kind: 'text', text }] };
}

function result(...content: readonly ContentPart[]): Message {
  return { role: 'tool', content: [{ kind: 'tool-result', id: 'c1', name: 'look', content }] };
}

test('a request goes to the path of its API, which answers in events when asked to', () => {
  expect(encode({ stream: true })).toMatchObject({
    path: '/chat',
    headers: { accept: 'text/event-stream' },
    body: { model: 'command-a-reasoning-08-2025', stream: true },
  });
  expect(encode({})).toMatchObject({ headers: { accept: 'application/json' }, body: { stream: false }, drops: [] });
});

describe('messages', () => {
  test('have one instruction, at the beginning; later ones are told by the user', () => {
    expect(
      messages(system('A'), system('B', 'developer'), user('Hi'), system('C'), assistant('Ho'), user('Hi')),
    ).toEqual([
      {
        role: 'system',
        content: [
          { type: 'text', text: 'A' },
          { type: 'text', text: 'B' },
        ],
      },
      { role: 'user', content: 'Hi' },
      { role: 'user', content: '<system>\nC\n</system>' },
      { role: 'assistant', content: 'Ho' },
      { role: 'user', content: 'Hi' },
    ]);
    expect(messages(system('A'))).toEqual([{ role: 'user', content: 'A' }]);
  });

  test('end with someone who wants an answer', () => {
    expect(messages(user('Hi'), assistant('Ho'))).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Ho' },
      { role: 'user', content: 'Continue.' },
    ]);
  });

  test('tell the text beside calls as their plan, and results directly after them', () => {
    const said = assistant({ kind: 'reasoning', text: 'Hm.' }, 'I look.', call);
    expect(messages(user('Hi'), said, result({ kind: 'text', text: 'blue' }))).toEqual([
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        tool_plan: 'I look.',
        tool_calls: [wireCall],
        content: [{ type: 'thinking', thinking: 'Hm.' }],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'blue' },
    ]);
  });

  test('carry documents in results, and images of results in the next turn of the user', () => {
    const document: ContentPart = { kind: 'document', name: 'sky.txt', source: { kind: 'text', text: 'blue' } };
    const image: ContentPart = { kind: 'image', source: { kind: 'url', url: 'https://x.example/a.png' } };
    const sent = messages(
      user('Hi'),
      assistant(call),
      result({ kind: 'text', text: 'see' }, document, image),
      user('?'),
    );
    expect(sent).toMatchObject([
      {},
      {},
      {
        role: 'tool',
        content: [
          { type: 'text', text: 'see' },
          { type: 'document', document: { data: { title: 'sky.txt', text: 'blue' } } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'text' },
          { type: 'image_url', image_url: { url: 'https://x.example/a.png' } },
          { type: 'text', text: '?' },
        ],
      },
    ]);
  });

  test('carry images as bytes and by URL, with a detail that the API knows', () => {
    const bytes = { kind: 'bytes' as const, mediaType: 'image/png', base64: 'AAAA' };
    const sent = messages(
      user(
        'Look',
        { kind: 'image', source: bytes, detail: 'low' },
        { kind: 'image', source: bytes, detail: 'original' },
      ),
    );
    const url = 'data:image/png;base64,AAAA';
    expect(sent).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look' },
          { type: 'image_url', image_url: { url, detail: 'low' } },
          { type: 'image_url', image_url: { url } },
        ],
      },
    ]);
  });

  test('tell documents of text as text', () => {
    const base64 = Buffer.from('größer').toString('base64');
    const source = { kind: 'bytes' as const, mediaType: 'text/plain', base64 };
    expect(messages(user({ kind: 'document', name: 'a.txt', source }))).toEqual([
      { role: 'user', content: 'a.txt:\ngrößer' },
    ]);
  });

  test.each<[string, ContentPart]>([
    ['audio', { kind: 'audio', source: { kind: 'bytes', mediaType: 'audio/wav', base64: 'AAAA' } }],
    ['a PDF', { kind: 'document', source: { kind: 'bytes', mediaType: 'application/pdf', base64: 'AAAA' } }],
    ['an image by id', { kind: 'image', source: { kind: 'file', id: 'f' } }],
  ])('with %s are for another candidate', (_, part) => {
    expect(() => encode({ messages: [user(part)] })).toThrow(expect.objectContaining({ code: 'upstream_incapable' }));
  });

  test('leave reasoning away from a model that does not reason, by name', () => {
    const said = assistant({ kind: 'reasoning', text: 'Hm.' }, 'Ho');
    const { body: sent, drops } = encode({ messages: [user('Hi'), said, user('?')] }, cohere('command-r-08-2024'));
    expect(sent.messages).toContainEqual({ role: 'assistant', content: 'Ho' });
    expect(drops).toEqual(['reasoning']);
  });
});

describe('tools', () => {
  test('lose the switch that the API has for all together', () => {
    const strict = { ...look, strict: true };
    const wire = { type: 'function', function: look };
    expect(body({ tools: [strict] })).toMatchObject({ tools: [wire], strict_tools: true });
    const mixed = encode({ tools: [strict, { ...listen, strict: true }] });
    expect(mixed.body).not.toHaveProperty('strict_tools');
    expect(mixed.drops).toEqual(['tools.strict']);
  });

  test.each<[CanonicalRequest['toolChoice'], string | undefined, readonly string[]]>([
    [undefined, undefined, ['look', 'listen']],
    [{ kind: 'auto' }, undefined, ['look', 'listen']],
    [{ kind: 'none' }, 'NONE', ['look', 'listen']],
    [{ kind: 'required' }, 'REQUIRED', ['look', 'listen']],
    [{ kind: 'tool', name: 'listen' }, 'REQUIRED', ['listen']],
    [{ kind: 'allowed', names: ['look'], isRequired: false }, undefined, ['look']],
    [{ kind: 'allowed', names: ['look'], isRequired: true }, 'REQUIRED', ['look']],
  ])('chosen by %j are %s of %j', (toolChoice, expected, names) => {
    const sent = body({ tools: [look, listen], toolChoice });
    expect(sent.tool_choice).toBe(expected);
    expect(sent.tools).toEqual(
      names.map((name) => expect.objectContaining({ function: expect.objectContaining({ name }) })),
    );
  });

  test('say so when one call at a time cannot be asked for', () => {
    expect(encode({ tools: [look], parallelToolCalls: false }).drops).toEqual(['parallel_tool_calls']);
    expect(encode({ tools: [look], parallelToolCalls: true }).drops).toEqual([]);
  });
});

describe('parameters', () => {
  test('have the names of the API', () => {
    expect(
      body({
        maxTokens: 9,
        temperature: 0.5,
        topP: 0.8,
        topK: 40,
        seed: 7,
        stop: ['END'],
        frequencyPenalty: 0.5,
        logprobs: true,
        output: { kind: 'json-schema', name: 'r', schema: { type: 'object' } },
      }),
    ).toMatchObject({
      max_tokens: 9,
      temperature: 0.5,
      p: 0.8,
      k: 40,
      seed: 7,
      stop_sequences: ['END'],
      frequency_penalty: 0.5,
      logprobs: true,
      response_format: { type: 'json_object', json_schema: { type: 'object' } },
    });
    expect(body({ output: { kind: 'json' } }).response_format).toEqual({ type: 'json_object' });
    expect(body({ output: { kind: 'text' } })).not.toHaveProperty('response_format');
  });

  test('stay within the limits of the API, by name where that changes what was asked', () => {
    const stop = ['1', '2', '3', '4', '5', '6'];
    const { body: sent, drops } = encode({
      temperature: 1.5,
      topP: 1,
      topK: -1,
      seed: -3,
      stop,
      frequencyPenalty: 0,
      presencePenalty: 2,
    });
    expect(sent).toMatchObject({ temperature: 1, p: 0.99, presence_penalty: 1, stop_sequences: stop.slice(0, 5) });
    for (const field of ['k', 'seed', 'frequency_penalty']) expect(sent).not.toHaveProperty(field);
    expect(drops).toEqual(['temperature', 'presence_penalty', 'seed', 'stop']);
  });

  test('hold one penalty, since the API takes no second', () => {
    const both = encode({ frequencyPenalty: 0.5, presencePenalty: 0.5 });
    expect(both.body).toMatchObject({ frequency_penalty: 0.5 });
    expect(both.body).not.toHaveProperty('presence_penalty');
    expect(both.drops).toEqual(['presence_penalty']);
    expect(encode({ presencePenalty: -1 }).drops).toEqual(['presence_penalty']);
  });

  test('name what the API has no word for', () => {
    const { drops } = encode({
      n: 2,
      minP: 0.1,
      topLogprobs: 3,
      logitBias: { 1: 2 },
      user: 'u',
      metadata: { a: 'b' },
      serviceTier: 'flex',
      extensions: { chat_completions: { store: true } },
    });
    expect([...drops].sort()).toEqual(
      ['logit_bias', 'metadata', 'min_p', 'n', 'service_tier', 'store', 'top_logprobs', 'user'].sort(),
    );
    expect(encode({ n: 1, minP: 0 }).drops).toEqual([]);
  });

  test.each<[CanonicalRequest['reasoning'], object | undefined]>([
    [undefined, undefined],
    [{ effort: 'none' }, { type: 'disabled' }],
    [{ budgetTokens: 0 }, { type: 'disabled' }],
    [{ effort: 'low' }, { type: 'enabled', token_budget: 1024 }],
    [{ effort: 'high' }, { type: 'enabled' }],
    [{ budgetTokens: 500 }, { type: 'enabled', token_budget: 500 }],
    [{ budgetTokens: -1 }, { type: 'enabled' }],
  ])('say %j as thinking %j', (reasoning, thinking) => {
    expect(body({ reasoning }).thinking).toEqual(thinking);
  });

  test('never ask a model to think that cannot', () => {
    const plain = cohere('command-r-08-2024');
    const asked = encode({ reasoning: { effort: 'high' } }, plain);
    expect(asked.body).not.toHaveProperty('thinking');
    expect(asked.drops).toEqual(['reasoning']);
    expect(encode({ reasoning: { effort: 'none' } }, plain)).toMatchObject({ drops: [] });
    const told = cohere('in-house', { capabilities: new Set(['reasoning']) });
    expect(body({ reasoning: { effort: 'high' } }, told)).toHaveProperty('thinking');
  });
});
