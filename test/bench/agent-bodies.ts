import { model } from './bodies.ts';

/** What coding agents send with every turn: a long prompt, some forty tools, the talk so far. */
const shape = { tools: 40, messages: 60 } as const;

/** Of a whole request. */
const targetBytes = 100_000;

const fill = (words: number) =>
  Array.from({ length: words }, (_, at) => ['read', 'the', 'file', 'again'][at % 4]).join(' ');

const parameters = {
  type: 'object',
  properties: {
    path: { type: 'string', description: fill(20) },
    pattern: { type: 'string', description: fill(20) },
    limit: { type: 'integer', minimum: 1, maximum: 10_000, description: fill(12) },
    flags: { type: 'array', items: { type: 'string', enum: ['a', 'b', 'c'] } },
  },
  required: ['path'],
};
const toolNames = Array.from({ length: shape.tools }, (_, at) => `tool_${at}`);

/** Three in turn: what is asked, a call of a tool, what came of it. */
const turns = Array.from({ length: shape.messages / 3 }, (_, at) => ({
  id: `call_${at}`,
  name: toolNames[at % shape.tools] as string,
  input: { path: `/src/${at}.ts`, limit: at + 1 },
}));

/** Of 100 kB, in the form of Chat Completions. */
export const agentChatRequest = padded((words) =>
  JSON.stringify({
    model,
    tools: toolNames.map((name) => ({ type: 'function', function: { name, description: fill(30), parameters } })),
    messages: turns.flatMap(({ id, name, input }) => [
      { role: 'user', content: fill(words) },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id, type: 'function', function: { name, arguments: JSON.stringify(input) } }],
      },
      { role: 'tool', tool_call_id: id, content: fill(words) },
    ]),
  }),
);

/** The same talk as an Anthropic client tells it. */
export const agentMessagesRequest = padded((words) =>
  JSON.stringify({
    model,
    max_tokens: 64,
    tools: toolNames.map((name) => ({ name, description: fill(30), input_schema: parameters })),
    messages: turns.flatMap(({ id, name, input }) => [
      { role: 'user', content: fill(words) },
      { role: 'assistant', content: [{ type: 'tool_use', id, name, input }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: fill(words) }] },
    ]),
  }),
);

/** With as many words to a text as bring it nearest to the size wanted. */
function padded(request: (words: number) => string): string {
  const perWord = Buffer.byteLength(request(11)) - Buffer.byteLength(request(10));
  return request(10 + Math.round((targetBytes - Buffer.byteLength(request(10))) / perWord));
}
