import { describe, expect, test } from 'vitest';
import {
  inbound as ollamaChatInbound,
  generateInbound as ollamaGenerateInbound,
} from '../../../../src/protocols/ollama/inbound.ts';
import { png, route } from './samples.ts';

const chat = (body: object) => ollamaChatInbound.decode({ ...body }, route);
const generate = (body: object) => ollamaGenerateInbound.decode({ ...body }, route);
const hi = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };

describe('a request to /api/chat', () => {
  test('streams unless it says otherwise, and always carries usage', () => {
    expect(chat(hi).request).toMatchObject({ stream: true, includeUsage: true });
    expect(chat({ ...hi, stream: false }).request.stream).toBe(false);
    expect(ollamaChatInbound.facts(hi, route).stream).toBe(true);
    expect(ollamaChatInbound.facts({ ...hi, stream: false }, route).stream).toBe(false);
  });

  test('keeps a whole tool loop together although the wire has neither ids nor order', () => {
    const { messages } = chat({
      model: 'm',
      messages: [
        { role: 'System', content: 'Be brief.' },
        { role: 'user', content: 'Look', images: [png] },
        {
          role: 'assistant',
          content: '',
          thinking: 'Two looks.',
          tool_calls: [
            { function: { name: 'look', arguments: { at: 'sky' } } },
            { function: { name: 'listen', arguments: '{"to":"birds"}' } },
            { id: 'given', function: { name: 'look', arguments: {} } },
          ],
        },
        { role: 'tool', tool_name: 'listen', content: 'song' },
        { role: 'tool', content: 'blue' },
        { role: 'tool', tool_call_id: 'given', content: 'grey' },
      ],
    }).request;
    expect(messages).toEqual([
      { role: 'system', content: [{ kind: 'text', text: 'Be brief.' }] },
      {
        role: 'user',
        content: [
          { kind: 'image', source: { kind: 'bytes', mediaType: 'image/png', base64: png } },
          { kind: 'text', text: 'Look' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { kind: 'reasoning', text: 'Two looks.' },
          { kind: 'tool-call', id: 'call_1', name: 'look', arguments: '{"at":"sky"}' },
          { kind: 'tool-call', id: 'call_2', name: 'listen', arguments: '{"to":"birds"}' },
          { kind: 'tool-call', id: 'given', name: 'look', arguments: '{}' },
        ],
      },
      result('call_2', 'listen', 'song'),
      result('call_1', 'look', 'blue'),
      result('given', 'look', 'grey'),
    ]);
  });

  test('gives a result that answers no call a place all the same', () => {
    const { messages } = chat({ model: 'm', messages: [{ role: 'tool', tool_name: 'look', content: 'blue' }] }).request;
    expect(messages).toEqual([result('call_1', 'look', 'blue')]);
  });

  test.each([
    [-1, undefined],
    [-2, undefined],
    [0, undefined],
    [7, 7],
  ])('takes num_predict %i as a limit of %s', (limit, expected) => {
    const body = { ...hi, options: { num_predict: limit } };
    expect(chat(body).request.maxTokens).toBe(expected);
    expect(ollamaChatInbound.facts(body, route).maxTokens).toBe(expected);
  });

  test('keeps what only Ollama knows under its name', () => {
    const options = { temperature: 0.5, top_k: 9, num_ctx: 8192, repeat_penalty: 1.1, mirostat: null, stop: 'END' };
    const { request, drops } = chat({ ...hi, options, keep_alive: '5m', truncate: true });
    expect(request).toMatchObject({ temperature: 0.5, topK: 9, stop: ['END'] });
    expect(request.extensions).toEqual({
      ollama: { num_ctx: 8192, repeat_penalty: 1.1, keep_alive: '5m', truncate: true },
    });
    expect(drops).toEqual([]);
  });

  test.each([
    [true, { budgetTokens: -1 }],
    [false, { effort: 'none' }],
    ['high', { effort: 'high' }],
    [null, undefined],
  ])('reads think: %s', (think, expected) => {
    expect(chat({ ...hi, think }).request.reasoning).toEqual(expected);
  });

  test.each([
    ['json', { kind: 'json' }],
    ['', undefined],
    [{ type: 'object' }, { kind: 'json-schema', name: 'response', schema: { type: 'object' } }],
  ])('reads format: %j', (format, expected) => {
    expect(chat({ ...hi, format }).request.output).toEqual(expected);
  });

  test.each([
    [{ model: 'm' }, 'messages'],
    [{ model: 'm', messages: [{ role: 'robot', content: '' }] }, 'messages[0].role'],
    [{ model: 'm', messages: [{ role: 'user', content: [] }] }, 'messages[0].content'],
    [{ model: 'm', messages: [{ role: 'user', images: [1] }] }, 'messages[0].images[0]'],
    [{ ...hi, format: 'yaml' }, 'format'],
    [{ ...hi, think: 'hard' }, 'think'],
    [{ ...hi, options: { temperature: 'hot' } }, 'options.temperature'],
    [{ ...hi, options: { stop: ['a', 1] } }, 'options.stop[1]'],
    [{ ...hi, tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
  ])('is refused by the name of its wrong field: %j', (body, param) => {
    expect(() => chat(body)).toThrow(expect.objectContaining({ code: 'bad_request', param }));
  });

  test('tells planning what it needs', () => {
    const body = {
      model: 'm',
      messages: [{ role: 'user', content: 'x'.repeat(40), images: [png] }],
      tools: [{ type: 'function', function: { name: 'look' } }],
    };
    const facts = ollamaChatInbound.facts(body, route);
    expect([...facts.needs].sort()).toEqual(['tools', 'vision']);
    expect(facts.promptTokens).toBeGreaterThan(800);
  });

  test('is looked at without a throw, whatever it holds', () => {
    for (const body of [{}, { messages: 3, tools: {} }, { messages: [null, 1], options: [] }]) {
      expect(ollamaChatInbound.facts(body, route).promptTokens).toBe(0);
    }
  });
});

describe('images', () => {
  const bytes = (...values: readonly number[]) => Buffer.from([...values, ...Array(12).fill(0)]).toString('base64');
  test.each([
    ['image/png', png],
    ['image/jpeg', bytes(0xff, 0xd8, 0xff, 0xe0)],
    ['image/gif', Buffer.from('GIF89a____').toString('base64')],
    ['image/webp', Buffer.from('RIFF____WEBPVP8 ').toString('base64')],
    ['image/bmp', Buffer.from('BM__________').toString('base64')],
    ['image/avif', Buffer.from('____ftypavif').toString('base64')],
    ['application/octet-stream', bytes(1, 2, 3)],
  ])('are told to be %s by their first bytes', (mediaType, base64) => {
    const { messages } = chat({ model: 'm', messages: [{ role: 'user', images: [base64] }] }).request;
    expect(messages[0]?.content).toEqual([{ kind: 'image', source: { kind: 'bytes', mediaType, base64 } }]);
  });

  test('keep the type that a data URL names', () => {
    const { messages } = generate({ model: 'm', images: ['data:image/webp;base64,AAAA'] }).request;
    expect(messages[0]?.content[0]).toMatchObject({ source: { mediaType: 'image/webp', base64: 'AAAA' } });
  });
});

describe('a request to /api/generate', () => {
  test('becomes a chat of one turn', () => {
    const { request, drops } = generate({ model: 'm', prompt: 'Hi', system: 'Be brief.', options: { seed: 0 } });
    expect(request).toMatchObject({ stream: true, seed: 0, tools: [] });
    expect(request.messages).toEqual([
      { role: 'system', content: [{ kind: 'text', text: 'Be brief.' }] },
      { role: 'user', content: [{ kind: 'text', text: 'Hi' }] },
    ]);
    expect(drops).toEqual([]);
  });

  test('names what no chat can honour, and only where it asks for something', () => {
    const empty = { suffix: '', template: '', raw: false, context: [], width: 0 };
    expect(generate({ model: 'm', prompt: 'Hi', ...empty }).drops).toEqual([]);
    const filled = { suffix: '}', template: '{{ .Prompt }}', raw: true };
    const { request, drops } = generate({ model: 'm', prompt: 'Hi', ...filled });
    expect(drops).toEqual(['suffix', 'template', 'raw']);
    expect(request.extensions).toBeUndefined();
  });

  test('is measured by prompt, system and images', () => {
    const facts = ollamaGenerateInbound.facts({ model: 'm', prompt: 'xxxx', system: 'yyyy', images: [png] }, route);
    expect(facts.promptTokens).toBe(802);
    expect([...facts.needs]).toEqual(['vision']);
  });
});

function result(id: string, name: string, text: string) {
  return { role: 'tool', content: [{ kind: 'tool-result', id, name, content: [{ kind: 'text', text }] }] };
}
