import type { FakeAnswer, FakeRequest, FakeState } from './personality.ts';
import { jsonBody, routeOf } from './personality.ts';
import { dataEvent, json, type Script, sse } from './script.ts';

/** Where servers that speak chat completions differ. */
export interface OpenAiDialect {
  readonly reasoningField: 'reasoning' | 'reasoning_content';
  readonly fingerprint: string;
  /** Content of the first chunk, which carries the role. */
  readonly firstContent: '' | null;
  /** Extra fields of the last chunk and of whole answers: `timings`, `stats`. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** The model named in answers. */
  readonly answeringModel: (asked: string, state: FakeState) => string;
}

export const plainDialect: OpenAiDialect = {
  reasoningField: 'reasoning_content',
  fingerprint: 'fp_fake',
  firstContent: '',
  extra: {},
  answeringModel: (asked) => asked,
};

type Body = Readonly<Record<string, unknown>>;

const created = 1_795_189_662;
export const doneEvent = 'data: [DONE]\n\n';

/** Pieces of a text, each with the space before it, as models emit words. */
export function words(value: string): readonly string[] {
  return value.match(/\s*\S+/g) ?? [];
}

function usage(answer: FakeAnswer): Body {
  return {
    prompt_tokens: answer.promptTokens,
    completion_tokens: answer.completionTokens,
    total_tokens: answer.promptTokens + answer.completionTokens,
  };
}

interface NamedTool {
  readonly function?: { readonly name?: string };
}

/** The tool to call: the one that is demanded, else the first; none once a tool's result is in. */
function toolToCall(body: Body): string | undefined {
  const tools = Array.isArray(body.tools) ? (body.tools as readonly NamedTool[]) : [];
  const messages = Array.isArray(body.messages) ? (body.messages as readonly { readonly role?: string }[]) : [];
  if (body.tool_choice === 'none' || messages.at(-1)?.role === 'tool') return undefined;
  const demanded = typeof body.tool_choice === 'object' ? (body.tool_choice as NamedTool | null) : undefined;
  return demanded?.function?.name ?? tools[0]?.function?.name;
}

interface Turn {
  readonly body: Body;
  readonly state: FakeState;
  readonly dialect: OpenAiDialect;
  readonly model: string;
}

/** One that is to stop at its token limit does so before it has called. */
function toolOf({ body, state }: Turn): string | undefined {
  return state.answer.finishReason === 'length' ? undefined : toolToCall(body);
}

function toolCall(name: string, text: string): Body {
  return { index: 0, id: `call_${name}_1`, type: 'function', function: { name, arguments: text } };
}

function chatMessage(turn: Turn): Body {
  const { answer } = turn.state;
  const tool = toolOf(turn);
  const reasoning = answer.reasoning === undefined ? {} : { [turn.dialect.reasoningField]: answer.reasoning };
  if (tool === undefined) return { role: 'assistant', content: answer.text, ...reasoning };
  const { index: _index, ...call } = toolCall(tool, JSON.stringify(answer.toolArguments));
  return { role: 'assistant', content: null, ...reasoning, tool_calls: [call] };
}

function finishReason(turn: Turn): string {
  return toolOf(turn) === undefined ? turn.state.answer.finishReason : 'tool_calls';
}

function wholeChat(turn: Turn): Body {
  return {
    id: 'chatcmpl-fake1',
    object: 'chat.completion',
    created,
    model: turn.model,
    system_fingerprint: turn.dialect.fingerprint,
    choices: [{ index: 0, message: chatMessage(turn), logprobs: null, finish_reason: finishReason(turn) }],
    usage: usage(turn.state.answer),
    ...turn.dialect.extra,
  };
}

function toolDeltas(turn: Turn, name: string): readonly Body[] {
  const whole = JSON.stringify(turn.state.answer.toolArguments);
  const half = Math.ceil(whole.length / 2);
  const piece = (text: string) => ({ tool_calls: [{ index: 0, function: { arguments: text } }] });
  return [{ tool_calls: [toolCall(name, '')] }, piece(whole.slice(0, half)), piece(whole.slice(half))];
}

function contentDeltas(turn: Turn): readonly Body[] {
  const { answer } = turn.state;
  const reasoning = words(answer.reasoning ?? '').map((word) => ({ [turn.dialect.reasoningField]: word }));
  const tool = toolOf(turn);
  const rest = tool === undefined ? words(answer.text).map((content) => ({ content })) : toolDeltas(turn, tool);
  return [...reasoning, ...rest];
}

function wantsUsage(body: Body): boolean {
  const options = body.stream_options as { readonly include_usage?: unknown } | null | undefined;
  return options?.include_usage === true;
}

function chatEvents(turn: Turn): readonly string[] {
  const base = {
    id: 'chatcmpl-fake1',
    object: 'chat.completion.chunk',
    created,
    model: turn.model,
    system_fingerprint: turn.dialect.fingerprint,
  };
  const chunk = (delta: Body, finish: string | null, extra: Body = {}) =>
    dataEvent({ ...base, choices: [{ index: 0, delta, finish_reason: finish }], ...extra });
  return [
    chunk({ role: 'assistant', content: turn.dialect.firstContent }, null),
    ...contentDeltas(turn).map((delta) => chunk(delta, null)),
    chunk({}, finishReason(turn), turn.dialect.extra),
    ...(wantsUsage(turn.body) ? [dataEvent({ ...base, choices: [], usage: usage(turn.state.answer) })] : []),
    doneEvent,
  ];
}

function textChunk(turn: Turn, text: string, finish: string | null): Body {
  return {
    id: 'cmpl-fake1',
    object: 'text_completion',
    created,
    model: turn.model,
    choices: [{ index: 0, text, logprobs: null, finish_reason: finish }],
  };
}

function completionEvents(turn: Turn): readonly string[] {
  const { answer } = turn.state;
  return [
    ...words(answer.text).map((word) => dataEvent(textChunk(turn, word, null))),
    dataEvent(textChunk(turn, '', answer.finishReason)),
    ...(wantsUsage(turn.body) ? [dataEvent({ ...textChunk(turn, '', null), choices: [], usage: usage(answer) })] : []),
    doneEvent,
  ];
}

/** Numbers that float32 holds exactly, so that base64 and JSON agree; the first tells inputs apart by position. */
function vector(position: number): readonly number[] {
  return [position, 0.5, -0.25, 0.125];
}

function embeddings(turn: Turn): Body {
  const inputs = Array.isArray(turn.body.input) ? turn.body.input : [turn.body.input];
  const encode = (numbers: readonly number[]) =>
    turn.body.encoding_format === 'base64' ? Buffer.from(new Float32Array(numbers).buffer).toString('base64') : numbers;
  return {
    object: 'list',
    data: inputs.map((_, index) => ({ object: 'embedding', index, embedding: encode(vector(index)) })),
    model: turn.model,
    usage: { prompt_tokens: turn.state.answer.promptTokens, total_tokens: turn.state.answer.promptTokens },
  };
}

/** Answer to a generating request, which is known to be valid; undefined for any other path. */
export function generate(request: FakeRequest, state: FakeState, dialect: OpenAiDialect): Script | undefined {
  const body = jsonBody(request) ?? {};
  const asked = typeof body.model === 'string' ? body.model : (state.models[0]?.id ?? 'fake');
  const turn: Turn = { body, state, dialect, model: dialect.answeringModel(asked, state) };
  switch (routeOf(request)) {
    case 'POST /v1/chat/completions':
      return body.stream === true ? sse(chatEvents(turn)) : json(200, wholeChat(turn));
    case 'POST /v1/completions':
      return body.stream === true
        ? sse(completionEvents(turn))
        : json(200, { ...textChunk(turn, state.answer.text, state.answer.finishReason), usage: usage(state.answer) });
    case 'POST /v1/embeddings':
      return json(200, embeddings(turn));
    default:
      return undefined;
  }
}

export const generatingRoutes: ReadonlySet<string> = new Set([
  'POST /v1/chat/completions',
  'POST /v1/completions',
  'POST /v1/embeddings',
]);

/** What is wrong with a request; each server words and numbers it differently. */
export type RequestFault = 'malformed' | 'no-model' | 'no-messages' | 'unknown-model';

/** The first fault of a generating request, in the order servers check. Names are compared by `knows`. */
export function requestFault(
  request: FakeRequest,
  state: FakeState,
  knows: (name: string) => boolean = (name) => state.models.some((model) => model.id === name),
): RequestFault | undefined {
  const body = jsonBody(request);
  if (body === undefined) return 'malformed';
  if (routeOf(request) === 'POST /v1/chat/completions' && !Array.isArray(body.messages)) return 'no-messages';
  if (typeof body.model !== 'string') return 'no-model';
  return knows(body.model) ? undefined : 'unknown-model';
}
