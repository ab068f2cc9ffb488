import type { GatewayError } from '../../../core/errors.ts';
import type { Usage } from '../../../core/model.ts';
import type { BlockStart, Part } from '../../canonical.ts';
import type { AnswerContext, ErrorFacts, StreamEncoder } from '../../protocol.ts';
import { errorRenderer } from '../errors.ts';
import { encodeFinishReason } from '../finish-reason.ts';
import { line, timestamp } from '../wire.ts';
import { encodeCall, encodeLogprobs, type Piece, type PieceShape } from './answer-piece.ts';
import { encodeMetrics } from './encode-metrics.ts';

type PartOf<K extends Part['kind']> = Extract<Part, { kind: K }>;

interface OpenCall {
  readonly start: Extract<BlockStart, { kind: 'tool-call' }>;
  arguments: string;
}

type OpenBlock = { readonly kind: 'text' | 'thinking' } | { readonly kind: 'call'; readonly call: OpenCall };

/** Encodes parts as lines of JSON: one a delta, calls as a whole, and a last one with the counts. */
class OllamaStreamEncoder implements StreamEncoder {
  readonly #context: AnswerContext;
  readonly #shape: PieceShape;
  readonly #blocks = new Map<number, OpenBlock>();
  #model: string;
  #calls = 0;
  #firstPieceMs: number | undefined;
  #finish: PartOf<'finish'> | undefined;
  #usage: Usage | undefined;

  constructor(context: AnswerContext, shape: PieceShape) {
    this.#context = context;
    this.#shape = shape;
    this.#model = context.requestedModel;
  }

  encode(part: Part): string {
    // One choice is all that this wire can show.
    if ('choice' in part && part.choice !== 0) return '';
    switch (part.kind) {
      case 'start':
        if (part.model !== '') this.#model = part.model;
        this.#usage ??= part.usage;
        return '';
      case 'block-start':
        this.#blocks.set(part.block, openBlock(part.content));
        return '';
      case 'block-delta':
        return this.#delta(part);
      case 'block-end':
        return this.#blockEnd(part.block);
      case 'logprobs':
        return this.#line({}, { logprobs: encodeLogprobs(part.logprobs) });
      case 'finish':
        this.#finish = part;
        return '';
      case 'usage':
        this.#usage = part.usage;
        return '';
    }
  }

  end(): string {
    const totalMs = this.#context.elapsedMs?.();
    return line({
      ...this.#head(true, totalMs),
      ...this.#shape({}),
      done_reason: encodeFinishReason(this.#finish?.reason ?? 'other'),
      ...encodeMetrics({ usage: this.#usage, totalMs, firstPieceMs: this.#firstPieceMs }),
    });
  }

  error(error: GatewayError, facts: ErrorFacts): string {
    return errorRenderer.streamEvent(error, facts);
  }

  #delta({ block, text }: PartOf<'block-delta'>): string {
    const open = this.#blocks.get(block);
    switch (open?.kind) {
      case undefined:
        return '';
      case 'text':
        return this.#line({ text });
      case 'thinking':
        return this.#line({ thinking: text });
      case 'call':
        open.call.arguments += text;
        return '';
    }
  }

  #blockEnd(block: number): string {
    const open = this.#blocks.get(block);
    this.#blocks.delete(block);
    if (open?.kind !== 'call') return '';
    const { start, arguments: argumentsText } = open.call;
    const call = encodeCall({ id: start.id, name: start.name, arguments: argumentsText }, this.#calls);
    this.#calls += 1;
    return this.#line({ calls: [call] });
  }

  #line(piece: Piece, extra: object = {}): string {
    const elapsedMs = this.#context.elapsedMs?.();
    this.#firstPieceMs ??= elapsedMs;
    return line({ ...this.#head(false, elapsedMs), ...this.#shape(piece), ...extra });
  }

  #head(done: boolean, elapsedMs = 0) {
    return { model: this.#model, created_at: timestamp(this.#context.nowMs + elapsedMs), done };
  }
}

function openBlock(content: BlockStart): OpenBlock {
  switch (content.kind) {
    case 'text':
    case 'refusal':
      return { kind: 'text' };
    case 'reasoning':
      return { kind: 'thinking' };
    case 'tool-call':
      return { kind: 'call', call: { start: content, arguments: '' } };
  }
}

export function streamEncoder(context: AnswerContext, shape: PieceShape): StreamEncoder {
  return new OllamaStreamEncoder(context, shape);
}
