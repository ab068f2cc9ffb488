import { parseEvent, SseSplitter } from '../../../transport/sse.ts';
import type { BlockStart, ContentPart, Part, Seal } from '../../canonical.ts';
import { asArray, asNumber, asObject, asString, asText, present } from '../../fields.ts';
import { invalidAnswer } from '../../invalid-answer.ts';
import type { DecodeContext, JsonObject, StreamDecoder } from '../../protocol.ts';
import { classifyErrorObject } from '../errors.ts';
import { decodeFinishReason, isFailedFinish } from '../finish-reason.ts';
import { logprobsFromWire } from '../logprobs.ts';
import { sealFromOwnSignature } from '../seal.ts';
import { usageFromWire } from '../usage.ts';
import { blockReason, CallNumbers, createdFromWire, emptyAnswer, partFromWire } from './decode-response.ts';

interface OpenChoice {
  open: { readonly kind: 'text' | 'reasoning'; readonly block: number } | undefined;
  hasContent: boolean;
  hasCalls: boolean;
  isFinished: boolean;
}

/**
 * Decodes `alt=sse`. Every chunk is a whole response whose parts are pieces of text or whole calls; there is no end
 * marker, so the answer is complete when every candidate has a finish reason.
 */
class GeminiStreamDecoder implements StreamDecoder {
  readonly #context: DecodeContext;
  readonly #splitter = new SseSplitter();
  readonly #choices = new Map<number, OpenChoice>();
  #ids: CallNumbers | undefined;
  #blocks = 0;
  #usage: JsonObject | undefined;
  #parts: Part[] = [];

  constructor(context: DecodeContext) {
    this.#context = context;
  }

  push(chunk: Buffer): readonly Part[] {
    for (const raw of this.#splitter.split(chunk)) this.#read(parseEvent(raw).data);
    return this.#taken();
  }

  end(): readonly Part[] {
    const rest = this.#splitter.rest();
    // An event without its blank line is legal at the very end; a bare error object comes from servers without SSE.
    if (rest !== undefined) this.#read(parseEvent(rest).data ?? bareJson(rest));
    if (this.#choices.size === 0) throw invalidAnswer(this.#context.target, 'a stream without candidates');
    for (const choice of this.#choices.values()) {
      if (!choice.isFinished) throw invalidAnswer(this.#context.target, 'a stream that ends without a finish reason');
    }
    this.#flushUsage();
    return this.#taken();
  }

  #taken(): readonly Part[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  #read(data: string | undefined): void {
    if (data === undefined || data === '' || data === '[DONE]') return;
    const chunk = this.#parse(data);
    const error = asObject(chunk.error);
    if (error !== undefined) throw classifyErrorObject(error, this.#context.target);
    this.#start(chunk);
    this.#usage = asObject(chunk.usageMetadata) ?? this.#usage;
    for (const [position, value] of asArray(chunk.candidates).entries()) {
      const candidate = asObject(value);
      if (candidate !== undefined) this.#readCandidate(candidate, position);
    }
    const blocked = blockReason(chunk);
    if (blocked !== undefined && this.#choices.size === 0) this.#block(blocked);
  }

  #parse(data: string): JsonObject {
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      throw invalidAnswer(this.#context.target, 'an event that is not JSON');
    }
    const chunk = asObject(Array.isArray(value) ? value[0] : value);
    if (chunk === undefined) throw invalidAnswer(this.#context.target, 'an event that is not an object');
    return chunk;
  }

  #start(chunk: JsonObject): void {
    if (this.#ids !== undefined) return;
    this.#ids = new CallNumbers(chunk, this.#context);
    this.#parts.push(
      present({
        kind: 'start',
        id: asString(chunk.responseId) ?? '',
        model: asText(chunk.modelVersion) ?? this.#context.target.model.upstreamId,
        created: createdFromWire(chunk.createTime),
        usage: usageFromWire(chunk.usageMetadata),
      } as const),
    );
  }

  #block(reason: string): void {
    this.#choices.set(0, { open: undefined, hasContent: false, hasCalls: false, isFinished: true });
    this.#parts.push({ kind: 'finish', choice: 0, reason: 'content-filter', raw: reason });
    this.#flushUsage();
  }

  #readCandidate(candidate: JsonObject, position: number): void {
    const index = asNumber(candidate.index) ?? position;
    const choice = this.#choice(index);
    for (const part of asArray(asObject(candidate.content)?.parts)) this.#readPart(index, choice, part);
    const logprobs = logprobsFromWire(candidate.logprobsResult);
    if (logprobs.length > 0) this.#parts.push({ kind: 'logprobs', choice: index, logprobs });
    const raw = asText(candidate.finishReason);
    if (raw === undefined || choice.isFinished) return;
    if (!choice.hasContent && isFailedFinish(raw)) throw emptyAnswer(candidate, this.#context.target);
    this.#close(index, choice);
    choice.isFinished = true;
    this.#parts.push({ kind: 'finish', choice: index, reason: decodeFinishReason(raw, choice.hasCalls), raw });
    this.#flushUsage();
  }

  #choice(index: number): OpenChoice {
    const known = this.#choices.get(index);
    if (known !== undefined) return known;
    const choice: OpenChoice = { open: undefined, hasContent: false, hasCalls: false, isFinished: false };
    this.#choices.set(index, choice);
    return choice;
  }

  /** A signature on a thought closes its block; any other one is a block of its own. */
  #readPart(index: number, choice: OpenChoice, value: unknown): void {
    const wire = asObject(value);
    if (wire === undefined || this.#ids === undefined) return;
    const isThought = wire.thought === true && wire.functionCall === undefined;
    const seal = sealFromOwnSignature(wire.thoughtSignature);
    if (isThought && asString(wire.text) === '' && seal !== undefined && choice.open?.kind === 'reasoning') {
      this.#close(index, choice, seal);
      return;
    }
    for (const part of partFromWire(wire, this.#ids)) this.#emit(index, choice, part);
  }

  #emit(index: number, choice: OpenChoice, part: ContentPart): void {
    choice.hasContent = true;
    switch (part.kind) {
      case 'text':
        return this.#delta(index, choice, { kind: 'text', text: part.text });
      case 'reasoning':
        return this.#emitReasoning(index, choice, part);
      case 'tool-call':
        choice.hasCalls = true;
        return this.#whole(index, choice, { start: present({ ...part, arguments: undefined }), text: part.arguments });
      default:
        this.#emitMedia(index, choice, part);
    }
  }

  /** Streams have no block for media; an image as Markdown is what clients show. */
  #emitMedia(index: number, choice: OpenChoice, part: ContentPart): void {
    if (part.kind !== 'image' || part.source.kind !== 'bytes') return;
    const text = `![image](data:${part.source.mediaType};base64,${part.source.base64})`;
    this.#delta(index, choice, { kind: 'text', text });
  }

  #emitReasoning(index: number, choice: OpenChoice, part: Extract<ContentPart, { kind: 'reasoning' }>): void {
    if (part.text === '')
      return this.#whole(index, choice, { start: { kind: 'reasoning' }, text: '', seal: part.seal });
    this.#delta(index, choice, { kind: 'reasoning', text: part.text });
    if (part.seal !== undefined) this.#close(index, choice, part.seal);
  }

  #delta(
    index: number,
    choice: OpenChoice,
    piece: { readonly kind: 'text' | 'reasoning'; readonly text: string },
  ): void {
    if (choice.open?.kind !== piece.kind) {
      this.#close(index, choice);
      choice.open = { kind: piece.kind, block: this.#blocks++ };
      this.#parts.push({ kind: 'block-start', choice: index, block: choice.open.block, content: { kind: piece.kind } });
    }
    this.#parts.push({ kind: 'block-delta', choice: index, block: choice.open.block, text: piece.text });
  }

  /** A block that comes in one piece. */
  #whole(
    index: number,
    choice: OpenChoice,
    piece: { readonly start: BlockStart; readonly text: string; readonly seal?: Seal | undefined },
  ): void {
    this.#close(index, choice);
    const at = { choice: index, block: this.#blocks++ };
    this.#parts.push({ kind: 'block-start', ...at, content: piece.start });
    if (piece.text !== '') this.#parts.push({ kind: 'block-delta', ...at, text: piece.text });
    this.#parts.push(present({ kind: 'block-end', ...at, seal: piece.seal } as const));
  }

  #close(index: number, choice: OpenChoice, seal?: Seal): void {
    if (choice.open === undefined) return;
    this.#parts.push(present({ kind: 'block-end', choice: index, block: choice.open.block, seal } as const));
    choice.open = undefined;
  }

  /** Cumulative and on every chunk: only the one that came with or after a finish reason is worth passing on. */
  #flushUsage(): void {
    const usage = usageFromWire(this.#usage);
    if (usage !== undefined) this.#parts.push({ kind: 'usage', usage });
    this.#usage = undefined;
  }
}

function bareJson(rest: Buffer): string | undefined {
  const text = rest.toString('utf8').trim();
  return text.startsWith('{') || text.startsWith('[') ? text : undefined;
}

export function streamDecoder(context: DecodeContext): StreamDecoder {
  return new GeminiStreamDecoder(context);
}
