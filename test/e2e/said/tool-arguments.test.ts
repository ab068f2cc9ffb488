import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RunningApp, startApp } from '../../support/start-app.ts';
import { chatAnswer, chatProvider, startPlain } from './plain-upstream.ts';

const parameters = { type: 'object' as const, properties: {} };
const question = 'What time is it?';
const chatTools = [{ type: 'function' as const, function: { name: 'now', parameters } }];

interface Told {
  readonly id?: string | undefined;
  readonly arguments: unknown;
}

/** What each official client makes of a call, streamed or not. */
const clients: Readonly<Record<string, (app: RunningApp, stream: boolean) => Promise<Told>>> = {
  async responses(app, stream) {
    const client = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'k' });
    const body = {
      model: 'up:small',
      input: question,
      tools: [{ type: 'function' as const, name: 'now', parameters, strict: false }],
    };
    const answer = stream ? await client.responses.stream(body).finalResponse() : await client.responses.create(body);
    const call = answer.output.find((item) => item.type === 'function_call');
    if (call?.type !== 'function_call') throw new Error('no call');
    return { id: call.call_id, arguments: JSON.parse(call.arguments) };
  },
  async messages(app, stream) {
    const client = new Anthropic({ baseURL: app.url, apiKey: 'k' });
    const body = {
      model: 'up:small',
      max_tokens: 100,
      messages: [{ role: 'user' as const, content: question }],
      tools: [{ name: 'now', input_schema: parameters }],
    };
    const answer = stream ? await client.messages.stream(body).finalMessage() : await client.messages.create(body);
    const call = answer.content.find((block) => block.type === 'tool_use');
    return { id: call?.id, arguments: call?.input };
  },
  async gemini(app, stream) {
    const client = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: app.url } });
    const body = {
      model: 'up:small',
      contents: question,
      config: { tools: [{ functionDeclarations: [{ name: 'now' }] }] },
    };
    if (!stream) {
      const [call] = (await client.models.generateContent(body)).functionCalls ?? [];
      return { arguments: call?.args ?? {} };
    }
    const calls = [];
    for await (const chunk of await client.models.generateContentStream(body))
      calls.push(...(chunk.functionCalls ?? []));
    return { arguments: calls.length === 1 ? (calls[0]?.args ?? {}) : calls };
  },
  async ollama(app, stream) {
    const client = new Ollama({ host: app.url });
    const body = { model: 'up:small', messages: [{ role: 'user', content: question }], tools: chatTools as never };
    if (!stream) {
      const answer = await client.chat({ ...body, stream: false });
      return { arguments: answer.message.tool_calls?.[0]?.function.arguments };
    }
    const calls = [];
    for await (const piece of await client.chat({ ...body, stream: true }))
      calls.push(...(piece.message.tool_calls ?? []));
    return { arguments: calls[0]?.function.arguments };
  },
};

async function arrange(message: object, deltas: readonly object[]): Promise<RunningApp> {
  const upstream = await startPlain((request) => chatAnswer(request, { ...message }, deltas));
  const app = await startApp({ yaml: `providers:\n  ${chatProvider('up', upstream.origin)}\n` });
  onTestFinished(async () => {
    await app[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });
  return app;
}

/** Each as a stream writes it: the pieces of one call's arguments. */
const nothing: readonly (readonly string[])[] = [
  ['null'],
  ['nu', 'll'],
  ['None'],
  ['undefined'],
  ['""'],
  ['"{}"'],
  ['[]'],
  [' '],
  [''],
  ['"nul', 'l"'],
];

describe.each(Object.keys(clients))('a call without arguments for a client of %s', (name) => {
  const ask = clients[name] as (typeof clients)[string];

  it.each(nothing)('written as %j %j', async (...pieces) => {
    const [first = '', ...rest] = pieces.filter((piece) => piece !== undefined);
    const call = { id: 'call_x', type: 'function', function: { name: 'now', arguments: [first, ...rest].join('') } };
    const deltas = [
      { tool_calls: [{ index: 0, ...call, function: { name: 'now', arguments: first } }] },
      ...rest.map((piece) => ({ tool_calls: [{ index: 0, function: { arguments: piece } }] })),
    ];
    const app = await arrange({ tool_calls: [call] }, deltas);
    expect((await ask(app, false)).arguments).toEqual({});
    expect((await ask(app, true)).arguments).toEqual({});
  });
});

describe.each(['responses', 'messages'])('an id that comes before its name, for a client of %s', (name) => {
  const ask = clients[name] as (typeof clients)[string];
  const call = { id: 'call_x', type: 'function', function: { name: 'now', arguments: '{"a":1}' } };

  it.each([
    [
      'with an empty name',
      [{ id: 'call_x', function: { name: '' } }, { function: { name: 'now', arguments: '{"a":1}' } }],
    ],
    ['without a name', [{ id: 'call_x' }, { function: { name: 'now' } }, { function: { arguments: '{"a":1}' } }]],
    [
      'with its arguments',
      [{ id: 'call_x', function: { name: '', arguments: '{"a"' } }, { function: { name: 'now', arguments: ':1}' } }],
    ],
  ])('%s', async (_how, pieces) => {
    const deltas = pieces.map((piece) => ({ tool_calls: [{ index: 0, ...piece }] }));
    const app = await arrange({ tool_calls: [call] }, deltas);
    expect(await ask(app, true)).toEqual({ id: 'call_x', arguments: { a: 1 } });
  });
});

it.each(['null', 'None', '""'])(
  'a history that has %s for arguments goes upstream as an empty object',
  async (written) => {
    await using upstream = await startPlain((request) => chatAnswer(request, { content: 'noon' }, []));
    await using app = await startApp({ yaml: `providers:\n  ${chatProvider('up', upstream.origin)}\n` });
    await app.post('/v1/responses', {
      model: 'up:small',
      input: [
        { role: 'user', content: question },
        { type: 'function_call', call_id: 'call_x', name: 'now', arguments: written },
        { type: 'function_call_output', call_id: 'call_x', output: '12:00' },
      ],
    });
    expect(upstream.seen[0]?.body.messages[1].tool_calls[0].function.arguments).toBe('{}');
  },
);

describe.each([false, true])('reasoning for a client of responses, stream: %s', (stream) => {
  it.each([
    ['auto', 'summary'],
    ['detailed', 'summary'],
    [undefined, 'content'],
  ])('with summary %s stands in %s', async (summary, field) => {
    const message = { content: 'noon', reasoning_content: 'hm, time' };
    const app = await arrange(message, [
      { reasoning_content: 'hm, ' },
      { reasoning_content: 'time' },
      { content: 'noon' },
    ]);
    const client = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'k' });
    const body = {
      model: 'up:small',
      input: question,
      ...(summary !== undefined && { reasoning: { summary: summary as 'auto' } }),
    };
    const answer = stream ? await client.responses.stream(body).finalResponse() : await client.responses.create(body);
    const reasoning = answer.output.find((item) => item.type === 'reasoning') as unknown as Record<string, unknown>;
    expect(reasoning[field]).toMatchObject([{ text: 'hm, time' }]);
    expect(answer.output_text).toBe('noon');
  });
});
