import type { GatewayError } from '../../../core/errors.ts';
import type { Usage } from '../../../core/model.ts';
import { Queue } from '../../../core/queue.ts';
import type { BlockStart, Part, Seal } from '../../canonical.ts';
import type { AnswerContext, ErrorFacts, StreamEncoder } from '../../protocol.ts';
import { errorRenderer } from '../errors.ts';
import { encodeFinishReason } from '../finish-reason.ts';
import { callSignatureOf, carriesCallSeals, signatureOf } from '../seal.ts';
import { encodeDeltaUsage, encodeUsage } from '../usage.ts';
import {
  frame,
  type Message,
  type RawContentBlockStartEvent,
  type RawMessageDeltaEvent,
  type RawMessageStartEvent,
} from '../wire.ts';
import { isRedacted } from './encode-response.ts';

export const pingFrame = frame('ping', '{"type":"ping"}');

interface Block {
  /** Number in the canonical stream. */
  readonly number: number;
  readonly content: BlockStart;
  /** Text that came while an earlier block was still open. */
  readonly held: string[];
  hasEnded: boolean;
  /** Of reasoning; empty where it was not signed. */
  signature: string;
}

/** Of a block that nothing more comes for. */
const noNumber = -1;

type WireBlock = RawContentBlockStartEvent['content_block'];

function wireBlock(content: BlockStart): WireBlock {
  switch (content.kind) {
    case 'text':
    case 'refusal':
      return { type: 'text', text: '', citations: null };
    case 'reasoning':
      if (isRedacted(content.seal)) return { type: 'redacted_thinking', data: content.seal.value };
      return { type: 'thinking', thinking: '', signature: '' };
    case 'tool-call':
      return { type: 'tool_use', id: content.id, name: content.name, input: {}, caller: { type: 'direct' } };
  }
}

/** Type and text field of a block's deltas. Written by hand: this runs once a token. */
const deltaFields: Readonly<Record<BlockStart['kind'], readonly [type: string, field: string]>> = {
  text: ['text_delta', 'text'],
  refusal: ['text_delta', 'text'],
  reasoning: ['thinking_delta', 'thinking'],
  'tool-call': ['input_json_delta', 'partial_json'],
};

function deltaFrame(index: number, kind: BlockStart['kind'], text: string): string {
  const [type, field] = deltaFields[kind];
  const delta = `{"type":"${type}","${field}":${JSON.stringify(text)}}`;
  return frame('content_block_delta', `{"type":"content_block_delta","index":${index},"delta":${delta}}`);
}

/**
 * Blocks on this wire are numbered in order and never overlap. The first of the queue is open; the others wait, and
 * what comes for them is held until those before them have ended.
 */
class MessagesStreamEncoder implements StreamEncoder {
  readonly #context: AnswerContext;
  readonly #queue = new Queue<Block>();
  /** Those of the queue, by their number in the canonical stream. */
  readonly #blocks = new Map<number, Block>();
  /** Index of the open block on the wire. */
  #index = -1;
  #isStarted = false;
  #usage: Usage | undefined;
  #finish: Extract<Part, { kind: 'finish' }> | undefined;
  #hasToolCall = false;
  #hasRefusal = false;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  encode(part: Part): string {
    if ('choice' in part && part.choice !== 0) return '';
    switch (part.kind) {
      case 'start':
        this.#usage = part.usage;
        return this.#start(part.id, part.model);
      case 'block-start':
        return this.#ensureStarted() + this.#startBlock(part.block, part.content);
      case 'block-delta':
        return this.#delta(part.block, part.text);
      case 'block-end':
        return this.#endBlock(part.block, part.seal);
      case 'finish':
        this.#finish = part;
        return '';
      case 'usage':
        this.#usage = part.usage;
        return '';
      case 'logprobs':
        return '';
    }
  }

  end(): string {
    const started = this.#ensureStarted();
    for (const block of this.#blocks.values()) block.hasEnded = true;
    const closed = this.#advance();
    const delta: RawMessageDeltaEvent = {
      type: 'message_delta',
      delta: {
        stop_reason: encodeFinishReason({
          reason: this.#finish?.reason ?? 'other',
          raw: this.#finish?.raw,
          stopSequence: this.#finish?.stopSequence,
          hasToolCall: this.#hasToolCall,
          hasRefusal: this.#hasRefusal,
        }),
        stop_sequence: this.#finish?.stopSequence ?? null,
        stop_details: null,
        container: null,
      },
      usage: encodeDeltaUsage(this.#usage),
    };
    const finish = frame('message_delta', JSON.stringify(delta));
    return `${started}${closed}${finish}${frame('message_stop', '{"type":"message_stop"}')}`;
  }

  error(error: GatewayError, facts: ErrorFacts): string {
    return errorRenderer.streamEvent(error, facts);
  }

  #ensureStarted(): string {
    return this.#isStarted ? '' : this.#start('', '');
  }

  #start(id: string, model: string): string {
    if (this.#isStarted) return '';
    this.#isStarted = true;
    const message: Message = {
      id: id === '' ? this.#context.requestId : id,
      type: 'message',
      role: 'assistant',
      model: model === '' ? this.#context.requestedModel : model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: encodeUsage(this.#usage),
    };
    const event: RawMessageStartEvent = { type: 'message_start', message };
    return frame('message_start', JSON.stringify(event)) + pingFrame;
  }

  #startBlock(number: number, content: BlockStart): string {
    if (content.kind === 'tool-call') this.#hasToolCall = true;
    if (content.kind === 'refusal') this.#hasRefusal = true;
    const carrier = content.kind === 'tool-call' ? this.#carry(content.seal) : '';
    const signature = content.kind === 'reasoning' ? signatureOf(content.seal) : '';
    return carrier + this.#enqueue({ number, content, held: [], hasEnded: false, signature });
  }

  /** A call's own seal goes ahead of it. */
  #carry(seal: Seal | undefined): string {
    if (seal === undefined || !carriesCallSeals(this.#context.request)) return '';
    const signature = callSignatureOf(seal);
    const content = { kind: 'reasoning' } as const;
    const opened = this.#enqueue({ number: noNumber, content, held: [], hasEnded: true, signature });
    return opened + this.#advance();
  }

  #enqueue(block: Block): string {
    this.#queue.push(block);
    if (block.number !== noNumber) this.#blocks.set(block.number, block);
    return this.#queue.length === 1 ? this.#open(block) : '';
  }

  #open(block: Block): string {
    this.#index += 1;
    const event: RawContentBlockStartEvent = {
      type: 'content_block_start',
      index: this.#index,
      content_block: wireBlock(block.content),
    };
    const held = block.held.join('');
    const start = frame('content_block_start', JSON.stringify(event));
    return held === '' ? start : start + deltaFrame(this.#index, block.content.kind, held);
  }

  #delta(number: number, text: string): string {
    const open = this.#queue.first;
    if (open?.number === number) return deltaFrame(this.#index, open.content.kind, text);
    this.#blocks.get(number)?.held.push(text);
    return '';
  }

  #endBlock(number: number, seal: Seal | undefined): string {
    const block = this.#blocks.get(number);
    if (block === undefined) return '';
    block.hasEnded = true;
    if (seal !== undefined) block.signature = signatureOf(seal);
    return this.#advance();
  }

  /** Closes the blocks at the head of the queue that have ended, opening the next each time. */
  #advance(): string {
    let frames = '';
    for (let block = this.#queue.first; block?.hasEnded === true; block = this.#queue.first) {
      frames += this.#close(block);
      this.#queue.shift();
      this.#blocks.delete(block.number);
      const next = this.#queue.first;
      if (next !== undefined) frames += this.#open(next);
    }
    return frames;
  }

  #close(block: Block): string {
    const stop = frame('content_block_stop', `{"type":"content_block_stop","index":${this.#index}}`);
    if (block.content.kind !== 'reasoning' || isRedacted(block.content.seal)) return stop;
    const { signature } = block;
    if (signature === '') return stop;
    const delta = `{"type":"signature_delta","signature":${JSON.stringify(signature)}}`;
    return (
      frame('content_block_delta', `{"type":"content_block_delta","index":${this.#index},"delta":${delta}}`) + stop
    );
  }
}

export function streamEncoder(context: AnswerContext): StreamEncoder {
  return new MessagesStreamEncoder(context);
}
