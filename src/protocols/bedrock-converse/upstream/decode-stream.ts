import type { GatewayError } from '../../../core/errors.ts';
import { EventStreamDecoder, EventStreamError, type EventStreamMessage } from '../../../transport/event-stream.ts';
import type { BlockStart, Part } from '../../canonical.ts';
import { asNumber, asObject, asString, asText } from '../../fields.ts';
import { invalidAnswer } from '../../invalid-answer.ts';
import type { DecodeContext, JsonObject, StreamDecoder } from '../../protocol.ts';
import { classifyException } from '../errors.ts';
import { decodeFinishReason } from '../finish-reason.ts';
import { type ModelTraits, traitsOf } from '../model-traits.ts';
import { originalName } from '../names.ts';
import { decodeUsage } from '../usage.ts';
import { stopSequenceOf } from './decode-response.ts';

interface OpenBlock {
  /** Number in the canonical stream, which counts only what is decoded. */
  readonly number: number;
  readonly kind: BlockStart['kind'];
  signature: string;
}

type Handler = (event: JsonObject) => readonly Part[];

/** One handler an event; events that it does not know mean nothing. */
class ConverseStreamDecoder implements StreamDecoder {
  readonly #context: DecodeContext;
  readonly #traits: ModelTraits;
  readonly #frames = new EventStreamDecoder();
  /** By index on the wire. */
  readonly #open = new Map<number, OpenBlock>();
  #blocks = 0;
  #hasFinished = false;

  readonly #handlers: ReadonlyMap<string | undefined, Handler> = new Map<string | undefined, Handler>([
    ['messageStart', () => this.#start()],
    ['contentBlockStart', (event) => this.#startBlock(event)],
    ['contentBlockDelta', (event) => this.#delta(event)],
    ['contentBlockStop', (event) => this.#stopBlock(asNumber(event.contentBlockIndex) ?? -1)],
    ['messageStop', (event) => this.#finish(event)],
    ['metadata', (event) => this.#usage(event)],
  ]);

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#traits = traitsOf(context.target.model.upstreamId);
  }

  push(chunk: Buffer): readonly Part[] {
    return this.#messages(chunk).flatMap((message) => this.#message(message));
  }

  /** The counts come after the end of the message; an answer is whole without them. */
  end(): readonly Part[] {
    if (!this.#hasFinished) throw this.#invalid('the stream ended before messageStop');
    return [];
  }

  #messages(chunk: Buffer): readonly EventStreamMessage[] {
    try {
      return this.#frames.push(chunk);
    } catch (thrown) {
      if (thrown instanceof EventStreamError) throw this.#invalid(thrown.message);
      throw thrown;
    }
  }

  #message({ headers, payload }: EventStreamMessage): readonly Part[] {
    switch (headers[':message-type']) {
      case 'exception':
        throw classifyException(headers[':exception-type'] ?? '', this.#parse(payload), this.#context.target);
      case 'error':
        throw classifyException(
          headers[':error-code'] ?? '',
          { message: headers[':error-message'] },
          this.#context.target,
        );
      default: {
        const handle = this.#handlers.get(headers[':event-type']);
        return handle === undefined ? [] : handle(this.#parse(payload));
      }
    }
  }

  #parse(payload: Buffer): JsonObject {
    try {
      return asObject(JSON.parse(payload.toString('utf8'))) ?? {};
    } catch (thrown) {
      if (thrown instanceof SyntaxError) throw this.#invalid('an event is not JSON');
      throw thrown;
    }
  }

  #start(): readonly Part[] {
    return [{ kind: 'start', id: '', model: this.#context.target.model.upstreamId, created: 0 }];
  }

  /** Only calls are announced. */
  #startBlock(event: JsonObject): readonly Part[] {
    const call = asObject(asObject(event.start)?.toolUse);
    const index = asNumber(event.contentBlockIndex);
    if (call === undefined || index === undefined) return [];
    const name = originalName(asString(call.name) ?? '', this.#context.request);
    return this.#openBlock(index, { kind: 'tool-call', id: asString(call.toolUseId) ?? '', name });
  }

  #openBlock(index: number, content: BlockStart): readonly Part[] {
    const number = this.#blocks;
    this.#blocks += 1;
    this.#open.set(index, { number, kind: content.kind, signature: '' });
    return [{ kind: 'block-start', choice: 0, block: number, content }];
  }

  #delta(event: JsonObject): readonly Part[] {
    const index = asNumber(event.contentBlockIndex);
    const delta = asObject(event.delta);
    if (index === undefined || delta === undefined) return [];
    const call = asObject(delta.toolUse);
    if (call !== undefined) return this.#open.has(index) ? this.#text(index, call.input) : [];
    const reasoning = asObject(delta.reasoningContent);
    if (reasoning !== undefined) return this.#reasoning(index, reasoning);
    if (asString(delta.text) === undefined) return [];
    const opened = this.#open.has(index) ? [] : this.#openBlock(index, { kind: 'text' });
    return [...opened, ...this.#text(index, delta.text)];
  }

  #reasoning(index: number, delta: JsonObject): readonly Part[] {
    const redacted = asText(delta.redactedContent);
    const seal = redacted && { protocol: this.#traits.sealProtocol, value: redacted, isRedacted: true };
    const content: BlockStart = seal ? { kind: 'reasoning', seal } : { kind: 'reasoning' };
    const opened = this.#open.has(index) ? [] : this.#openBlock(index, content);
    const block = this.#open.get(index);
    if (block !== undefined) block.signature += asString(delta.signature) ?? '';
    return [...opened, ...this.#text(index, delta.text)];
  }

  #text(index: number, value: unknown): readonly Part[] {
    const block = this.#open.get(index);
    const text = asText(value);
    return block === undefined || text === undefined
      ? []
      : [{ kind: 'block-delta', choice: 0, block: block.number, text }];
  }

  #stopBlock(index: number): readonly Part[] {
    const block = this.#open.get(index);
    if (block === undefined) return [];
    this.#open.delete(index);
    const seal = block.signature === '' ? undefined : { protocol: this.#traits.sealProtocol, value: block.signature };
    return [{ kind: 'block-end', choice: 0, block: block.number, seal }];
  }

  #finish(event: JsonObject): readonly Part[] {
    this.#hasFinished = true;
    const closed = [...this.#open.keys()].flatMap((index) => this.#stopBlock(index));
    const raw = asText(event.stopReason);
    const reason = raw === undefined ? 'other' : decodeFinishReason(raw);
    const stopSequence = stopSequenceOf(event.additionalModelResponseFields);
    return [...closed, { kind: 'finish', choice: 0, reason, raw, stopSequence }];
  }

  #usage(event: JsonObject): readonly Part[] {
    const usage = decodeUsage(event.usage);
    return usage === undefined ? [] : [{ kind: 'usage', usage }];
  }

  #invalid(problem: string): GatewayError {
    return invalidAnswer(this.#context.target, problem);
  }
}

export function streamDecoder(context: DecodeContext): StreamDecoder {
  return new ConverseStreamDecoder(context);
}
