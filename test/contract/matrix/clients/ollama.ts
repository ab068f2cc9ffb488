import type { ChatResponse, GenerateResponse } from 'ollama';
import type { Client } from '../client.ts';
import { type Ask, type Call, type Heard, type HeardStream, type Json, parse, rule, type Turn } from '../vocabulary.ts';

/** Fields of both paths, before either is chosen. */
type Line = Partial<Omit<ChatResponse, 'created_at'>> &
  Partial<Pick<GenerateResponse, 'response' | 'thinking'>> & { readonly created_at?: string; readonly error?: string };

function messages(turn: Turn): readonly Json[] {
  switch (turn.role) {
    case 'system':
      return [{ role: 'system', content: turn.text }];
    case 'user':
      return [{ role: 'user', content: turn.text, ...(turn.image && { images: [turn.image.base64] }) }];
    case 'assistant':
      return turn.heard.echo;
    case 'tool':
      return turn.results.map(({ call, text }) => ({ role: 'tool', tool_name: call.name, content: text }));
  }
}

function settings(ask: Ask): Json {
  return {
    model: ask.model,
    // Streams are the default.
    ...(ask.stream ? undefined : { stream: false }),
    ...(ask.schema && { format: ask.schema }),
    ...(ask.reasoning && { think: 'low' }),
  };
}

function chatBody(ask: Ask): Json {
  const tools = ask.tools?.map((tool) => ({ type: 'function', function: tool }));
  return { ...settings(ask), messages: ask.turns.flatMap(messages), ...(tools && { tools }) };
}

function generateBody(ask: Ask): Json {
  const textOf = (role: Turn['role']) =>
    ask.turns.flatMap((turn) => (turn.role === role && 'text' in turn ? [turn.text] : [])).join('\n');
  const images = ask.turns.flatMap((turn) => (turn.role === 'user' && turn.image ? [turn.image.base64] : []));
  const system = textOf('system');
  return {
    ...settings(ask),
    prompt: textOf('user'),
    ...(system !== '' && { system }),
    ...(images.length > 0 && { images }),
  };
}

function callsOf(line: Line): readonly Call[] {
  return (line.message?.tool_calls ?? []).map((call) => {
    rule(typeof call.function.arguments === 'object', 'arguments are an object');
    return { id: '', name: call.function.name, input: call.function.arguments as Json };
  });
}

/** Lines of an answer, the last of which is done. A whole answer is one line. */
function heard(lines: readonly Line[]): Heard {
  const last = lines.at(-1);
  rule(last?.done === true, 'an answer ends with done');
  rule(
    lines.slice(0, -1).every(({ done }) => done === false),
    'nothing is done before the end',
  );
  for (const line of lines) rule(!Number.isNaN(Date.parse(line.created_at ?? '')), 'created_at is a time');
  const isCut = last.done_reason === 'length';
  rule(isCut || last.done_reason === 'stop', `done_reason is a known word, not ${last.done_reason}`);
  rule((last.total_duration ?? 0) > 0, 'total_duration is more than nothing');
  const { prompt_eval_count: input, eval_count: output } = last;
  const calls = lines.flatMap(callsOf);
  const text = textOf(lines);
  const reasoning = lines.map((line) => line.message?.thinking ?? line.thinking ?? '').join('');
  const echoed = lines.flatMap((line) => line.message?.tool_calls ?? []);
  const message = {
    role: 'assistant',
    content: text,
    thinking: reasoning,
    ...(echoed.length > 0 && { tool_calls: echoed }),
  };
  return {
    text,
    reasoning,
    calls,
    finish: isCut ? 'length' : calls.length > 0 ? 'tool-calls' : 'stop',
    usage: input === undefined || output === undefined ? undefined : { input, output },
    echo: [message],
  };
}

function textOf(lines: readonly Line[]): string {
  return lines.map((line) => line.message?.content ?? line.response ?? '').join('');
}

function readStream(text: string): HeardStream {
  rule(text.endsWith('\n'), 'lines end');
  const lines = text
    .trim()
    .split('\n')
    .map((line) => parse<Line>(line));
  const last = lines.at(-1);
  if (last?.error === undefined) return { text: textOf(lines), heard: heard(lines) };
  rule(
    lines.every(({ done }) => done !== true),
    'a broken answer is never done',
  );
  return { text: textOf(lines), error: last.error };
}

function readError(json: Json): string {
  rule(typeof json.error === 'string', 'error is a text');
  return json.error;
}

const shared = {
  streamType: /^application\/x-ndjson/,
  hasCallIds: false,
  keepsSeals: false,
  readWhole: (json: Json) => heard([json as Line]),
  readStream,
  readError,
} as const;

export const ollamaChatClient: Client = {
  ...shared,
  name: 'ollama chat',
  format: { protocol: 'ollama', operation: 'chat' },
  lacks: {},
  request: (ask) => ({ path: '/api/chat', body: chatBody(ask) }),
};

export const ollamaGenerateClient: Client = {
  ...shared,
  name: 'ollama generate',
  format: { protocol: 'ollama', operation: 'completions' },
  lacks: {
    tools: 'a prompt has no tools',
    'streamed tools': 'a prompt has no tools',
    'tool loop': 'a prompt has no tools',
    'streamed tool loop': 'a prompt has no tools',
    'reasoned tool loop': 'a prompt has no tools',
  },
  request: (ask) => ({ path: '/api/generate', body: generateBody(ask) }),
};
