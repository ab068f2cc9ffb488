/* What the chat completions fake says, as the API writes it. */

import { type ConnectionFault, type Json, pieces } from './vendor-server.ts';

export type ChatFault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly message: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A 200 whose stream ends in an error object after `after` chunks; a 200 with an error body when not streaming. */
  | { readonly kind: 'error-event'; readonly after: number; readonly message: string }
  | ConnectionFault;

export interface FakeCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** One answer. What it leaves out: no reasoning, the text "Hello!" unless there are calls, 25 tokens in, 15 out. */
export interface FakeAnswer {
  readonly reasoning?: string | undefined;
  readonly text?: string | undefined;
  readonly calls?: readonly FakeCall[] | undefined;
  /** What it leaves out is `stop`, or `tool_calls` after a call. */
  readonly finishReason?: string | undefined;
  readonly fault?: ChatFault | undefined;
}

const created = 1_763_600_000;

const usage = {
  prompt_tokens: 25,
  completion_tokens: 15,
  total_tokens: 40,
  prompt_tokens_details: { cached_tokens: 10 },
  completion_tokens_details: { reasoning_tokens: 5 },
};

function textOf({ text, calls }: FakeAnswer): string | null {
  return text ?? (calls === undefined ? 'Hello!' : null);
}

function finishOf({ calls, finishReason }: FakeAnswer): string {
  return finishReason ?? (calls === undefined ? 'stop' : 'tool_calls');
}

function toolCall({ id, name, arguments: text }: FakeCall): Json {
  return { id, type: 'function', function: { name, arguments: text } };
}

export function whole(answer: FakeAnswer, model: unknown): Json {
  const message = {
    role: 'assistant',
    content: textOf(answer),
    ...(answer.reasoning !== undefined && { reasoning_content: answer.reasoning }),
    ...(answer.calls !== undefined && { tool_calls: answer.calls.map(toolCall) }),
  };
  const choices = [{ index: 0, message, finish_reason: finishOf(answer), logprobs: null }];
  return { id: 'chatcmpl-fake', object: 'chat.completion', created, model, choices, usage };
}

function callDeltas(call: FakeCall, index: number): readonly Json[] {
  const first = { index, ...toolCall({ ...call, arguments: '' }) };
  const rest = pieces(call.arguments).map((text) => ({ index, function: { arguments: text } }));
  return [first, ...rest].map((one) => ({ tool_calls: [one] }));
}

export function chunks(answer: FakeAnswer, body: Json): readonly Json[] {
  const base = { id: 'chatcmpl-fake', object: 'chat.completion.chunk', created, model: body.model };
  const deltas = [
    { role: 'assistant', content: '' },
    ...pieces(answer.reasoning ?? '').map((reasoning_content) => ({ reasoning_content })),
    ...pieces(textOf(answer) ?? '').map((content) => ({ content })),
    ...(answer.calls ?? []).flatMap(callDeltas),
  ];
  const chunk = (delta: Json, finish_reason: string | null) => ({
    ...base,
    choices: [{ index: 0, delta, finish_reason }],
  });
  const options = body.stream_options as Json | undefined;
  return [
    ...deltas.map((delta) => chunk(delta, null)),
    chunk({}, finishOf(answer)),
    ...(options?.include_usage === true ? [{ ...base, choices: [], usage }] : []),
  ];
}

/** The same answer, its text alone, on the older path. */
export function wholeText(answer: FakeAnswer, model: unknown): Json {
  const choices = [{ index: 0, text: textOf(answer) ?? '', finish_reason: finishOf(answer), logprobs: null }];
  return { id: 'cmpl-fake', object: 'text_completion', created, model, choices, usage };
}

export function textChunks(answer: FakeAnswer, body: Json): readonly Json[] {
  const base = { id: 'cmpl-fake', object: 'text_completion', created, model: body.model };
  const chunk = (text: string, finish_reason: string | null) => ({
    ...base,
    choices: [{ index: 0, text, finish_reason, logprobs: null }],
  });
  const options = body.stream_options as Json | undefined;
  return [
    ...pieces(textOf(answer) ?? '').map((text) => chunk(text, null)),
    chunk('', finishOf(answer)),
    ...(options?.include_usage === true ? [{ ...base, choices: [], usage }] : []),
  ];
}

/** Numbers that float32 holds exactly, so that base64 and JSON agree; the first tells inputs apart by position. */
export function embeddings(body: Json): Json {
  const inputs = Array.isArray(body.input) ? body.input : [body.input];
  const data = inputs.map((_, index) => {
    const vector = [index, 0.5, -0.25];
    const embedding =
      body.encoding_format === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector;
    return { object: 'embedding', index, embedding };
  });
  return { object: 'list', data, model: body.model, usage: { prompt_tokens: 25, total_tokens: 25 } };
}

export function listing(): Json {
  const data = ['gpt-5.1', 'text-embedding-3-small'].map((id) => ({
    id,
    object: 'model',
    created,
    owned_by: 'openai',
  }));
  return { object: 'list', data };
}
