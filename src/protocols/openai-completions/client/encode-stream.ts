import type { GatewayError } from '../../../core/errors.ts';
import type { Part, TokenLogprob } from '../../canonical.ts';
import { ChunkWriter } from '../../openai/envelope.ts';
import { errorRenderer as openaiErrors } from '../../openai/errors.ts';
import type { AnswerContext, ErrorFacts, StreamEncoder } from '../../protocol.ts';
import { encodeFinishReason } from '../finish-reason.ts';
import type { WireChoice } from '../wire.ts';
import { encodeLogprobs } from './encode-logprobs.ts';

/** Encodes parts as chunks of a legacy completion: text only, so blocks of other kinds are left out. */
class CompletionStreamEncoder implements StreamEncoder {
  readonly #writer: ChunkWriter;
  readonly #texts = new Set<number>();
  /** Characters of the tokens so far, by choice, for `text_offset`. */
  readonly #offsets = new Map<number, number>();

  constructor(context: AnswerContext) {
    this.#writer = new ChunkWriter('text_completion', context);
  }

  encode(part: Part): string {
    switch (part.kind) {
      case 'start':
        this.#writer.start(part);
        return '';
      case 'block-start':
        if (part.content.kind === 'text' || part.content.kind === 'refusal') this.#texts.add(part.block);
        return '';
      case 'block-delta':
        return this.#texts.has(part.block) ? this.#chunk({ index: part.choice, text: part.text }) : '';
      case 'block-end':
        return '';
      case 'logprobs':
        return this.#logprobs(part.choice, part.logprobs);
      case 'finish':
        return this.#chunk({ index: part.choice, text: '', finish_reason: encodeFinishReason(part.reason) });
      case 'usage':
        this.#writer.note(part.usage);
        return '';
    }
  }

  end(): string {
    return this.#writer.end();
  }

  error(error: GatewayError, facts: ErrorFacts): string {
    return openaiErrors.streamEvent(error, facts);
  }

  #logprobs(choice: number, tokens: readonly TokenLogprob[]): string {
    const offset = this.#offsets.get(choice) ?? 0;
    const length = tokens.reduce((sum, { token }) => sum + token.length, 0);
    this.#offsets.set(choice, offset + length);
    return this.#chunk({ index: choice, text: '', logprobs: encodeLogprobs(tokens, offset) });
  }

  #chunk(choice: Pick<WireChoice, 'index' | 'text'> & Partial<WireChoice>): string {
    const whole: WireChoice = { logprobs: null, finish_reason: null, ...choice };
    return this.#writer.chunk(whole);
  }
}

export function streamEncoder(context: AnswerContext): StreamEncoder {
  return new CompletionStreamEncoder(context);
}
