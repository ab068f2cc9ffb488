import type { GatewayError } from '../../../core/errors.ts';
import type { Usage } from '../../../core/model.ts';
import type { FinishReason, Part } from '../../canonical.ts';
import type { AnswerContext, JsonObject, StreamEncoder } from '../../protocol.ts';
import { frame } from '../frame.ts';
import type { WireEvent, WireResponse } from '../wire.ts';
import { AnswerItems } from './answer-items.ts';
import { type AnswerState, lastItemStatus, responseObject } from './encode-response.ts';

/**
 * Events of one answer, numbered from 0: created, in progress, the items, and one of completed, incomplete, failed.
 * That last one repeats the whole answer, which is why the items are kept.
 */
class ResponsesStreamEncoder implements StreamEncoder {
  readonly #context: AnswerContext;
  readonly #items: AnswerItems;
  #nextNumber = 0;
  #model = '';
  #usage: Usage | undefined;
  #reason: FinishReason = 'other';
  #isBegun = false;
  #whole: JsonObject | undefined;

  constructor(context: AnswerContext) {
    this.#context = context;
    this.#items = new AnswerItems(context);
  }

  get whole(): JsonObject | undefined {
    return this.#whole;
  }

  encode(part: Part): string {
    if ('choice' in part && part.choice !== 0) return '';
    switch (part.kind) {
      case 'start':
        this.#model = part.model;
        return this.#begin();
      case 'block-start':
        return this.#begin() + this.#frames(this.#items.begin(part.block, part.content));
      case 'block-delta':
        return this.#frames(this.#items.delta(part.block, part.text));
      case 'block-end':
        this.#items.end(part.block, part.seal);
        return '';
      case 'logprobs':
        this.#items.addLogprobs(part.logprobs);
        return '';
      case 'finish':
        this.#reason = part.reason;
        return '';
      case 'usage':
        this.#usage = part.usage;
        return '';
    }
  }

  end(): string {
    const last = lastItemStatus(this.#reason);
    const closing = this.#begin() + this.#frames(this.#items.finish(last));
    const output = this.#items.items('completed', last);
    const response = this.#response({ kind: 'finished', reason: this.#reason }, output);
    this.#whole = { ...response };
    return closing + this.#frames([{ type: `response.${last}`, response }]);
  }

  error(error: GatewayError): string {
    const begun = this.#begin();
    const response = this.#response({ kind: 'failed', error }, this.#items.items('incomplete'));
    return begun + this.#frames([{ type: 'response.failed', response }]);
  }

  /** Also for streams that fail before their first part: every client expects `response.created` first. */
  #begin(): string {
    if (this.#isBegun) return '';
    this.#isBegun = true;
    const response = this.#response({ kind: 'in-progress' }, []);
    return this.#frames([
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
    ]);
  }

  #response(state: AnswerState, output: WireResponse['output']): WireResponse {
    const usage = state.kind === 'in-progress' ? undefined : this.#usage;
    return responseObject(this.#context, { model: this.#model, state, output, usage });
  }

  #frames(events: readonly WireEvent[]): string {
    let text = '';
    for (const { type, ...fields } of events) text += frame({ type, sequence_number: this.#nextNumber++, ...fields });
    return text;
  }
}

export function streamEncoder(context: AnswerContext): StreamEncoder {
  return new ResponsesStreamEncoder(context);
}
