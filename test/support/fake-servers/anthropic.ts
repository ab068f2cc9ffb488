import type { IncomingHttpHeaders } from 'node:http';
import type { ContentBlock, StopReason, Usage } from '@anthropic-ai/sdk/resources/messages/messages';
import { checkRequest, RuleBroken, signaturePrefix } from './anthropic-rules.ts';
import {
  type ConnectionFault,
  eventText,
  pieces,
  type RecordedRequest,
  type Refusal,
  Refused,
  type Reply,
  startVendorServer,
  type TypedEvent,
  type VendorFake,
} from './vendor-server.ts';

export type AnthropicFault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly type: string;
      readonly message: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A 200 whose stream ends in an error event after `after` events; a 200 with an error body when not streaming. */
  | { readonly kind: 'error-event'; readonly after: number; readonly type: string; readonly message: string }
  | ConnectionFault;

export type FakeBlock =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly thinking: string }
  | { readonly type: 'redacted_thinking'; readonly data: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: unknown };

/** One answer. What it leaves out: the text "Hello!", `end_turn` (or `tool_use` after a call), 25 tokens in, 15 out. */
export interface FakeAnswer {
  readonly blocks?: readonly FakeBlock[];
  readonly stopReason?: StopReason;
  readonly stopSequence?: string;
  readonly refusal?: string;
  readonly usage?: Partial<Usage>;
  readonly fault?: AnthropicFault;
}

export type AnthropicFake = VendorFake<FakeAnswer>;

/** What the official clients have sent since their 1.0; agents still send 2023-06-01. */
const newestVersion = '2026-10-21';

const modelIds = ['claude-opus-4-8', 'claude-sonnet-4-5-20250929', 'claude-haiku-4-5-20251001'];

const defaultUsage = {
  input_tokens: 25,
  output_tokens: 15,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  service_tier: 'standard',
};

const requestId = 'req_011fake';

function errorBody(type: string, message: string) {
  return { type: 'error', error: { type, message }, request_id: requestId };
}

function contentBlock(block: FakeBlock): ContentBlock {
  switch (block.type) {
    case 'text':
      return { ...block, citations: null };
    case 'thinking':
      return { ...block, signature: `${signaturePrefix}${Buffer.from(block.thinking).toString('base64')}` };
    case 'redacted_thinking':
      return block;
    case 'tool_use':
      return { ...block, caller: { type: 'direct' } };
  }
}

function blocksOf(answer: FakeAnswer): readonly ContentBlock[] {
  return (answer.blocks ?? [{ type: 'text', text: 'Hello!' }]).map(contentBlock);
}

function ending(answer: FakeAnswer, blocks: readonly ContentBlock[]) {
  const implied = blocks.some((block) => block.type === 'tool_use') ? 'tool_use' : 'end_turn';
  const refusal = { type: 'refusal', category: null, explanation: answer.refusal };
  return {
    stop_reason: answer.stopReason ?? implied,
    stop_sequence: answer.stopSequence ?? null,
    stop_details: answer.refusal === undefined ? null : refusal,
  };
}

function message(answer: FakeAnswer, model: unknown) {
  const content = blocksOf(answer);
  const usage = { ...defaultUsage, ...answer.usage };
  return { id: 'msg_01fake', type: 'message', role: 'assistant', model, content, ...ending(answer, content), usage };
}

function delta(index: number, fields: Readonly<Record<string, unknown>>): TypedEvent {
  return { type: 'content_block_delta', index, delta: fields };
}

function blockStart(index: number, block: unknown): TypedEvent {
  return { type: 'content_block_start', index, content_block: block };
}

function blockEvents(block: ContentBlock, index: number): readonly TypedEvent[] {
  const stop = { type: 'content_block_stop', index };
  switch (block.type) {
    case 'text': {
      const deltas = pieces(block.text).map((text) => delta(index, { type: 'text_delta', text }));
      return [blockStart(index, { type: 'text', text: '' }), ...deltas, stop];
    }
    case 'thinking': {
      const start = blockStart(index, { type: 'thinking', thinking: '', signature: '' });
      const deltas = pieces(block.thinking).map((thinking) => delta(index, { type: 'thinking_delta', thinking }));
      return [start, ...deltas, delta(index, { type: 'signature_delta', signature: block.signature }), stop];
    }
    case 'tool_use': {
      const parts = ['', ...pieces(JSON.stringify(block.input))];
      const deltas = parts.map((partial_json) => delta(index, { type: 'input_json_delta', partial_json }));
      return [blockStart(index, { ...block, input: {} }), ...deltas, stop];
    }
    default:
      return [blockStart(index, block), stop];
  }
}

/** The stream of an answer, event by event, as the API orders them. */
export function streamEvents(answer: FakeAnswer, model: unknown): readonly TypedEvent[] {
  const { content, stop_reason, stop_sequence, stop_details, usage, ...rest } = message(answer, model);
  const opening = { ...usage, output_tokens: 1 };
  const start = { ...rest, content: [], stop_reason: null, stop_sequence: null, usage: opening };
  const [first, ...others] = content.flatMap(blockEvents);
  return [
    { type: 'message_start', message: start },
    ...(first === undefined ? [] : [first]),
    { type: 'ping' },
    ...others,
    { type: 'message_delta', delta: { stop_reason, stop_sequence, stop_details }, usage },
    { type: 'message_stop' },
  ];
}

function sendStream(reply: Reply, answer: FakeAnswer, model: unknown): Promise<void> {
  const { fault } = answer;
  const type = 'text/event-stream; charset=utf-8';
  const last = fault?.kind === 'error-event' ? eventText(errorBody(fault.type, fault.message)) : undefined;
  return reply.stream({ type, pieces: streamEvents(answer, model).map(eventText), fault, last });
}

function sendMessage(reply: Reply, answer: FakeAnswer, model: unknown): Promise<void> {
  const { fault } = answer;
  if (fault?.kind === 'error-event') return reply.whole(errorBody(fault.type, fault.message), fault);
  return reply.whole(message(answer, model), fault);
}

function checkHeaders(headers: IncomingHttpHeaders, apiKey: string): void {
  const key = headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer /, '');
  if (key === undefined) throw new Refused(401, 'authentication_error', 'x-api-key header is required');
  if (key !== apiKey) throw new Refused(401, 'authentication_error', 'invalid x-api-key');
  const version = headers['anthropic-version'];
  if (version === undefined) throw new RuleBroken('anthropic-version: header is required');
  if (version !== '2023-06-01' && version !== newestVersion)
    throw new RuleBroken(`anthropic-version: "${version}" is not a valid version`);
  if (headers['content-type']?.startsWith('application/json') === false) {
    throw new RuleBroken('content-type: must be application/json');
  }
}

function modelList() {
  const data = modelIds.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-05-28T00:00:00Z' }));
  return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
}

/** Four characters a token, as a stand-in for the real count. */
function countTokens(body: unknown) {
  return { input_tokens: Math.ceil(JSON.stringify(body).length / 4) };
}

function respond({ method, path: target, headers, body }: RecordedRequest, reply: Reply, next: () => FakeAnswer) {
  const path = target.split('?')[0];
  if (method === 'GET' && path === '/v1/models') return reply.json(200, modelList());
  const isCount = path === '/v1/messages/count_tokens';
  if (method !== 'POST' || (path !== '/v1/messages' && !isCount)) {
    throw new Refused(404, 'not_found_error', 'Not Found');
  }
  checkRequest(body, { isCount, isNewest: headers['anthropic-version'] === newestVersion });
  if (isCount) return reply.json(200, countTokens(body));
  const answer = next();
  if (answer.fault?.kind === 'status') {
    const { status, type, message: text, headers: more } = answer.fault;
    return reply.json(status, errorBody(type, text), more);
  }
  return body?.stream === true ? sendStream(reply, answer, body.model) : sendMessage(reply, answer, body?.model);
}

function refusalOf(thrown: unknown): Refusal | undefined {
  if (thrown instanceof RuleBroken) return { status: 400, body: errorBody('invalid_request_error', thrown.message) };
  if (thrown instanceof Refused) return { status: thrown.status, body: errorBody(thrown.code, thrown.message) };
  return undefined;
}

/** A Messages API that refuses what the real one refuses: a wrong header, field or order is a 400 in its envelope. */
export function startAnthropicFake(apiKey = 'sk-ant-test-fake'): Promise<AnthropicFake> {
  return startVendorServer<FakeAnswer>({
    basePath: '/v1',
    headers: { 'request-id': requestId },
    admit: ({ headers }) => checkHeaders(headers, apiKey),
    respond,
    refusalOf,
  });
}
