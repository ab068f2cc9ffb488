import type { Candidate } from '../../../core/model.ts';
import { parseEvent, type SseEvent, SseSplitter } from '../../../transport/sse.ts';
import type { BlockStart, Part } from '../../canonical.ts';
import { asArray, asNumber, asObject, asString, asText, isObject } from '../../fields.ts';
import type { DecodeContext, JsonObject, StreamDecoder } from '../../protocol.ts';
import { classifyError, invalidAnswer } from '../errors.ts';
import { checkFinishReason, decodeFinishReason } from '../finish-reason.ts';
import { decodeLogprobs } from '../logprobs.ts';
import { decodeUsage } from '../usage.ts';

/** Whose block it is: contents and calls are numbered apart, the plan has no number. */
type BlockKey = 'plan' | `content ${number}` | `call ${number}`;

/** Decodes the events of `/v2/chat`. The answer is whole when `message-end` has come. */
class CohereStreamDecoder implements StreamDecoder {
  readonly #target: Candidate;
  readonly #splitter = new SseSplitter();
  readonly #open = new Map<BlockKey, number>();
  #parts: Part[] = [];
  #blocks = 0;
  #hasCalls = false;
  #hasStarted = false;
  #hasEnded = false;

  constructor(target: Candidate) {
    this.#target = target;
  }

  push(chunk: Buffer): readonly Part[] {
    for (const event of this.#splitter.push(chunk)) this.#event(event);
    return this.#take();
  }

  end(): readonly Part[] {
    const rest = this.#splitter.rest();
    if (rest !== undefined) this.#rest(rest);
    if (!this.#hasEnded) {
      throw invalidAnswer(this.#hasStarted ? 'ended its stream without a finish reason' : 'sent an empty stream');
    }
    return this.#take();
  }

  #take(): readonly Part[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  /** The last event without its blank line, or an error in plain JSON that was never an event. */
  #rest(rest: Buffer): void {
    const event = parseEvent(rest);
    if (event.data !== undefined) return this.#event(event);
    const text = rest.toString('utf8').trim();
    if (text.startsWith('{')) throw classifyError(200, {}, text, this.#target);
  }

  #event({ data }: SseEvent): void {
    if (data === undefined || data === '' || data === '[DONE]' || this.#hasEnded) return;
    const event = parse(data);
    const type = asText(event.type);
    if (type === undefined || type === 'error') throw classifyError(200, {}, data, this.#target);
    const handle = Object.hasOwn(this.#handlers, type) ? this.#handlers[type] : undefined;
    handle?.(event);
  }

  /** One for each kind of event. Citations and debugging have no place in other protocols; later kinds may come. */
  readonly #handlers: Readonly<Record<string, (event: JsonObject) => void>> = {
    'message-start': (event) => this.#start(asString(event.id) ?? ''),
    'content-start': (event) => this.#content(event),
    'content-delta': (event) => this.#content(event),
    'content-end': (event) => this.#close(`content ${indexOf(event)}`),
    'tool-plan-delta': (event) => this.#text('plan', { kind: 'text' }, asString(messageOf(event).tool_plan) ?? ''),
    'tool-call-start': (event) => this.#call(event),
    'tool-call-delta': (event) => this.#callDelta(event),
    'tool-call-end': (event) => this.#close(`call ${indexOf(event)}`),
    'message-end': (event) => this.#end(event),
  };

  #start(id: string): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#parts.push({ kind: 'start', id, model: this.#target.model.upstreamId, created: 0 });
  }

  /** A start may already hold text; a block whose start says nothing begins with its first text. */
  #content(event: JsonObject): void {
    const content = asObject(messageOf(event).content) ?? {};
    const thinking = asText(content.thinking);
    const kind = thinking === undefined ? 'text' : 'reasoning';
    this.#close('plan');
    this.#text(`content ${indexOf(event)}`, { kind }, thinking ?? asString(content.text) ?? '');
    const logprobs = decodeLogprobs([...asArray(event.logprobs), event.logprobs]);
    if (logprobs.length > 0) this.#parts.push({ kind: 'logprobs', choice: 0, logprobs });
  }

  #text(key: BlockKey, start: BlockStart, text: string): void {
    if (text === '') return;
    this.#delta(this.#open.get(key) ?? this.#startBlock(key, start), text);
  }

  #startBlock(key: BlockKey, content: BlockStart): number {
    this.#start('');
    const block = this.#blocks;
    this.#blocks += 1;
    this.#open.set(key, block);
    this.#parts.push({ kind: 'block-start', choice: 0, block, content });
    return block;
  }

  #delta(block: number, text: string): void {
    if (text !== '') this.#parts.push({ kind: 'block-delta', choice: 0, block, text });
  }

  #close(key: BlockKey): void {
    const block = this.#open.get(key);
    if (block === undefined) return;
    this.#open.delete(key);
    this.#parts.push({ kind: 'block-end', choice: 0, block });
  }

  #call(event: JsonObject): void {
    const call = callOf(event);
    const named = asObject(call.function);
    const name = asText(named?.name);
    if (name === undefined) throw invalidAnswer('sent a tool call without a name');
    this.#close('plan');
    this.#hasCalls = true;
    const id = asText(call.id) ?? `call_${this.#blocks}_${name}`;
    const block = this.#startBlock(`call ${indexOf(event)}`, { kind: 'tool-call', id, name });
    this.#delta(block, asString(named?.arguments) ?? '');
  }

  #callDelta(event: JsonObject): void {
    const block = this.#open.get(`call ${indexOf(event)}`);
    if (block !== undefined) this.#delta(block, asString(asObject(callOf(event).function)?.arguments) ?? '');
  }

  #end(event: JsonObject): void {
    const delta = asObject(event.delta) ?? {};
    const raw = asText(delta.finish_reason);
    checkFinishReason(raw, asText(delta.error));
    this.#start('');
    for (const key of [...this.#open.keys()]) this.#close(key);
    this.#hasEnded = true;
    this.#parts.push({ kind: 'finish', choice: 0, reason: decodeFinishReason(raw ?? '', this.#hasCalls), raw });
    const usage = decodeUsage(delta.usage);
    if (usage !== undefined) this.#parts.push({ kind: 'usage', usage });
  }
}

function parse(data: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch (cause) {
    throw invalidAnswer('sent an event that is not JSON', cause);
  }
  if (!isObject(parsed)) throw invalidAnswer('sent an event that is not an object');
  return parsed;
}

function indexOf(event: JsonObject): number {
  return asNumber(event.index) ?? 0;
}

function messageOf(event: JsonObject): JsonObject {
  return asObject(asObject(event.delta)?.message) ?? {};
}

/** The field's name is a plural; what stands in it is one call. */
function callOf(event: JsonObject): JsonObject {
  const { tool_calls: call } = messageOf(event);
  return asObject(Array.isArray(call) ? call[0] : call) ?? {};
}

export function streamDecoder({ target }: DecodeContext): StreamDecoder {
  return new CohereStreamDecoder(target);
}
