import { append } from '../../../core/append.ts';
import type { Seal, TokenLogprob } from '../../canonical.ts';
import { inputOf } from '../../tool-input.ts';
import { sealText } from '../seal.ts';
import { customInput, type ToolOrigin } from '../tools.ts';
import { outputPart } from '../upstream/encode-content.ts';
import type {
  ItemStatus,
  WireCustomCall,
  WireEvent,
  WireFunctionCall,
  WireItem,
  WireMessage,
  WireReasoning,
  WireRefusal,
  WireSearchCall,
  WireText,
} from '../wire.ts';
import { encodeLogprobs } from './encode-logprobs.ts';

/** Where an item stands in the answer. */
export interface Slot {
  readonly id: string;
  readonly index: number;
}

/** An output item while it is made. Every method returns the events that tell of it; they lack their number. */
export interface OpenItem {
  begin(): readonly WireEvent[];
  delta(text: string): readonly WireEvent[];
  /** All `done` events. Nothing may follow for this item. */
  close(status: ItemStatus): readonly WireEvent[];
  /** The item as it is now. */
  item(status: ItemStatus): WireItem;
}

function itemEvent(type: 'added' | 'done', slot: Slot, item: WireItem): WireEvent {
  return { type: `response.output_item.${type}`, output_index: slot.index, item };
}

/** A message: text and refusals in parts, one after the other. */
export class OpenMessage implements OpenItem {
  readonly #slot: Slot;
  readonly #done: (WireText | WireRefusal)[] = [];
  #part: { readonly kind: 'text' | 'refusal'; text: string; readonly logprobs: TokenLogprob[] } | undefined;
  #citations: readonly unknown[] = [];

  constructor(slot: Slot) {
    this.#slot = slot;
  }

  begin(): readonly WireEvent[] {
    return [itemEvent('added', this.#slot, this.item('in_progress'))];
  }

  /** Ends the part before it. */
  beginPart(kind: 'text' | 'refusal'): readonly WireEvent[] {
    const before = this.#endPart();
    this.#part = { kind, text: '', logprobs: [] };
    return [...before, this.#partEvent('added', wirePart(kind, ''))];
  }

  delta(text: string): readonly WireEvent[] {
    const part = this.#part;
    if (part === undefined) return [];
    part.text += text;
    const at = { ...this.#address(), delta: text };
    if (part.kind === 'refusal') return [{ type: 'response.refusal.delta', ...at }];
    return [{ type: 'response.output_text.delta', ...at, logprobs: [] }];
  }

  addLogprobs(logprobs: readonly TokenLogprob[]): void {
    if (this.#part !== undefined) append(this.#part.logprobs, logprobs);
  }

  cite(citations: readonly unknown[]): void {
    this.#citations = citations;
  }

  close(status: ItemStatus): readonly WireEvent[] {
    return [...this.#endPart(), itemEvent('done', this.#slot, this.item(status))];
  }

  item(status: ItemStatus): WireMessage {
    const open = this.#finishedPart();
    const content = open === undefined ? [...this.#done] : [...this.#done, open];
    return { type: 'message', id: this.#slot.id, status, role: 'assistant', content };
  }

  #endPart(): readonly WireEvent[] {
    const part = this.#finishedPart();
    if (part === undefined) return [];
    const done: WireEvent =
      part.type === 'refusal'
        ? { type: 'response.refusal.done', ...this.#address(), refusal: part.refusal }
        : { type: 'response.output_text.done', ...this.#address(), text: part.text, logprobs: part.logprobs ?? [] };
    const events = [done, this.#partEvent('done', part)];
    this.#done.push(part);
    this.#part = undefined;
    this.#citations = [];
    return events;
  }

  #finishedPart(): WireText | WireRefusal | undefined {
    if (this.#part === undefined) return undefined;
    const part = wirePart(this.#part.kind, this.#part.text, this.#citations);
    return part.type === 'refusal' ? part : { ...part, logprobs: encodeLogprobs(this.#part.logprobs) };
  }

  #partEvent(type: 'added' | 'done', part: WireText | WireRefusal): WireEvent {
    return { type: `response.content_part.${type}`, ...this.#address(), part };
  }

  #address() {
    return { item_id: this.#slot.id, output_index: this.#slot.index, content_index: this.#done.length };
  }
}

function wirePart(kind: 'text' | 'refusal', text: string, citations: readonly unknown[] = []): WireText | WireRefusal {
  if (kind === 'refusal') return { type: 'refusal', refusal: text };
  const part = outputPart({ kind, text, citations });
  return part?.type === 'output_text' ? part : { type: 'output_text', text, annotations: [] };
}

/** Reasoning: shown text as content, a summary as the one part of `summary`, or nothing but a seal. */
export class OpenReasoning implements OpenItem {
  readonly #slot: Slot;
  readonly #isSummary: boolean;
  #text = '';
  #sealed: string | undefined;

  constructor(slot: Slot, options: { readonly isSummary: boolean; readonly sealed?: string | undefined }) {
    this.#slot = slot;
    this.#isSummary = options.isSummary;
    this.#sealed = options.sealed;
  }

  begin(): readonly WireEvent[] {
    return [itemEvent('added', this.#slot, this.item('in_progress'))];
  }

  delta(text: string): readonly WireEvent[] {
    const isFirst = this.#text === '';
    this.#text += text;
    const delta: WireEvent = { type: `response.${this.#name}.delta`, ...this.#address(), delta: text };
    return isFirst ? [this.#partEvent('added', ''), delta] : [delta];
  }

  seal(seal: Seal): void {
    this.#sealed = sealText(seal, 'reasoning');
  }

  close(status: ItemStatus): readonly WireEvent[] {
    const last = itemEvent('done', this.#slot, this.item(status));
    if (this.#text === '') return [last];
    const done: WireEvent = { type: `response.${this.#name}.done`, ...this.#address(), text: this.#text };
    return [done, this.#partEvent('done', this.#text), last];
  }

  item(status: ItemStatus): WireReasoning {
    const hasText = this.#text !== '';
    return {
      type: 'reasoning',
      id: this.#slot.id,
      summary: hasText && this.#isSummary ? [{ type: 'summary_text', text: this.#text }] : [],
      ...(hasText && !this.#isSummary && { content: [{ type: 'reasoning_text' as const, text: this.#text }] }),
      ...(this.#sealed !== undefined && { encrypted_content: this.#sealed }),
      status,
    };
  }

  get #name() {
    return this.#isSummary ? ('reasoning_summary_text' as const) : ('reasoning_text' as const);
  }

  #partEvent(type: 'added' | 'done', text: string): WireEvent {
    if (this.#isSummary)
      return {
        type: `response.reasoning_summary_part.${type}`,
        ...this.#address(),
        part: { type: 'summary_text', text },
      };
    return { type: `response.content_part.${type}`, ...this.#address(), part: { type: 'reasoning_text', text } };
  }

  #address() {
    const at = { item_id: this.#slot.id, output_index: this.#slot.index };
    return this.#isSummary ? { ...at, summary_index: 0 } : { ...at, content_index: 0 };
  }
}

/** A call, in the form in which the client wrote the tool. */
export class OpenCall implements OpenItem {
  readonly #slot: Slot;
  readonly #callId: string;
  readonly #origin: ToolOrigin;
  #arguments = '';

  constructor(slot: Slot, callId: string, origin: ToolOrigin) {
    this.#slot = slot;
    this.#callId = callId;
    this.#origin = origin;
  }

  begin(): readonly WireEvent[] {
    return [itemEvent('added', this.#slot, this.item('in_progress'))];
  }

  /** The text for a custom tool can only be read out of its JSON once that is whole. */
  delta(text: string): readonly WireEvent[] {
    this.#arguments += text;
    if (this.#origin.isCustom || this.#origin.isSearch === true) return [];
    return [{ type: 'response.function_call_arguments.delta', ...this.#address(), delta: text }];
  }

  close(status: ItemStatus): readonly WireEvent[] {
    const item = itemEvent('done', this.#slot, this.item(status));
    const at = this.#address();
    if (this.#origin.isSearch === true) return [item];
    if (!this.#origin.isCustom)
      return [{ type: 'response.function_call_arguments.done', ...at, arguments: this.#arguments }, item];
    const input = this.#input();
    const done: WireEvent = { type: 'response.custom_tool_call_input.done', ...at, input };
    if (input === '') return [done, item];
    return [{ type: 'response.custom_tool_call_input.delta', ...at, delta: input }, done, item];
  }

  item(status: ItemStatus): WireFunctionCall | WireCustomCall | WireSearchCall {
    if (this.#origin.isSearch === true) return this.#search(status);
    const { name, namespace, isCustom } = this.#origin;
    const call = {
      id: this.#slot.id,
      call_id: this.#callId,
      name,
      ...(namespace !== undefined && { namespace }),
      status,
    };
    if (isCustom) return { type: 'custom_tool_call', ...call, input: this.#input() };
    return { type: 'function_call', ...call, arguments: this.#arguments };
  }

  #search(status: ItemStatus): WireSearchCall {
    const { id } = this.#slot;
    const args = inputOf(this.#arguments);
    return { type: 'tool_search_call', id, call_id: this.#callId, execution: 'client', arguments: args, status };
  }

  #input(): string {
    return this.#arguments === '' ? '' : customInput(this.#arguments);
  }

  #address() {
    return { item_id: this.#slot.id, output_index: this.#slot.index };
  }
}
