import { expect, it, onTestFinished } from 'vitest';
import { type RunningApp, startApp } from '../../support/start-app.ts';
import { chatAnswer, chatProvider, type PlainUpstream, startPlain } from './plain-upstream.ts';

const parameters = { type: 'object', properties: { q: { type: 'string' } } };
const fn = (name: string, more: object = {}) => ({ type: 'function', name, description: name, parameters, ...more });
const user = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Go.' }] };

interface Scene {
  readonly app: RunningApp;
  readonly upstream: PlainUpstream;
  offered(): readonly string[];
}

/** A virtual model of Codex's own name on a chat upstream that answers with this call. */
async function arrange(called?: { readonly name: string; readonly arguments: string }): Promise<Scene> {
  const call = { id: 'call_1', type: 'function', function: called };
  const message = called === undefined ? { content: 'done' } : { tool_calls: [call] };
  const deltas = called === undefined ? [{ content: 'done' }] : [{ tool_calls: [{ index: 0, ...call }] }];
  const upstream = await startPlain((request) => chatAnswer(request, message, deltas));
  const app = await startApp({
    yaml: `
providers:
  ${chatProvider('up', upstream.origin)}
models:
  gpt-5.6-sol: { endpoints: [{ provider: up, model: small }] }
`,
  });
  onTestFinished(async () => {
    await app[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });
  const offered = () =>
    (upstream.seen.at(-1)?.body.tools ?? []).map((tool: { function: { name: string } }) => tool.function.name);
  return { app, upstream, offered };
}

const additional = {
  type: 'additional_tools',
  role: 'developer',
  tools: [
    { type: 'namespace', name: 'functions', tools: [fn('exec_command'), { type: 'custom', name: 'apply_patch' }] },
    fn('view_image'),
  ],
};
const search = { type: 'tool_search', execution: 'client', description: 'Find tools.', parameters };
const searchCall = {
  type: 'tool_search_call',
  call_id: 'call_s',
  execution: 'client',
  status: 'completed',
  arguments: { query: 'weather' },
};
const found = {
  type: 'tool_search_output',
  call_id: 'call_s',
  execution: 'client',
  status: 'completed',
  tools: [{ type: 'namespace', name: 'mcp__weather', tools: [fn('forecast', { defer_loading: true })] }],
};

async function respond(app: RunningApp, body: object) {
  const answer = await app.post('/v1/responses', { model: 'gpt-5.6-sol', store: false, ...body });
  return { status: answer.status, drops: answer.headers.get('x-router-translation-drops'), text: await answer.text() };
}

it.each([
  [
    'additional_tools',
    { input: [additional, user] },
    ['functions__exec_command', 'functions__apply_patch', 'view_image'],
  ],
  [
    'beside tools at the top',
    { tools: [fn('top')], input: [additional, user] },
    ['top', 'functions__exec_command', 'functions__apply_patch', 'view_image'],
  ],
  [
    'declared twice',
    { tools: [fn('view_image')], input: [additional, user, additional] },
    ['view_image', 'functions__exec_command', 'functions__apply_patch'],
  ],
  ['a search of the client', { tools: [search], input: [user] }, ['tool_search']],
  ['a search within the conversation', { input: [{ ...additional, tools: [search] }, user] }, ['tool_search']],
  [
    'what a search found',
    { tools: [search], input: [user, searchCall, found] },
    ['tool_search', 'mcp__weather__forecast'],
  ],
  ['deferred and not found', { tools: [search, fn('later', { defer_loading: true })], input: [user] }, ['tool_search']],
  ['deferred without a search', { tools: [fn('later', { defer_loading: true })], input: [user] }, ['later']],
  [
    'deferred, the search the provider’s',
    { tools: [{ type: 'tool_search' }, fn('later', { defer_loading: true })], input: [user] },
    ['later'],
  ],
])('offers tools of a Responses request: %s', async (_what, body, names) => {
  const { app, offered } = await arrange();
  expect((await respond(app, body)).status).toBe(200);
  expect(offered()).toEqual(names);
});

it.each([false, true])('writes calls as the tools were declared in the conversation, stream: %s', async (stream) => {
  const { app } = await arrange({ name: 'functions__exec_command', arguments: '{"q":"ls"}' });
  const { text } = await respond(app, { stream, input: [additional, user] });
  expect(text).toContain('"name":"exec_command","namespace":"functions"');
  expect(text).not.toContain('functions__');
});

it.each([false, true])('answers with a search for tools as the client runs it, stream: %s', async (stream) => {
  const { app } = await arrange({ name: 'tool_search', arguments: '{"query":"weather"}' });
  const { text } = await respond(app, { stream, tools: [search], input: [user] });
  expect(text).toMatch(
    /"type":"tool_search_call","id":"tsc_\w+","call_id":"call_1","execution":"client","arguments":\{"query":"weather"\},"status":"completed"/,
  );
  expect(text).not.toContain('function_call');
});

it('tells the model what its search found, and what it did with tools that the API defines', async () => {
  const { app, upstream } = await arrange();
  const shell = { type: 'shell_call', call_id: 'call_2', action: { commands: ['ls'] } };
  const output = { type: 'shell_call_output', call_id: 'call_2', output: [{ stdout: 'a.txt', stderr: '' }] };
  const { drops } = await respond(app, { tools: [search], input: [user, searchCall, found, shell, output] });
  const { messages } = upstream.seen[0]?.body ?? {};
  expect(messages.map(({ role }: { role: string }) => role)).toEqual([
    'user',
    'assistant',
    'tool',
    'assistant',
    'tool',
  ]);
  expect(messages[1].tool_calls[0]).toMatchObject({ id: 'call_s', function: { name: 'tool_search' } });
  expect(messages[2].content).toContain('mcp__weather__forecast');
  expect(messages[4].content).toContain('a.txt');
  expect(drops).toBeNull();
});

it('follows the tools that a Messages conversation adds and withdraws', async () => {
  const { app, offered } = await arrange();
  const tool = (name: string, more: object = {}) => ({ name, input_schema: { type: 'object' }, ...more });
  const ask = (blocks: readonly object[]) =>
    app.post('/v1/messages', {
      model: 'gpt-5.6-sol',
      max_tokens: 10,
      tools: [tool('here'), tool('later', { defer_loading: true })],
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'system', content: blocks },
      ],
    });
  const add = (of: object) => ({ type: 'tool_addition', tool: of });
  const remove = (name: string) => ({ type: 'tool_removal', tool: { type: 'tool_reference', name } });
  const named = (name: string) => ({ type: 'tool_reference', name });
  const rows: readonly (readonly [readonly object[], readonly string[]])[] = [
    [[{ type: 'text', text: 'go' }], ['here']],
    [[add(named('later'))], ['here', 'later']],
    [[add({ type: 'tool_definition', definition: tool('inline') })], ['here', 'inline']],
    [[remove('here'), add(named('later'))], ['later']],
    [[remove('here'), add(named('here'))], ['here']],
    [[add({ type: 'tool_definition', definition: tool('inline') }), remove('inline')], ['here']],
  ];
  for (const [blocks, names] of rows) {
    expect((await ask(blocks)).status).toBe(200);
    expect(offered()).toEqual(names);
  }
  const other = await ask([add({ type: 'mcp_toolset_reference', server_name: 's' })]);
  expect(other.headers.get('x-router-translation-drops')).toContain('tool_addition.mcp_toolset_reference');
});
