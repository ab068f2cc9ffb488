import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import claudeCode from '../fixtures/anthropic/agent-request.json' with { type: 'json' };
import codex from '../fixtures/responses/codex-request.json' with { type: 'json' };
import { type RunningApp, startApp } from '../support/start-app.ts';
import { geminiClient } from './matrix/clients/gemini.ts';
import { messagesClient } from './matrix/clients/messages.ts';
import { responsesClient } from './matrix/clients/responses.ts';
import { upstreams } from './matrix/rows.ts';
import type { RunningUpstream, Upstream } from './matrix/upstream.ts';

/*
 * What coding agents really send, to providers that refuse what they do not know: nothing of it may fail a request.
 */

const running = new Map<Upstream, RunningUpstream>();
let app: RunningApp;

beforeAll(async () => {
  const providers: Record<string, unknown> = {};
  const environment: Record<string, string> = {};
  for (const row of upstreams) {
    const upstream = await row.start();
    running.set(row, upstream);
    Object.assign(environment, upstream.environment);
    providers[row.name] = { ...upstream.provider, models: [{ id: `on-${row.name}`, upstream_id: upstream.model }] };
  }
  app = await startApp({ yaml: JSON.stringify({ providers }), environment });
});

afterAll(async () => {
  await app?.close();
  await Promise.all([...running.values()].map((upstream) => upstream.close()));
});

function upstreamOf(row: Upstream): RunningUpstream {
  return running.get(row) as RunningUpstream;
}

/** Without those that speak the agent's own protocol: these get its bytes as they are. */
function others(protocol: string): readonly Upstream[] {
  return upstreams.filter((row) => row.protocol !== protocol);
}

async function streamOf(path: string, body: object, headers: Record<string, string> = {}): Promise<string> {
  const response = await app.post(path, body, { headers });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return text;
}

describe.each(others('messages'))('an agent of Anthropic’s on $name', (row) => {
  const betas = 'claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,effort-2025-11-24';
  const headers = { 'anthropic-version': '2023-06-01', 'anthropic-beta': betas };

  test('goes on after its tools', async () => {
    const upstream = upstreamOf(row);
    const call = { id: 'call_7', name: 'Bash', input: { command: 'cat a.txt' } };
    upstream.answer({ reasoning: 'One more look.', text: 'Now the file.', calls: [call] });
    const body = { ...claudeCode, model: `on-${row.name}` };
    const { heard } = messagesClient.readStream(await streamOf('/v1/messages?beta=true', body, headers));
    expect(heard?.text).toBe('Now the file.');
    expect(heard?.calls).toEqual([call]);
    const sent = upstream.bodies().at(-1) ?? {};
    expect(row.history(sent)).toMatchObject({
      calls: [{ name: 'Bash', input: { command: 'ls' } }, { name: 'Read' }],
      results: [{ text: expect.stringContaining('a.txt') }, { text: expect.stringContaining('no such file') }],
    });
    for (const word of ['You are an agent.', 'Available agent types', 'Go on.', 'iVBORw0KGgo='])
      expect(JSON.stringify(sent)).toContain(word);
    expect(JSON.stringify(sent)).not.toContain('x-anthropic-billing-header');
  });
});

describe.each(others('responses'))('an agent of OpenAI’s on $name', (row) => {
  test('has its grouped tools called by their own names', async () => {
    const upstream = upstreamOf(row);
    upstream.answer({ calls: [{ id: 'call_8', name: 'mcp__notes__search', input: { query: 'x' } }] });
    const body = { ...codex, model: `on-${row.name}` };
    const text = await streamOf('/v1/responses', body);
    const { heard } = responsesClient.readStream(text);
    expect(heard?.echo.filter(({ type }) => type === 'function_call')).toMatchObject([
      { type: 'function_call', call_id: 'call_8', name: 'search', namespace: 'mcp__notes', arguments: '{"query":"x"}' },
    ]);
    const sent = JSON.stringify(upstream.bodies().at(-1));
    for (const word of ['You are a coding agent.', 'read only', 'say hi', 'shell', 'apply_patch', 'mcp__notes__read'])
      expect(sent).toContain(word);
  });

  test('goes on after its tools, with the items it was given', async () => {
    const upstream = upstreamOf(row);
    const calls = [
      { id: 'call_1', name: 'shell', input: { command: ['ls'] } },
      { id: 'call_2', name: 'mcp__notes__search', input: { query: 'y' } },
    ];
    upstream.answer({ reasoning: 'Two looks.', calls });
    const model = `on-${row.name}`;
    const first = responsesClient.readStream(await streamOf('/v1/responses', { ...codex, model }));
    // Ids are what this agent does not send back.
    const items = (first.heard?.echo ?? []).map(({ id: _, ...item }) => item);
    const outputs = calls.map(({ id }) => ({ type: 'function_call_output', call_id: id, output: `${id} is done` }));
    upstream.answer({ text: 'Done.' });
    const input = [...codex.input, ...items, ...outputs];
    const last = responsesClient.readStream(await streamOf('/v1/responses', { ...codex, model, input }));
    expect(last.heard?.text).toBe('Done.');
    expect(row.history(upstream.bodies().at(-1) ?? {})).toMatchObject({
      calls: calls.map(({ name, input: args }) => ({ name, input: args })),
      results: [
        { text: expect.stringContaining('call_1 is done') },
        { text: expect.stringContaining('call_2 is done') },
      ],
    });
  });
});

describe.each(others('generate_content'))('an agent of Google’s on $name', (row) => {
  test('has its tools called', async () => {
    const upstream = upstreamOf(row);
    const call = { id: 'call_9', name: 'read_file', input: { path: 'a.txt' } };
    upstream.answer({ text: 'I read it.', calls: [call] });
    const parameters = { type: 'OBJECT', properties: { path: { type: 'STRING' } }, required: ['path'] };
    const body = {
      systemInstruction: { role: 'user', parts: [{ text: 'You are an agent.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'This is the context.' }] },
        { role: 'model', parts: [{ text: 'Got it.' }] },
        { role: 'user', parts: [{ text: 'List, then read.' }] },
        { role: 'model', parts: [{ functionCall: { name: 'list', args: {} }, thoughtSignature: 'c2lnbmVk' }] },
        { role: 'user', parts: [{ functionResponse: { name: 'list', response: { output: 'a.txt' } } }] },
      ],
      tools: [
        {
          functionDeclarations: [
            { name: 'list', description: 'Lists files.', parametersJsonSchema: { type: 'object', properties: {} } },
            { name: 'read_file', description: 'Reads a file.', parameters },
          ],
        },
        { googleSearch: {} },
      ],
      toolConfig: { functionCallingConfig: { mode: 'AUTO' } },
      generationConfig: { temperature: 1, topP: 0.95, topK: 64, thinkingConfig: { includeThoughts: true } },
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
    };
    const path = `/v1beta/models/on-${row.name}:streamGenerateContent?alt=sse`;
    const { heard } = geminiClient.readStream(await streamOf(path, body));
    expect(heard?.text).toBe('I read it.');
    expect(heard?.calls).toEqual([call]);
    expect(row.history(upstream.bodies().at(-1) ?? {})).toMatchObject({
      calls: [{ name: 'list' }],
      results: [{ text: expect.stringContaining('a.txt') }],
    });
    expect(JSON.stringify(upstream.bodies().at(-1))).toContain('"object"');
  });
});
