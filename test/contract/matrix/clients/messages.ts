import type {
  ContentBlock,
  Message,
  RawMessageStreamEvent,
  Usage,
} from '@anthropic-ai/sdk/resources/messages/messages';
import type { Client } from '../client.ts';
import {
  type Ask,
  type Finish,
  type Heard,
  type HeardStream,
  type Json,
  parse,
  rule,
  sseEvents,
  type Turn,
} from '../vocabulary.ts';

function messages(turn: Turn): readonly Json[] {
  switch (turn.role) {
    case 'system':
      return [];
    case 'user': {
      if (turn.image === undefined) return [{ role: 'user', content: turn.text }];
      const { mediaType: media_type, base64: data } = turn.image;
      const image = { type: 'image', source: { type: 'base64', media_type, data } };
      return [{ role: 'user', content: [image, { type: 'text', text: turn.text }] }];
    }
    case 'assistant':
      return turn.heard.echo;
    case 'tool': {
      const content = turn.results.map(({ call, text }) => ({
        type: 'tool_result',
        tool_use_id: call.id,
        content: text,
      }));
      return [{ role: 'user', content }];
    }
  }
}

function body(ask: Ask): Json {
  const system = ask.turns.flatMap((turn) => (turn.role === 'system' ? [turn.text] : []));
  const tools = ask.tools?.map(({ name, description, parameters }) => ({
    name,
    description,
    input_schema: parameters,
  }));
  return {
    model: ask.model,
    max_tokens: 4096,
    messages: ask.turns.flatMap(messages),
    ...(system.length > 0 && { system: system.join('\n') }),
    ...(tools && { tools }),
    ...(ask.schema && { output_config: { format: { type: 'json_schema', schema: ask.schema } } }),
    ...(ask.reasoning && { thinking: { type: 'enabled', budget_tokens: 1024 } }),
    ...(ask.stream && { stream: true }),
  };
}

const finishes: Readonly<Record<string, Finish>> = {
  end_turn: 'stop',
  tool_use: 'tool-calls',
  max_tokens: 'length',
};

function usageOf(usage: Partial<Usage>): Heard['usage'] {
  const cached = usage.cache_read_input_tokens ?? 0;
  rule(Number.isInteger(usage.input_tokens) && Number.isInteger(usage.output_tokens), 'usage counts tokens');
  const written = usage.cache_creation_input_tokens ?? 0;
  return { input: (usage.input_tokens ?? 0) + cached + written, output: usage.output_tokens ?? 0, cached };
}

function readWhole(json: Json): Heard {
  const message = json as unknown as Message;
  rule(message.type === 'message' && message.role === 'assistant', 'an assistant’s message');
  rule(typeof message.id === 'string' && message.id !== '', 'an id');
  const finish = finishes[String(message.stop_reason)];
  rule(finish !== undefined, `stop_reason is a known word, not ${message.stop_reason}`);
  const { content } = message;
  const calls = content.flatMap((block) =>
    block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input as Json }] : [],
  );
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    reasoning: content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
    calls,
    finish,
    usage: usageOf(message.usage),
    echo: [{ role: 'assistant', content }],
  };
}

type Mutable = { -readonly [K in keyof Message]: Message[K] };
type Delta = Extract<RawMessageStreamEvent, { type: 'content_block_delta' }>['delta'];

/** What the SDK's stream helper builds, with its checks and more. */
class Assembly {
  message: Mutable | undefined;
  isStopped = false;
  #open: { readonly index: number; readonly block: ContentBlock; json: string } | undefined;

  add(name: string, event: RawMessageStreamEvent): void {
    rule(name === event.type, 'the event’s name is its type');
    rule(!this.isStopped, 'nothing after message_stop');
    if (event.type === 'message_start') {
      rule(this.message === undefined, 'one message_start');
      rule(event.message.content.length === 0 && event.message.stop_reason === null, 'it starts empty');
      this.message = { ...event.message, content: [] };
      return;
    }
    const { message } = this;
    rule(message !== undefined, 'message_start comes first');
    switch (event.type) {
      case 'content_block_start':
        rule(this.#open === undefined && event.index === message.content.length, 'blocks open one after another');
        this.#open = { index: event.index, block: { ...event.content_block }, json: '' };
        return;
      case 'content_block_delta':
        rule(event.index === this.#open?.index, 'deltas belong to the open block');
        return this.#delta(event.delta);
      case 'content_block_stop':
        return this.#stop(message, event.index);
      case 'message_delta':
        rule(this.#open === undefined, 'blocks close before message_delta');
        message.stop_reason = event.delta.stop_reason;
        message.usage = { ...message.usage, ...(event.usage as Usage) };
        return;
      case 'message_stop':
        rule(message.stop_reason !== null, 'message_delta comes before message_stop');
        this.isStopped = true;
        return;
    }
  }

  get text(): string {
    const blocks = [...(this.message?.content ?? []), ...(this.#open === undefined ? [] : [this.#open.block])];
    return blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
  }

  #delta(delta: Delta): void {
    const block = this.#open?.block;
    if (delta.type === 'text_delta' && block?.type === 'text') block.text += delta.text;
    else if (delta.type === 'thinking_delta' && block?.type === 'thinking') block.thinking += delta.thinking;
    else if (delta.type === 'signature_delta' && block?.type === 'thinking') block.signature = delta.signature;
    else if (delta.type === 'input_json_delta' && block?.type === 'tool_use' && this.#open !== undefined)
      this.#open.json += delta.partial_json;
    else rule(false, `${delta.type} does not belong into a block of type ${block?.type}`);
  }

  #stop(message: Mutable, index: number): void {
    const open = this.#open;
    rule(open !== undefined && index === open.index, 'the open block closes');
    if (open.block.type === 'tool_use') open.block.input = open.json === '' ? {} : parse(open.json);
    message.content.push(open.block);
    this.#open = undefined;
  }
}

function readStream(text: string): HeardStream {
  const assembly = new Assembly();
  let error: string | undefined;
  for (const { name, data } of sseEvents(text)) {
    rule(error === undefined, 'nothing after the error');
    if (name === 'ping') continue;
    if (name === 'error') error = readError(parse(data));
    else assembly.add(name, parse<RawMessageStreamEvent>(data));
  }
  if (error !== undefined) return { text: assembly.text, error };
  rule(assembly.isStopped, 'a stream ends with message_stop');
  return { text: assembly.text, heard: readWhole(assembly.message as unknown as Json) };
}

function readError(json: Json): string {
  rule(json.type === 'error', 'type is error');
  const error = json.error as Json | undefined;
  rule(typeof error?.type === 'string' && /_error$/.test(error.type), 'error.type ends in _error');
  rule(typeof error.message === 'string', 'error.message');
  return error.message;
}

export const messagesClient: Client = {
  name: 'messages',
  format: { protocol: 'messages', operation: 'chat' },
  lacks: {},
  streamType: /^text\/event-stream/,
  hasCallIds: true,
  keepsSeals: true,
  request: (ask) => ({ path: '/v1/messages', body: body(ask) }),
  readWhole,
  readStream,
  readError,
};
