import { GatewayError } from '../../../core/errors.ts';
import type { Candidate } from '../../../core/model.ts';
import { parseEvent, type SseEvent, SseSplitter } from '../../../transport/sse.ts';
import type { Part } from '../../canonical.ts';
import { asArray, asNumber, asObject, asString, asText, isObject } from '../../fields.ts';
import { classifyError, isErrorBody } from '../../openai/errors.ts';
import { decodeLogprobs } from '../../openai/logprobs.ts';
import { decodeUsage } from '../../openai/usage.ts';
import type { DecodeContext, JsonObject, StreamDecoder } from '../../protocol.ts';
import { ThinkTagSplitter } from '../../think-tags.ts';
import { ChoiceBlocks } from './choice-blocks.ts';
import { type ChoiceState, endTags, readDelta } from './decode-delta.ts';
import { mayTagThinking } from './decode-response.ts';

/**
 * Decodes a stream of chat completion chunks. The answer is complete when every choice has had its finish reason;
 * `[DONE]` proves nothing, since vLLM sends it after errors too.
 */
class ChatStreamDecoder implements StreamDecoder {
  readonly #target: Candidate;
  readonly #splitter = new SseSplitter();
  readonly #choices = new Map<number, ChoiceState>();
  #parts: Part[] = [];
  #answerId: string | undefined;
  #blocks = 0;

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
    const states = [...this.#choices.values()];
    if (states.length === 0 || !states.every(({ blocks }) => blocks.isFinished)) {
      const what = states.length === 0 ? 'sent an empty stream' : 'ended its stream without a finish reason';
      throw new GatewayError('upstream_invalid', `The upstream ${what}.`);
    }
    return this.#take();
  }

  #take(): readonly Part[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  /** An event without its blank line, or an error in plain JSON that was never an event. */
  #rest(rest: Buffer): void {
    const event = parseEvent(rest);
    if (event.data !== undefined) return this.#event(event);
    const text = rest.toString('utf8').trim();
    if (text.startsWith('{') || text.startsWith('proxy error:')) throw this.#fault(text);
  }

  #event({ event, data, raw }: SseEvent): void {
    if (data === undefined) {
      // llama.cpp in router mode, when the model's process died: by the rules of SSE an unknown field.
      const text = raw.toString('utf8');
      if (text.startsWith('proxy error:')) throw this.#fault(text.trim());
      return;
    }
    if (data === '' || data === '[DONE]') return;
    const chunk = this.#parse(data);
    if (event === 'error' || isErrorBody(chunk)) throw this.#fault(data);
    this.#chunk(chunk);
  }

  #parse(data: string): JsonObject {
    let parsed: unknown;
    try {
      parsed = JSON.parse(data);
    } catch (cause) {
      throw new GatewayError('upstream_invalid', 'The upstream sent an event that is not JSON.', { cause });
    }
    if (!isObject(parsed))
      throw new GatewayError('upstream_invalid', 'The upstream sent an event that is not an object.');
    return parsed;
  }

  #fault(text: string): GatewayError {
    return classifyError(200, {}, text, this.#target);
  }

  #chunk(chunk: JsonObject): void {
    if (this.#answerId === undefined) this.#start(chunk);
    for (const choice of asArray(chunk.choices)) if (isObject(choice)) this.#choice(choice);
    const usage = decodeUsage(chunk.usage);
    if (usage !== undefined) this.#parts.push({ kind: 'usage', usage });
  }

  #start(chunk: JsonObject): void {
    this.#answerId = asString(chunk.id) ?? '';
    this.#parts.push({
      kind: 'start',
      id: this.#answerId,
      model: asString(chunk.model) ?? '',
      created: asNumber(chunk.created) ?? 0,
    });
  }

  #choice(choice: JsonObject): void {
    const index = asNumber(choice.index) ?? 0;
    const state = this.#state(index);
    const delta = asObject(choice.delta) ?? {};
    if (!state.blocks.isFinished) readDelta(delta, state);
    const logprobs = decodeLogprobs(choice.logprobs);
    if (logprobs !== undefined) this.#parts.push({ kind: 'logprobs', choice: index, logprobs });
    const finish = asText(choice.finish_reason);
    if (finish === undefined) return;
    if (finish === 'error') throw new GatewayError('upstream_failed', 'The upstream failed in mid-stream.');
    endTags(state);
    state.blocks.finish(finish, asString(choice.stop_reason));
  }

  #state(index: number): ChoiceState {
    const known = this.#choices.get(index);
    if (known !== undefined) return known;
    const blocks = new ChoiceBlocks(index, {
      emit: (part) => this.#parts.push(part),
      nextBlock: () => this.#blocks++,
      callId: (block) => `call_${(this.#answerId ?? '').replace(/^chatcmpl-/, '')}_${block}`,
    });
    const state = {
      blocks,
      tags: mayTagThinking(this.#target) ? new ThinkTagSplitter() : undefined,
      hasPlainReasoning: false,
    };
    this.#choices.set(index, state);
    return state;
  }
}

export function streamDecoder({ target }: DecodeContext): StreamDecoder {
  return new ChatStreamDecoder(target);
}
