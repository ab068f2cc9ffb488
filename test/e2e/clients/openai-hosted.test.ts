import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { upstreams } from '../../contract/matrix/rows.ts';
import type { Upstream } from '../../contract/matrix/upstream.ts';
import { startApp } from '../../support/start-app.ts';
import { weatherParameters, words } from './router.ts';

const model = 'hosted';

/** The official client, unchanged, with a strict fake of the provider behind the router. */
async function start(row: Upstream) {
  const upstream = await row.start();
  onTestFinished(upstream.close);
  const models = [{ id: model, upstream_id: upstream.model, type: 'chat' }];
  const yaml = JSON.stringify({ providers: { far: { ...upstream.provider, models } } });
  const app = await startApp({ yaml, environment: upstream.environment });
  onTestFinished(() => app.close());
  return { client: new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'any', maxRetries: 0 }), upstream };
}

const ask = {
  model,
  messages: [
    { role: 'developer' as const, content: 'You answer briefly.' },
    { role: 'user' as const, content: 'Weather?', name: 'ada' },
  ],
};

/** What applications set without a thought of who answers. */
const settings = {
  max_completion_tokens: 2000,
  temperature: 0.7,
  top_p: 0.9,
  frequency_penalty: 0.1,
  presence_penalty: 0,
  seed: 7,
  stop: ['END'],
  n: 1,
  user: 'user-1',
  store: false,
  parallel_tool_calls: true,
  tool_choice: 'auto' as const,
};

const capital = z.object({ city: z.string(), people: z.number().min(0), mayor: z.string().nullable() });
const bern = { city: 'Bern', people: 137_000, mayor: null };
const calls = [
  { id: 'call_1', name: 'weather', input: { city: 'Rome' } },
  { id: 'call_2', name: 'weather', input: { city: 'Oslo' } },
];
const weather = { name: 'weather', description: 'Weather of a city', parameters: weatherParameters };

describe.each(upstreams)('a client of OpenAI’s on $name', (row) => {
  test('has its answers, whole and streamed', async () => {
    const { client, upstream } = await start(row);
    upstream.answer({ text: words });
    const { choices, usage } = await client.chat.completions.create(ask);
    expect(choices[0]?.message.content).toBe(words);
    expect(usage).toMatchObject({ prompt_tokens: 25, completion_tokens: 15 });
    upstream.answer({ text: words });
    expect(await client.chat.completions.stream(ask).finalContent()).toBe(words);
    upstream.answer({ text: words });
    expect((await client.responses.create({ model, input: 'Weather?' })).output_text).toBe(words);
  });

  test('may set all that it is used to', async () => {
    const { client, upstream } = await start(row);
    upstream.answer({ text: words });
    const tools = [{ type: 'function' as const, function: weather }];
    const { choices } = await client.chat.completions.create({ ...ask, ...settings, tools });
    expect(choices[0]?.message.content).toBe(words);
    upstream.answer({ calls: calls.slice(0, 1) });
    const forced = { type: 'function' as const, function: { name: 'weather' } };
    const called = await client.chat.completions.create({ ...ask, tools, tool_choice: forced });
    expect(called.choices[0]?.message.tool_calls).toHaveLength(1);
  });

  test('runs its tools, streamed', async () => {
    const { client, upstream } = await start(row);
    upstream.answer({ calls });
    upstream.answer({ text: 'Warm in Rome, cold in Oslo.' });
    const asked: string[] = [];
    const runner = client.chat.completions.runTools({
      ...ask,
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            ...weather,
            parse: JSON.parse as (text: string) => { city: string },
            function: ({ city }: { city: string }) => {
              asked.push(city);
              return `${city} is fine`;
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('Warm in Rome, cold in Oslo.');
    expect(asked).toEqual(['Rome', 'Oslo']);
    const { results } = row.history(upstream.bodies().at(-1) ?? {});
    expect(results.map(({ text }) => text)).toEqual([
      expect.stringContaining('Rome is fine'),
      expect.stringContaining('Oslo is fine'),
    ]);
  });

  test('parses what its schema asked for', async () => {
    const { client, upstream } = await start(row);
    upstream.answer({ text: JSON.stringify(bern) });
    const response_format = zodResponseFormat(capital, 'capital');
    const { choices } = await client.chat.completions.parse({ ...ask, response_format });
    expect(choices[0]?.message.parsed).toEqual(bern);
  });

  test('has its own errors', async () => {
    const { client, upstream } = await start(row);
    upstream.answer({ failure: { kind: 'status', status: 400, message: 'no such voice' } });
    const refused = client.chat.completions.create(ask);
    await expect(refused).rejects.toThrow(OpenAI.BadRequestError);
    await expect(refused).rejects.toThrow('no such voice');
    upstream.answer({ text: words, failure: { kind: 'error-event', message: 'out of memory' } });
    await expect(client.chat.completions.stream(ask).finalContent()).rejects.toThrow('out of memory');
  });
});
