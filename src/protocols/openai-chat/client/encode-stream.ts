import type { GatewayError } from '../../../core/errors.ts';
import type { Part, ReasoningPart } from '../../canonical.ts';
import { ChunkWriter } from '../../openai/envelope.ts';
import { errorRenderer } from '../../openai/errors.ts';
import { encodeLogprobs } from '../../openai/logprobs.ts';
import type { AnswerContext, ErrorFacts, StreamEncoder } from '../../protocol.ts';
import { encodeFinishReason } from '../finish-reason.ts';
import { encodeCallSeal, encodeDetails } from '../reasoning.ts';
import type { WireDelta, WireFinishReason, WireLogprobs } from '../wire.ts';

type PartOf<K extends Part['kind']> = Extract<Part, { kind: K }>;

type OpenBlock =
  | { readonly kind: 'text' | 'refusal' }
  | { readonly kind: 'tool-call'; readonly index: number }
  /** Its text is kept: details that carry a seal repeat what was sealed. */
  | { readonly kind: 'reasoning'; readonly start: PartOf<'block-start'>['content']; text: string };

/** Encodes parts as chat completion chunks. Interleaved calls are fine on this wire: deltas carry their index. */
class ChatStreamEncoder implements StreamEncoder {
  readonly #writer: ChunkWriter;
  readonly #blocks = new Map<number, OpenBlock>();
  /** Choices that have had their first chunk, with the number of calls so far. */
  readonly #calls = new Map<number, number>();

  constructor(context: AnswerContext) {
    this.#writer = new ChunkWriter('chat.completion.chunk', context);
  }

  encode(part: Part): string {
    switch (part.kind) {
      case 'start':
        this.#writer.start(part);
        return this.#opening(0);
      case 'block-start':
        return this.#opening(part.choice) + this.#blockStart(part);
      case 'block-delta':
        return this.#blockDelta(part);
      case 'block-end':
        return this.#blockEnd(part);
      case 'logprobs':
        return this.#opening(part.choice) + this.#chunk(part.choice, {}, null, encodeLogprobs(part.logprobs));
      case 'finish':
        return this.#opening(part.choice) + this.#chunk(part.choice, {}, encodeFinishReason(part.reason));
      case 'usage':
        this.#writer.note(part.usage);
        return '';
    }
  }

  end(): string {
    return this.#writer.end();
  }

  error(error: GatewayError, facts: ErrorFacts): string {
    return errorRenderer.streamEvent(error, facts);
  }

  /** The chunk with the role that every choice begins with. */
  #opening(choice: number): string {
    if (this.#calls.has(choice)) return '';
    this.#calls.set(choice, 0);
    return this.#chunk(choice, { role: 'assistant', content: '' });
  }

  #blockStart(part: PartOf<'block-start'>): string {
    const { content } = part;
    switch (content.kind) {
      case 'text':
      case 'refusal':
        this.#blocks.set(part.block, { kind: content.kind });
        return '';
      case 'reasoning':
        this.#blocks.set(part.block, { kind: 'reasoning', start: content, text: '' });
        return '';
      case 'tool-call': {
        const index = this.#calls.get(part.choice) ?? 0;
        this.#calls.set(part.choice, index + 1);
        this.#blocks.set(part.block, { kind: 'tool-call', index });
        const named = { name: content.name, arguments: '' };
        const call = { index, id: content.id, type: 'function' as const, function: named };
        return this.#chunk(part.choice, { tool_calls: [{ ...call, ...encodeCallSeal(content.seal) }] });
      }
    }
  }

  #blockDelta({ choice, block, text }: PartOf<'block-delta'>): string {
    const open = this.#blocks.get(block);
    switch (open?.kind) {
      case undefined:
        return '';
      case 'text':
        return this.#chunk(choice, { content: text });
      case 'refusal':
        return this.#chunk(choice, { refusal: text });
      case 'reasoning':
        open.text += text;
        return this.#chunk(choice, { reasoning_content: text });
      case 'tool-call':
        return this.#chunk(choice, { tool_calls: [{ index: open.index, function: { arguments: text } }] });
    }
  }

  #blockEnd({ choice, block, seal }: PartOf<'block-end'>): string {
    const open = this.#blocks.get(block);
    this.#blocks.delete(block);
    if (open?.kind !== 'reasoning' || open.start.kind !== 'reasoning') return '';
    const { isSummary, id, seal: early } = open.start;
    const part: ReasoningPart = { kind: 'reasoning', text: open.text, isSummary, id, seal: seal ?? early };
    const details = encodeDetails([part]);
    return details.length === 0 ? '' : this.#chunk(choice, { reasoning_details: details });
  }

  #chunk(choice: number, delta: WireDelta, finish: WireFinishReason | null = null, logprobs?: WireLogprobs): string {
    return this.#writer.chunk({ index: choice, delta, logprobs: logprobs ?? null, finish_reason: finish });
  }
}

export function streamEncoder(context: AnswerContext): StreamEncoder {
  return new ChatStreamEncoder(context);
}
