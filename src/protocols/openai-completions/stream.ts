import type { GatewayError } from '../../core/errors.ts';
import type { Usage } from '../../core/model.ts';
import type { Part, TokenLogprob } from '../canonical.ts';
import { openaiErrors } from '../openai-chat/errors.ts';
import { encodeUsage } from '../openai-chat/usage.ts';
import type { AnswerContext, ErrorFacts, StreamEncoder } from '../protocol.ts';
import { encodeFinishReason, encodeLogprobs } from './response.ts';
import type { WireChoice } from './wire.ts';

type PartOf<K extends Part['kind']> = Extract<Part, { kind: K }>;

/** Encodes parts as chunks of a legacy completion: text only, so blocks of other kinds are left out. */
class CompletionStreamEncoder implements StreamEncoder {
  readonly #context: AnswerContext;
  #head = '';
  #usage: Usage | undefined;
  readonly #texts = new Set<number>();
  /** Characters of the tokens so far, by choice, for `text_offset`. */
  readonly #offsets = new Map<number, number>();

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  encode(part: Part): string {
    switch (part.kind) {
      case 'start':
        this.#start(part);
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
        this.#usage = part.usage;
        return '';
    }
  }

  end(): string {
    const usage = this.#context.includeUsage && this.#usage !== undefined ? this.#usageChunk(this.#usage) : '';
    return `${usage}data: [DONE]\n\n`;
  }

  error(error: GatewayError, facts: ErrorFacts): string {
    return openaiErrors.streamEvent(error, facts);
  }

  #start(part: PartOf<'start'>): void {
    const { requestId, nowMs, requestedModel } = this.#context;
    const head = JSON.stringify({
      id: part.id === '' ? requestId : part.id,
      object: 'text_completion',
      created: part.created === 0 ? Math.floor(nowMs / 1000) : part.created,
      model: part.model === '' ? requestedModel : part.model,
    });
    this.#head = `data: ${head.slice(0, -1)},"choices":[`;
    this.#usage ??= part.usage;
  }

  #logprobs(choice: number, tokens: readonly TokenLogprob[]): string {
    const offset = this.#offsets.get(choice) ?? 0;
    const length = tokens.reduce((sum, { token }) => sum + token.length, 0);
    this.#offsets.set(choice, offset + length);
    return this.#chunk({ index: choice, text: '', logprobs: encodeLogprobs(tokens, offset) });
  }

  #chunk(choice: Pick<WireChoice, 'index' | 'text'> & Partial<WireChoice>): string {
    const whole: WireChoice = { logprobs: null, finish_reason: null, ...choice };
    return `${this.#head}${JSON.stringify(whole)}]}\n\n`;
  }

  #usageChunk(usage: Usage): string {
    return `${this.#head}],"usage":${JSON.stringify(encodeUsage(usage))}}\n\n`;
  }
}

export function completionStreamEncoder(context: AnswerContext): StreamEncoder {
  return new CompletionStreamEncoder(context);
}
