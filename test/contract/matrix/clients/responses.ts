import type {
  Response,
  ResponseOutputItem,
  ResponseStreamEvent,
  ResponseUsage,
} from 'openai/resources/responses/responses';
import type { Client } from '../client.ts';
import { type Ask, type Heard, type HeardStream, type Json, parse, rule, sseEvents, type Turn } from '../vocabulary.ts';
import { openaiError } from './chat.ts';

function items(turn: Turn): readonly Json[] {
  switch (turn.role) {
    case 'system':
      return [{ role: 'developer', content: turn.text }];
    case 'user': {
      const url = `data:${turn.image?.mediaType};base64,${turn.image?.base64}`;
      const image = turn.image === undefined ? [] : [{ type: 'input_image', detail: 'auto', image_url: url }];
      return [{ role: 'user', content: [{ type: 'input_text', text: turn.text }, ...image] }];
    }
    case 'assistant':
      return turn.heard.echo;
    case 'tool':
      return turn.results.map(({ call, text }) => ({ type: 'function_call_output', call_id: call.id, output: text }));
  }
}

function body(ask: Ask): Json {
  const tools = ask.tools?.map((tool) => ({ type: 'function', strict: false, ...tool }));
  return {
    model: ask.model,
    input: ask.turns.flatMap(items),
    store: false,
    ...(tools && { tools }),
    ...(ask.schema && { text: { format: { type: 'json_schema', name: 'answer', schema: ask.schema, strict: true } } }),
    ...(ask.reasoning && {
      reasoning: { effort: 'low', summary: 'auto' },
      include: ['reasoning.encrypted_content'],
    }),
    ...(ask.stream && { stream: true }),
  };
}

function usageOf(usage: ResponseUsage | undefined): Heard['usage'] {
  if (usage === undefined) return undefined;
  rule(usage.total_tokens === usage.input_tokens + usage.output_tokens, 'total_tokens is the sum');
  return {
    input: usage.input_tokens,
    output: usage.output_tokens,
    cached: usage.input_tokens_details.cached_tokens,
    reasoning: usage.output_tokens_details.reasoning_tokens,
  };
}

function textOf(item: ResponseOutputItem): string {
  if (item.type !== 'message') return '';
  return item.content.map((part) => (part.type === 'output_text' ? part.text : '')).join('');
}

function reasoningOf(item: ResponseOutputItem): string {
  if (item.type !== 'reasoning') return '';
  return [...item.summary, ...(item.content ?? [])].map((part) => part.text).join('');
}

function readWhole(json: Json): Heard {
  const response = json as unknown as Response;
  rule(response.object === 'response', 'object is response');
  const isCut = response.status === 'incomplete' && response.incomplete_details?.reason === 'max_output_tokens';
  rule(isCut || response.status === 'completed', `status is completed, not ${response.status}`);
  rule(response.error === null, 'no error');
  const { output } = response;
  for (const item of output) rule(typeof item.id === 'string' && item.id !== '', 'items have ids');
  const calls = output.flatMap((item) =>
    item.type === 'function_call' ? [{ id: item.call_id, name: item.name, input: parse(item.arguments) }] : [],
  );
  return {
    text: output.map(textOf).join(''),
    reasoning: output.map(reasoningOf).join(''),
    calls,
    finish: isCut ? 'length' : calls.length > 0 ? 'tool-calls' : 'stop',
    usage: usageOf(response.usage),
    echo: output.map((item) => ({ ...item })),
  };
}

type Event<T extends ResponseStreamEvent['type']> = Extract<ResponseStreamEvent, { type: T }>;

/** Follows the lifecycle: items and their parts open and close in order, and the end repeats what was streamed. */
class Lifecycle {
  readonly done: ResponseOutputItem[] = [];
  text = '';
  end: ResponseStreamEvent | undefined;
  #open: ResponseOutputItem | undefined;
  #part: string | undefined;
  #written = '';
  #next = 0;

  add(name: string, event: ResponseStreamEvent): void {
    rule(name === event.type, 'the event’s name is its type');
    // Nobody counts a stream whose bytes are handed through: its `error` may have any number.
    const isCounted = event.type !== 'error';
    rule(
      !isCounted || event.sequence_number === this.#next,
      `sequence_number ${this.#next}, not ${event.sequence_number}`,
    );
    if (this.#next === 0) rule(event.type === 'response.created', 'response.created comes first');
    this.#next += 1;
    rule(this.end === undefined, 'nothing after the end');
    this.#follow(event);
  }

  #follow(event: ResponseStreamEvent): void {
    switch (event.type) {
      case 'response.created':
      case 'response.in_progress':
        rule(event.response.status === 'in_progress', 'it begins in progress');
        return;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'error':
        this.end = event;
        return;
      case 'response.output_item.added':
        return this.#added(event);
      case 'response.output_item.done':
        return this.#done(event);
      default:
        this.#followPart(event);
    }
  }

  #followPart(event: ResponseStreamEvent): void {
    switch (event.type) {
      case 'response.content_part.added':
      case 'response.reasoning_summary_part.added':
        rule(this.#part === undefined && event.item_id === this.#open?.id, 'a part opens in the open item');
        this.#part = event.type;
        this.#written = '';
        return;
      case 'response.content_part.done':
      case 'response.reasoning_summary_part.done':
        rule(this.#part !== undefined, 'an open part closes');
        this.#part = undefined;
        return;
      case 'response.output_text.delta':
      case 'response.reasoning_text.delta':
      case 'response.reasoning_summary_text.delta':
        rule(this.#part !== undefined && event.item_id === this.#open?.id, 'text belongs to the open part');
        this.#written += event.delta;
        if (event.type === 'response.output_text.delta') this.text += event.delta;
        return;
      case 'response.output_text.done':
      case 'response.reasoning_text.done':
      case 'response.reasoning_summary_text.done':
        rule(event.text === this.#written, 'the text is its deltas');
        return;
      case 'response.function_call_arguments.delta':
        rule(event.item_id === this.#open?.id, 'arguments belong to the open item');
        this.#written += event.delta;
        return;
      case 'response.function_call_arguments.done':
        rule(event.arguments === this.#written, 'the arguments are their deltas');
        return;
      default:
        rule(false, `an event that belongs to no answer of ours: ${event.type}`);
    }
  }

  #added(event: Event<'response.output_item.added'>): void {
    rule(this.#open === undefined, 'one item is open at a time');
    rule(event.output_index === this.done.length, 'output_index counts items');
    this.#open = event.item;
    this.#written = '';
  }

  #done(event: Event<'response.output_item.done'>): void {
    rule(this.#part === undefined, 'parts close before their item');
    rule(event.item.id === this.#open?.id && event.output_index === this.done.length, 'the open item closes');
    this.#open = undefined;
    this.done.push(event.item);
  }
}

function readStream(text: string): HeardStream {
  const lifecycle = new Lifecycle();
  for (const { name, data } of sseEvents(text)) {
    rule(data !== '[DONE]', 'this protocol has no [DONE]');
    lifecycle.add(name, parse<ResponseStreamEvent>(data));
  }
  const { end, done } = lifecycle;
  if (end?.type === 'error') return { text: lifecycle.text, error: end.message };
  if (end?.type === 'response.failed') {
    rule(end.response.status === 'failed', 'status is failed');
    return { text: lifecycle.text, error: end.response.error?.message ?? '' };
  }
  const isWhole = end?.type === 'response.completed' || end?.type === 'response.incomplete';
  rule(isWhole, 'a stream ends with response.completed or response.incomplete');
  rule(JSON.stringify(end.response.output) === JSON.stringify(done), 'the end repeats the items');
  return { text: lifecycle.text, heard: readWhole(end.response as unknown as Json) };
}

export const responsesClient: Client = {
  name: 'responses',
  format: { protocol: 'responses', operation: 'chat' },
  lacks: {},
  streamType: /^text\/event-stream/,
  hasCallIds: true,
  keepsSeals: true,
  request: (ask) => ({ path: '/v1/responses', body: body(ask) }),
  readWhole,
  readStream,
  readError: openaiError,
};
