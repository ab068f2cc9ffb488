import type OpenAI from 'openai';
import type { Client } from '../client.ts';
import {
  type Ask,
  type Finish,
  type Heard,
  type Json,
  only,
  parse,
  rule,
  sseEvents,
  type Turn,
} from '../vocabulary.ts';

type Chunk = OpenAI.ChatCompletionChunk;
type Completion = OpenAI.ChatCompletion;
type Message = Completion['choices'][number]['message'] & { readonly reasoning_content?: string };
type Delta = Chunk['choices'][number]['delta'] & { readonly reasoning_content?: string };

function messages(turn: Turn): readonly Json[] {
  switch (turn.role) {
    case 'system':
      return [{ role: 'system', content: turn.text }];
    case 'user': {
      if (turn.image === undefined) return [{ role: 'user', content: turn.text }];
      const url = `data:${turn.image.mediaType};base64,${turn.image.base64}`;
      const content = [
        { type: 'text', text: turn.text },
        { type: 'image_url', image_url: { url } },
      ];
      return [{ role: 'user', content }];
    }
    case 'assistant':
      return turn.heard.echo;
    case 'tool':
      return turn.results.map(({ call, text }) => ({ role: 'tool', tool_call_id: call.id, content: text }));
  }
}

function body(ask: Ask): Json {
  const tools = ask.tools?.map((tool) => ({ type: 'function', function: tool }));
  const format = { type: 'json_schema', json_schema: { name: 'answer', schema: ask.schema, strict: true } };
  return {
    model: ask.model,
    messages: ask.turns.flatMap(messages),
    ...(tools && { tools }),
    ...(ask.schema && { response_format: format }),
    ...(ask.reasoning && { reasoning_effort: 'low' }),
    ...(ask.stream && { stream: true, stream_options: { include_usage: true } }),
  };
}

const finishes: Readonly<Record<string, Finish>> = { stop: 'stop', tool_calls: 'tool-calls', length: 'length' };

function finishOf(reason: unknown): Finish {
  const finish = finishes[String(reason)];
  rule(finish !== undefined, `finish_reason is a known word, not ${String(reason)}`);
  return finish;
}

function usageOf(usage: Completion['usage'] | null): Heard['usage'] {
  if (usage === undefined || usage === null) return undefined;
  rule(usage.total_tokens === usage.prompt_tokens + usage.completion_tokens, 'total_tokens is the sum');
  return {
    input: usage.prompt_tokens,
    output: usage.completion_tokens,
    cached: usage.prompt_tokens_details?.cached_tokens,
    reasoning: usage.completion_tokens_details?.reasoning_tokens,
  };
}

function heard(message: Message, finish: unknown, usage: Completion['usage'] | null): Heard {
  const calls = (message.tool_calls ?? []).map((call) => {
    rule(call.type === 'function', 'calls are of type function');
    return { id: call.id, name: call.function.name, input: parse(call.function.arguments) };
  });
  return {
    text: message.content ?? '',
    reasoning: message.reasoning_content ?? '',
    calls,
    finish: finishOf(finish),
    usage: usageOf(usage),
    echo: [{ ...message }],
  };
}

function readWhole(json: Json): Heard {
  const completion = json as unknown as Completion;
  rule(completion.object === 'chat.completion', 'object is chat.completion');
  rule(typeof completion.id === 'string' && completion.id !== '', 'an id');
  rule(Number.isInteger(completion.created), 'created is a whole number of seconds');
  const choice = only(completion.choices, 'choice');
  rule(choice.index === 0 && choice.message.role === 'assistant', 'the first choice is the assistant’s');
  rule('content' in choice.message, 'content is there, null where there is none');
  return heard(choice.message, choice.finish_reason, completion.usage);
}

/** What SDKs build of the deltas. */
class Assembly {
  readonly message = { role: 'assistant', content: '', reasoning_content: '' };
  readonly calls: { id: string; type: 'function'; function: { name: string; arguments: string } }[] = [];
  finish: string | undefined;
  usage: Completion['usage'] | null = null;
  #id: string | undefined;

  add(chunk: Chunk): void {
    // Azure tells what it thought of the prompt before there is an answer to have an id.
    if (chunk.id === '' && chunk.choices.length === 0) return;
    rule(chunk.object === 'chat.completion.chunk', 'object is chat.completion.chunk');
    this.#id ??= chunk.id;
    rule(chunk.id === this.#id, 'one id in all chunks');
    if (chunk.usage !== undefined && chunk.usage !== null) {
      rule(this.finish !== undefined, 'usage comes after the finish reason');
      this.usage = chunk.usage;
    }
    for (const choice of chunk.choices) this.#choice(choice);
  }

  #choice({ delta, finish_reason: finish, index }: Chunk['choices'][number]): void {
    rule(index === 0, 'one choice');
    rule(this.finish === undefined, 'no delta after the finish reason');
    this.#delta(delta);
    if (finish !== null) this.finish = finish;
  }

  #delta(delta: Delta): void {
    this.message.content += delta.content ?? '';
    this.message.reasoning_content += delta.reasoning_content ?? '';
    for (const { index, id, type, function: piece } of delta.tool_calls ?? []) {
      const known = this.calls[index];
      if (known === undefined) {
        rule(index === this.calls.length, 'calls are numbered in order');
        rule(id !== undefined && type === 'function' && piece?.name !== undefined, 'a call begins with id and name');
        this.calls.push({ id, type, function: { name: piece.name, arguments: piece.arguments ?? '' } });
      } else known.function.arguments += piece?.arguments ?? '';
    }
  }
}

export const chatClient: Client = {
  name: 'chat',
  format: { protocol: 'chat_completions', operation: 'chat' },
  lacks: {},
  streamType: /^text\/event-stream/,
  hasCallIds: true,
  keepsSeals: true,
  request: (ask) => ({ path: '/v1/chat/completions', body: body(ask) }),
  readWhole,
  readStream(text) {
    const assembly = new Assembly();
    const events = sseEvents(text);
    let error: string | undefined;
    for (const { data } of events) {
      rule(error === undefined, 'nothing after the error');
      if (data === '[DONE]') break;
      const chunk = parse<Chunk & { readonly error?: { readonly message: string } }>(data);
      if (chunk.error !== undefined) error = chunk.error.message;
      else assembly.add(chunk);
    }
    const { message, calls, finish, usage } = assembly;
    if (error !== undefined) return { text: message.content, error };
    rule(events.at(-1)?.data === '[DONE]', 'a stream ends with [DONE]');
    const whole = { ...message, ...(calls.length > 0 && { tool_calls: calls }) } as unknown as Message;
    return { text: message.content, heard: heard(whole, finish, usage) };
  },
  readError: openaiError,
};

/** The envelope of all of OpenAI's protocols. */
export function openaiError(json: Json): string {
  const error = json.error as Readonly<Record<string, unknown>> | undefined;
  rule(typeof error?.message === 'string', 'error.message');
  rule(typeof error.type === 'string', 'error.type');
  return error.message;
}
