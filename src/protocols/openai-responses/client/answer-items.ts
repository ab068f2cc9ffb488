import type { BlockStart, Seal, TokenLogprob } from '../../canonical.ts';
import { asArray } from '../../fields.ts';
import type { AnswerContext } from '../../protocol.ts';
import { sealText } from '../seal.ts';
import { inputToolsField, type ToolOrigin, toolOrigins } from '../tools.ts';
import type { ItemStatus, WireEvent, WireItem } from '../wire.ts';
import { OpenCall, type OpenItem, OpenMessage, OpenReasoning, type Slot } from './open-items.ts';

/** Letters of an id that every client takes. */
function idSuffix(requestId: string): string {
  return requestId.replace(/^(?:resp|req)_/, '').replaceAll(/[^A-Za-z0-9]/g, '');
}

/** Of our own making: an upstream's id may be taken twice, and answers are stored under it. */
export function responseId(context: AnswerContext): string {
  return `resp_${idSuffix(context.requestId)}`;
}

interface Place {
  readonly open: OpenItem;
  /** False once its last block ended. An item stays open until the next begins: only then is its status known. */
  isBusy: boolean;
  isClosed: boolean;
}

/**
 * The output items of one answer, in order. Blocks go in, events come out; streams send the events, complete answers
 * only take the items. Text that follows text goes on in the same message.
 */
export class AnswerItems {
  readonly #suffix: string;
  readonly #origins: ReadonlyMap<string, ToolOrigin>;
  /** Clients that ask for a summary show nothing else. */
  readonly #wantsSummary: boolean;
  readonly #places: Place[] = [];
  readonly #blocks = new Map<number, Place>();
  /** Places that are open and whose last block has ended. */
  readonly #idle = new Set<Place>();
  /** The latest message: log probabilities name no block. */
  #message: OpenMessage | undefined;

  constructor(context: AnswerContext) {
    this.#suffix = idSuffix(context.requestId);
    const { echo } = context.request;
    this.#origins = toolOrigins([...asArray(echo?.tools), ...asArray(echo?.[inputToolsField])]);
    this.#wantsSummary = context.request.reasoning?.summary !== undefined;
  }

  begin(block: number, content: BlockStart): readonly WireEvent[] {
    switch (content.kind) {
      case 'text':
      case 'refusal':
        return this.#beginText(block, content.kind);
      case 'reasoning':
        return this.#beginReasoning(block, content);
      case 'tool-call':
        return this.#beginCall(block, content);
    }
  }

  delta(block: number, text: string): readonly WireEvent[] {
    return this.#blocks.get(block)?.open.delta(text) ?? [];
  }

  end(block: number, seal?: Seal): void {
    const place = this.#blocks.get(block);
    if (place === undefined) return;
    if (seal !== undefined && place.open instanceof OpenReasoning) place.open.seal(seal);
    place.isBusy = false;
    if (!place.isClosed) this.#idle.add(place);
  }

  addLogprobs(logprobs: readonly TokenLogprob[]): void {
    this.#message?.addLogprobs(logprobs);
  }

  cite(citations: readonly unknown[]): void {
    this.#message?.cite(citations);
  }

  /** Closes what is open. `last` is the status of the last item: a limit cuts that one. */
  finish(last: ItemStatus): readonly WireEvent[] {
    const events = this.#places.flatMap((place, index) => {
      if (place.isClosed) return [];
      place.isClosed = true;
      return place.open.close(index === this.#places.length - 1 ? last : 'completed');
    });
    return events;
  }

  /** All items; `open` is the status of those that are not closed, `last` of the last one. */
  items(open: ItemStatus, last: ItemStatus = open): readonly WireItem[] {
    return this.#places.map((place, index) => {
      if (index === this.#places.length - 1) return place.open.item(last);
      return place.open.item(place.isClosed ? 'completed' : open);
    });
  }

  #beginText(block: number, kind: 'text' | 'refusal'): readonly WireEvent[] {
    const last = this.#places.at(-1);
    if (last !== undefined && !last.isBusy && !last.isClosed && last.open instanceof OpenMessage) {
      last.isBusy = true;
      this.#idle.delete(last);
      this.#blocks.set(block, last);
      return last.open.beginPart(kind);
    }
    const message = new OpenMessage(this.#slot('msg'));
    this.#message = message;
    return [...this.#open(block, message), ...message.beginPart(kind)];
  }

  #beginReasoning(block: number, content: Extract<BlockStart, { kind: 'reasoning' }>): readonly WireEvent[] {
    // OpenAI checks the id against what it encrypted.
    const id = content.id?.startsWith('rs_') === true ? content.id : undefined;
    const sealed = content.seal === undefined ? undefined : sealText(content.seal, 'reasoning');
    const slot = this.#slot('rs', id);
    return this.#open(
      block,
      new OpenReasoning(slot, { isSummary: this.#wantsSummary || content.isSummary === true, sealed }),
    );
  }

  #beginCall(block: number, content: Extract<BlockStart, { kind: 'tool-call' }>): readonly WireEvent[] {
    const before = content.seal === undefined ? [] : this.#callSeal(content.seal);
    const origin = this.#origins.get(content.name) ?? { name: content.name, isCustom: false };
    const slot = this.#slot(origin.isSearch === true ? 'tsc' : origin.isCustom ? 'ctc' : 'fc');
    return [...before, ...this.#open(block, new OpenCall(slot, content.id, origin))];
  }

  /** A call has no field for a seal; reasoning items are what clients return unread. */
  #callSeal(seal: Seal): readonly WireEvent[] {
    const sealed = new OpenReasoning(this.#slot('rs'), { isSummary: false, sealed: sealText(seal, 'call') });
    return this.#open(undefined, sealed);
  }

  #open(block: number | undefined, open: OpenItem): readonly WireEvent[] {
    const closed = this.#closeIdle();
    const place = { open, isBusy: block !== undefined, isClosed: false };
    this.#places.push(place);
    if (!place.isBusy) this.#idle.add(place);
    if (block !== undefined) this.#blocks.set(block, place);
    return [...closed, ...open.begin()];
  }

  #closeIdle(): readonly WireEvent[] {
    const idle = [...this.#idle];
    this.#idle.clear();
    return idle.flatMap((place) => {
      place.isClosed = true;
      return place.open.close('completed');
    });
  }

  #slot(prefix: 'msg' | 'rs' | 'fc' | 'ctc' | 'tsc', id?: string): Slot {
    const index = this.#places.length;
    return { id: id ?? `${prefix}_${this.#suffix}${index}`, index };
  }
}
