import type { ResponseOutputItem } from 'openai/resources/responses/responses';
import { encryptedPrefix } from './responses-input-rules.ts';
import { type ConnectionFault, type Json, pieces, type TypedEvent } from './vendor-server.ts';

export type ResponsesFault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly code?: string;
      readonly message: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A 200 whose stream fails after `after` events; a 200 with a failed response when not streaming. */
  | { readonly kind: 'failed'; readonly after: number; readonly code: string; readonly message: string }
  /** The same with an `error` event instead of `response.failed`. */
  | { readonly kind: 'error-event'; readonly after: number; readonly code: string; readonly message: string }
  | ConnectionFault;

export type FakeItem =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'refusal'; readonly refusal: string }
  | { readonly type: 'reasoning'; readonly summary: string }
  | { readonly type: 'call'; readonly id: string; readonly name: string; readonly arguments: string };

/** One answer. What it leaves out: the text "Hello!", completed, 25 tokens in, 15 out. */
export interface FakeAnswer {
  readonly items?: readonly FakeItem[];
  readonly incomplete?: 'max_output_tokens' | 'content_filter';
  readonly fault?: ResponsesFault;
}

const usage = {
  input_tokens: 25,
  input_tokens_details: { cached_tokens: 10, cache_write_tokens: 0 },
  output_tokens: 15,
  output_tokens_details: { reasoning_tokens: 5 },
  total_tokens: 40,
};

function includes(body: Json, what: string): boolean {
  return Array.isArray(body.include) && body.include.includes(what);
}

function outputItem(item: FakeItem, index: number, body: Json): ResponseOutputItem {
  switch (item.type) {
    case 'text':
      return {
        id: `msg_fake${index}`,
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: item.text, annotations: [], logprobs: [] }],
      };
    case 'refusal':
      return {
        id: `msg_fake${index}`,
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'refusal', refusal: item.refusal }],
      };
    case 'reasoning': {
      const isSealed = includes(body, 'reasoning.encrypted_content');
      const sealed = `${encryptedPrefix}${Buffer.from(item.summary).toString('base64')}`;
      return {
        id: `rs_fake${index}`,
        type: 'reasoning',
        summary: item.summary === '' ? [] : [{ type: 'summary_text', text: item.summary }],
        ...(isSealed && { encrypted_content: sealed }),
      };
    }
    case 'call':
      return {
        id: `fc_fake${index}`,
        type: 'function_call',
        call_id: item.id,
        name: item.name,
        arguments: item.arguments,
        status: 'completed',
      };
  }
}

function outputOf(answer: FakeAnswer, body: Json): readonly ResponseOutputItem[] {
  return (answer.items ?? [{ type: 'text', text: 'Hello!' }]).map((item, index) => outputItem(item, index, body));
}

/** The settings as the API repeats them. */
function responseObject(body: Json, fields: Json): Json {
  return {
    id: 'resp_fake',
    object: 'response',
    created_at: 1_763_600_000,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    model: `${String(body.model)}-2025-11-13`,
    output: [],
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: body.reasoning ?? { effort: null, summary: null },
    service_tier: 'default',
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: body.text ?? { format: { type: 'text' } },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? 'disabled',
    usage: null,
    user: body.user ?? null,
    metadata: body.metadata ?? {},
    ...fields,
  };
}

/** The whole answer. */
export function finished(answer: FakeAnswer, body: Json): Json {
  const output = outputOf(answer, body);
  if (answer.incomplete === undefined) return responseObject(body, { status: 'completed', output, usage });
  const details = { reason: answer.incomplete };
  return responseObject(body, { status: 'incomplete', incomplete_details: details, output, usage });
}

function itemEvents(item: ResponseOutputItem, output_index: number): readonly TypedEvent[] {
  const at = { item_id: item.id, output_index };
  const done = { type: 'response.output_item.done', output_index, item };
  const added = (empty: Json) => ({ type: 'response.output_item.added', output_index, item: { ...item, ...empty } });
  switch (item.type) {
    case 'message':
      return [
        added({ status: 'in_progress', content: [] }),
        ...item.content.flatMap((part, content_index) => partEvents(part, { ...at, content_index })),
        done,
      ];
    case 'reasoning':
      return [
        added({ summary: [] }),
        ...item.summary.flatMap((part, summary_index) => summaryEvents(part.text, { ...at, summary_index })),
        done,
      ];
    case 'function_call':
      return [
        added({ status: 'in_progress', arguments: '' }),
        ...pieces(item.arguments).map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
        { type: 'response.function_call_arguments.done', ...at, arguments: item.arguments },
        done,
      ];
    default:
      return [done];
  }
}

type Part = Extract<ResponseOutputItem, { type: 'message' }>['content'][number];

function partEvents(part: Part, at: Json): readonly TypedEvent[] {
  const isText = part.type === 'output_text';
  const name = isText ? 'output_text' : 'refusal';
  const text = isText ? part.text : part.refusal;
  const logprobs = isText ? { logprobs: [] } : {};
  return [
    { type: 'response.content_part.added', ...at, part: { ...part, [isText ? 'text' : 'refusal']: '' } },
    ...pieces(text).map((delta) => ({ type: `response.${name}.delta`, ...at, delta, ...logprobs })),
    { type: `response.${name}.done`, ...at, [isText ? 'text' : 'refusal']: text, ...logprobs },
    { type: 'response.content_part.done', ...at, part },
  ];
}

function summaryEvents(text: string, at: Json): readonly TypedEvent[] {
  const part = (value: string) => ({ type: 'summary_text', text: value });
  return [
    { type: 'response.reasoning_summary_part.added', ...at, part: part('') },
    ...pieces(text).map((delta) => ({ type: 'response.reasoning_summary_text.delta', ...at, delta })),
    { type: 'response.reasoning_summary_text.done', ...at, text },
    { type: 'response.reasoning_summary_part.done', ...at, part: part(text) },
  ];
}

export function failedResponse(fault: { readonly code: string; readonly message: string }, body: Json): Json {
  return responseObject(body, { status: 'failed', error: { code: fault.code, message: fault.message } });
}

/** What a fault puts in the place of the rest. */
export function faultEvent(fault: ResponsesFault | undefined, body: Json): TypedEvent | undefined {
  switch (fault?.kind) {
    case 'failed':
      return { type: 'response.failed', response: failedResponse(fault, body), sequence_number: fault.after };
    case 'error-event': {
      const { code, message, after } = fault;
      return { type: 'error', code, message, param: null, sequence_number: after };
    }
    default:
      return undefined;
  }
}

/** The stream of an answer without its fault, event by event, as the API orders and numbers them. */
export function streamEvents(answer: FakeAnswer, body: Json): readonly TypedEvent[] {
  const response = finished(answer, body);
  const begun = responseObject(body, { status: 'in_progress' });
  const events: readonly TypedEvent[] = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    ...outputOf(answer, body).flatMap(itemEvents),
    { type: `response.${String(response.status)}`, response },
  ];
  return events.map((event, sequence_number) => ({ ...event, sequence_number }));
}
