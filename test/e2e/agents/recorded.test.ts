import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { geminiClient } from '../../contract/matrix/clients/gemini.ts';
import { messagesClient } from '../../contract/matrix/clients/messages.ts';
import { responsesClient } from '../../contract/matrix/clients/responses.ts';
import claudeCode from '../../fixtures/agents/claude-code.json' with { type: 'json' };
import codex from '../../fixtures/agents/codex.json' with { type: 'json' };
import geminiCli from '../../fixtures/agents/gemini-cli.json' with { type: 'json' };
import { type ChatFake, startChatFake } from '../../support/fake-servers/chat.ts';
import { type RunningApp, startApp } from '../../support/start-app.ts';

/*
 * Late requests of tool loops as Claude Code 2.1.329, Codex CLI 0.169 and Gemini CLI 0.61 sent them (texts shortened,
 * fewer tools), to a server that knows chat completions only and refuses what that API does not have.
 */

let upstream: ChatFake;
let app: RunningApp;

beforeAll(async () => {
  upstream = await startChatFake();
  const models = [{ id: 'local-chat', type: 'chat' }];
  const local = { api_base: upstream.url, api_key: 'sk-fake', api_protocol: 'chat_completions', models };
  app = await startApp({ yaml: JSON.stringify({ providers: { local } }) });
});

afterAll(async () => {
  await app?.close();
  await upstream?.close();
});

interface Recorded {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

async function replay({ path, headers, body }: Recorded) {
  const response = await app.post(path, body, { headers });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  const sent = upstream.requests.at(-1)?.body as unknown as SentBody;
  return { text, sent, drops: response.headers.get('x-router-translation-drops')?.split(', ') };
}

interface SentBody {
  readonly messages: readonly { readonly role: string; readonly content: unknown; readonly tool_call_id?: string }[];
  readonly tools: readonly { readonly function: { readonly name: string } }[];
  readonly user?: string;
}

function toolNames(sent: SentBody): readonly string[] {
  return sent.tools.map((tool) => tool.function.name);
}

function resultOf(sent: SentBody, id: string): unknown {
  return sent.messages.find((message) => message.tool_call_id === id)?.content;
}

describe('Claude Code', () => {
  test('goes on with its loop', async () => {
    upstream.answer({ text: 'Next.', calls: [{ id: 'call_9', name: 'Bash', arguments: '{"command":"ls"}' }] });
    const { text, sent } = await replay(claudeCode);
    const { heard } = messagesClient.readStream(text);
    expect(heard).toMatchObject({ text: 'Next.', calls: [{ id: 'call_9', name: 'Bash', input: { command: 'ls' } }] });
    expect(resultOf(sent, 'call_0_1')).toContain('File does not exist');
    expect(JSON.stringify(sent.messages)).toContain('data:image/png;base64,');
    expect(JSON.stringify(sent.messages)).not.toContain('x-anthropic-billing-header');
  });

  test('has the tool that its search found, told as found, and not what it keeps back', async () => {
    const { sent } = await replay(claudeCode);
    expect(resultOf(sent, 'call_1_0')).toBe('Tool found: WebFetch. It can be called now.');
    expect(toolNames(sent)).toEqual(['Agent', 'Bash', 'Read', 'ToolSearch', 'WebFetch', 'Write']);
  });

  test('names its user within what OpenAI takes', async () => {
    const { sent } = await replay(claudeCode);
    expect(sent.user).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('Codex CLI', () => {
  test('goes on with its loop, grouped tools by their own names', async () => {
    upstream.answer({
      calls: [{ id: 'call_9', name: 'multi_agent_v1__spawn_agent', arguments: '{"message":"say hi"}' }],
    });
    const { text, drops } = await replay(codex);
    const { heard } = responsesClient.readStream(text);
    expect(heard?.echo.filter(({ type }) => type === 'function_call')).toMatchObject([
      { call_id: 'call_9', name: 'spawn_agent', namespace: 'multi_agent_v1', arguments: '{"message":"say hi"}' },
    ]);
    expect(drops).toContain('tools.web_search');
  });

  test('has heard what no call asked for', async () => {
    const { sent } = await replay(codex);
    expect(sent.messages.at(-1)).toMatchObject({ role: 'user' });
    expect(JSON.stringify(sent.messages.at(-1)?.content)).toContain('Output of agent__goal_objective:');
    expect(resultOf(sent, 'call_1_0')).toContain('Epicurus');
  });
});

describe('Gemini CLI', () => {
  test('goes on with its loop', async () => {
    upstream.answer({ text: 'Next.', calls: [{ id: 'call_9', name: 'read_file', arguments: '{"file_path":"a"}' }] });
    const { text, sent } = await replay(geminiCli);
    const { heard } = geminiClient.readStream(text);
    expect(heard).toMatchObject({ text: 'Next.', calls: [{ name: 'read_file', input: { file_path: 'a' } }] });
    expect(resultOf(sent, 'call_0_1')).toContain('File not found');
    expect(JSON.stringify(sent.messages)).toContain('data:image/png;base64,');
  });

  test('reads a failure in its own words on both of its paths', async () => {
    for (const version of ['v1', 'v1beta']) {
      const answer = await app.post(`/${version}/models/nobody:generateContent`, geminiCli.body);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ error: { code: 404, status: 'NOT_FOUND' } });
    }
  });
});
