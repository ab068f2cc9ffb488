import { append } from '../../../core/append.ts';
import { GatewayError } from '../../../core/errors.ts';
import type { Usage } from '../../../core/model.ts';
import { parseEvent, SseSplitter } from '../../../transport/sse.ts';
import type { BlockStart, Part, Seal } from '../../canonical.ts';
import { asNumber, asObject, asString, asText } from '../../fields.ts';
import { invalidAnswer } from '../../invalid-answer.ts';
import type { DecodeContext, JsonObject, StreamDecoder } from '../../protocol.ts';
import { argumentsOf } from '../../tool-input.ts';
import { classifyEvent } from '../errors.ts';
import { decodeFinishReason } from '../finish-reason.ts';
import { decodeUsage, mergeUsage } from '../usage.ts';
import { protocol } from '../wire.ts';
import { refusalText } from './decode-response.ts';

interface OpenBlock {
  /** Number in the canonical stream, which counts only what is decoded. */
  readonly number: number;
  readonly kind: BlockStart['kind'];
  signature: string;
  hasDelta: boolean;
  /** A call's input as the start already held it; some servers stream no pieces. */
  readonly wholeInput: string | undefined;
}

type Handler = (event: JsonObject) => readonly Part[];

function startOf(block: JsonObject): BlockStart | undefined {
  switch (block.type) {
    case 'text':
      return { kind: 'text' };
    case 'thinking':
      return { kind: 'reasoning' };
    case 'redacted_thinking':
      return { kind: 'reasoning', seal: { protocol, value: asString(block.data) ?? '', isRedacted: true } };
    case 'tool_use':
      return { kind: 'tool-call', id: asString(block.id) ?? '', name: asString(block.name) ?? '' };
    default:
      return undefined;
  }
}

function wholeInputOf(block: JsonObject): string | undefined {
  const input = asObject(block.input);
  return input === undefined || Object.keys(input).length === 0 ? undefined : argumentsOf(input);
}

function deltaText(delta: JsonObject): string | undefined {
  switch (delta.type) {
    case 'text_delta':
      return asText(delta.text);
    case 'thinking_delta':
      return asText(delta.thinking);
    case 'input_json_delta':
      return asText(delta.partial_json);
    default:
      return undefined;
  }
}

/** One handler an event; events that it does not know (`ping`, and what is to come) mean nothing. */
class MessagesStreamDecoder implements StreamDecoder {
  readonly #context: DecodeContext;
  readonly #splitter = new SseSplitter();
  /** By index on the wire. */
  readonly #open = new Map<number, OpenBlock>();
  #blocks = 0;
  #usage: Usage | undefined;
  #hasEnded = false;

  readonly #handlers: ReadonlyMap<unknown, Handler> = new Map<unknown, Handler>([
    ['message_start', (event) => this.#start(event)],
    ['content_block_start', (event) => this.#startBlock(event)],
    ['content_block_delta', (event) => this.#delta(event)],
    ['content_block_stop', (event) => this.#stopBlock(asNumber(event.index) ?? -1)],
    ['message_delta', (event) => this.#finish(event)],
    ['message_stop', () => this.#end()],
  ]);

  constructor(context: DecodeContext) {
    this.#context = context;
  }

  push(chunk: Buffer): readonly Part[] {
    const parts: Part[] = [];
    for (const raw of this.#splitter.split(chunk)) append(parts, this.#event(raw));
    return parts;
  }

  end(): readonly Part[] {
    const rest = this.#splitter.rest();
    const parts = rest === undefined ? [] : this.#event(rest);
    if (!this.#hasEnded) throw this.#invalid('the stream ended before message_stop');
    return parts;
  }

  #event(raw: Buffer): readonly Part[] {
    const { event, data } = parseEvent(raw);
    if (data === undefined || data === '' || data === '[DONE]') return [];
    const body = this.#parse(data);
    if (event === 'error' || body.type === 'error') throw classifyEvent(body, this.#context.target);
    return this.#handlers.get(body.type)?.(body) ?? [];
  }

  #parse(data: string): JsonObject {
    try {
      return asObject(JSON.parse(data)) ?? {};
    } catch (thrown) {
      throw new GatewayError('upstream_invalid', 'The upstream sent an event that is not JSON.', {
        detail: data.slice(0, 200),
        cause: thrown,
      });
    }
  }

  #start(event: JsonObject): readonly Part[] {
    const message = asObject(event.message) ?? {};
    this.#usage = decodeUsage(message.usage);
    const model = asString(message.model) ?? this.#context.target.model.upstreamId;
    return [{ kind: 'start', id: asString(message.id) ?? '', model, created: 0, usage: this.#usage }];
  }

  #startBlock(event: JsonObject): readonly Part[] {
    const index = asNumber(event.index);
    const block = asObject(event.content_block) ?? {};
    const content = startOf(block);
    if (index === undefined || content === undefined) return [];
    const number = this.#blocks;
    this.#blocks += 1;
    const wholeInput = wholeInputOf(block);
    this.#open.set(index, { number, kind: content.kind, signature: '', hasDelta: false, wholeInput });
    const text = asText(block.text) ?? asText(block.thinking);
    const start: Part = { kind: 'block-start', choice: 0, block: number, content };
    return text === undefined ? [start] : [start, { kind: 'block-delta', choice: 0, block: number, text }];
  }

  #delta(event: JsonObject): readonly Part[] {
    const block = this.#open.get(asNumber(event.index) ?? -1);
    const delta = asObject(event.delta);
    if (block === undefined || delta === undefined) return [];
    if (delta.type === 'signature_delta') block.signature += asString(delta.signature) ?? '';
    const text = deltaText(delta);
    if (text === undefined) return [];
    block.hasDelta = true;
    return [{ kind: 'block-delta', choice: 0, block: block.number, text }];
  }

  #stopBlock(index: number): readonly Part[] {
    const block = this.#open.get(index);
    if (block === undefined) return [];
    this.#open.delete(index);
    const seal: Seal | undefined = block.signature === '' ? undefined : { protocol, value: block.signature };
    const end: Part = { kind: 'block-end', choice: 0, block: block.number, seal };
    if (block.hasDelta || block.wholeInput === undefined) return [end];
    return [{ kind: 'block-delta', choice: 0, block: block.number, text: block.wholeInput }, end];
  }

  #finish(event: JsonObject): readonly Part[] {
    const parts: Part[] = [];
    const delta = asObject(event.delta) ?? {};
    const raw = asText(delta.stop_reason);
    const refusal = refusalText(delta.stop_details);
    if (refusal !== undefined) append(parts, this.#refusal(refusal));
    if (raw !== undefined) {
      const stopSequence = asString(delta.stop_sequence);
      append(parts, this.#closeAll());
      parts.push({ kind: 'finish', choice: 0, reason: decodeFinishReason(raw), raw, stopSequence });
    }
    const usage = decodeUsage(event.usage);
    if (usage !== undefined) {
      this.#usage = mergeUsage(this.#usage, usage);
      parts.push({ kind: 'usage', usage: this.#usage });
    }
    return parts;
  }

  #refusal(text: string): readonly Part[] {
    const block = this.#blocks;
    this.#blocks += 1;
    return [
      ...this.#closeAll(),
      { kind: 'block-start', choice: 0, block, content: { kind: 'refusal' } },
      { kind: 'block-delta', choice: 0, block, text },
      { kind: 'block-end', choice: 0, block },
    ];
  }

  /** For servers that forget a content_block_stop. */
  #closeAll(): readonly Part[] {
    return [...this.#open.keys()].flatMap((index) => this.#stopBlock(index));
  }

  #end(): readonly Part[] {
    this.#hasEnded = true;
    return this.#closeAll();
  }

  #invalid(problem: string): GatewayError {
    return invalidAnswer(this.#context.target, problem);
  }
}

export function streamDecoder(context: DecodeContext): StreamDecoder {
  return new MessagesStreamDecoder(context);
}
