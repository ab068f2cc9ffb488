import type { GatewayError } from '../../../core/errors.ts';
import type { Usage } from '../../../core/model.ts';
import type { BlockStart, Part, Seal } from '../../canonical.ts';
import { present } from '../../fields.ts';
import type { AnswerContext, ErrorFacts, Framing, StreamEncoder } from '../../protocol.ts';
import { errorRenderer } from '../errors.ts';
import { logprobsToWire } from '../logprobs.ts';
import { signatureForClient } from '../seal.ts';
import { usageToWire } from '../usage.ts';
import type { WireCandidate, WirePart, WireResponse } from '../wire.ts';
import { callToWire, finishWord } from './encode-response.ts';

type PartOf<K extends Part['kind']> = Extract<Part, { kind: K }>;

interface OpenBlock {
  readonly start: BlockStart;
  /** Arguments so far: Gemini has no partial calls. */
  pieces: string;
  isEmpty: boolean;
}

/**
 * A sign of life: blank lines, or white space between the values of a JSON list. Google's Python client raises on
 * comments.
 */
export function keepAlive(framing: Framing): string {
  return framing === 'json-array' ? ' ' : '\n\n';
}

/**
 * Every event is a whole response, as SSE data or as an element of a JSON list. Finish reasons wait for the end, where
 * they stand beside the usage: Gemini's clients read both from the last chunk.
 */
class GeminiStreamEncoder implements StreamEncoder {
  readonly #context: AnswerContext;
  readonly #framing: Framing;
  readonly #blocks = new Map<number, OpenBlock>();
  readonly #finishes = new Map<number, PartOf<'finish'>>();
  readonly #brokenCalls = new Set<number>();
  #id: string;
  #model: string;
  #usage: Usage | undefined;
  #isListOpen = false;

  constructor(context: AnswerContext, framing: Framing) {
    this.#context = context;
    this.#framing = framing;
    this.#id = context.requestId;
    this.#model = context.requestedModel;
  }

  encode(part: Part): string {
    switch (part.kind) {
      case 'start':
        this.#id = part.id === '' ? this.#context.requestId : part.id;
        this.#model = part.model === '' ? this.#context.requestedModel : part.model;
        this.#usage = part.usage;
        return '';
      case 'block-start':
        this.#blocks.set(part.block, { start: part.content, pieces: '', isEmpty: true });
        return '';
      case 'block-delta':
        return this.#delta(part);
      case 'block-end':
        return this.#blockEnd(part);
      case 'logprobs':
        return this.#parts(part.choice, [{ text: '' }], { logprobsResult: logprobsToWire(part.logprobs) });
      case 'finish':
        this.#finishes.set(part.choice, part);
        return '';
      case 'usage':
        this.#usage = part.usage;
        return '';
    }
  }

  end(): string {
    const candidates = [...this.#finishes.values()].map(({ choice, reason }) => ({
      content: { parts: [{ text: '' }], role: 'model' },
      finishReason: finishWord({ finishReason: reason }, this.#brokenCalls.has(choice)),
      index: choice,
    }));
    const last = this.#response({ candidates });
    return this.#framing === 'json-array' ? `${last}]` : last;
  }

  /** The list is closed behind the error, as Google does: only then can a client read that there was one. */
  error(error: GatewayError, facts: ErrorFacts): string {
    if (this.#framing !== 'json-array') return errorRenderer.streamEvent(error, facts);
    return `${this.#framed(JSON.stringify(errorRenderer.body(error, facts)))}]`;
  }

  #delta(part: PartOf<'block-delta'>): string {
    const block = this.#blocks.get(part.block);
    if (block === undefined) return '';
    block.isEmpty = false;
    if (block.start.kind === 'tool-call') {
      block.pieces += part.text;
      return '';
    }
    const isThought = block.start.kind === 'reasoning';
    return this.#parts(part.choice, [isThought ? { text: part.text, thought: true } : { text: part.text }]);
  }

  #blockEnd(part: PartOf<'block-end'>): string {
    const block = this.#blocks.get(part.block);
    this.#blocks.delete(part.block);
    if (block?.start.kind === 'tool-call') {
      const { id, name, seal } = block.start;
      const call = callToWire({ id, name, arguments: block.pieces, seal });
      if (call !== undefined) return this.#parts(part.choice, [call]);
      this.#brokenCalls.add(part.choice);
      return '';
    }
    if (block?.start.kind !== 'reasoning') return '';
    return this.#signature(part.choice, part.seal ?? block.start.seal, block.isEmpty);
  }

  /** The seal of a thought that was shown closes it; one without text stands for itself. */
  #signature(choice: number, seal: Seal | undefined, isBare: boolean): string {
    const thoughtSignature = signatureForClient(seal);
    if (thoughtSignature === undefined) return '';
    const thought = isBare ? {} : { thought: true };
    return this.#parts(choice, [{ text: '', ...thought, thoughtSignature }]);
  }

  /** There is always a part: the official client takes a chunk without one for an invalid answer. */
  #parts(choice: number, parts: readonly WirePart[], more: WireCandidate = {}): string {
    return this.#response({ candidates: [{ content: { parts, role: 'model' }, ...more, index: choice }] });
  }

  #response(response: WireResponse): string {
    const usageMetadata = this.#usage === undefined ? undefined : usageToWire(this.#usage);
    const chunk = present({ ...response, usageMetadata, modelVersion: this.#model, responseId: this.#id });
    return this.#framed(JSON.stringify(chunk));
  }

  #framed(json: string): string {
    if (this.#framing !== 'json-array') return `data: ${json}\n\n`;
    const prefix = this.#isListOpen ? ',\n' : '[';
    this.#isListOpen = true;
    return prefix + json;
  }
}

export function streamEncoder(context: AnswerContext, framing: Framing): StreamEncoder {
  return new GeminiStreamEncoder(context, framing);
}
