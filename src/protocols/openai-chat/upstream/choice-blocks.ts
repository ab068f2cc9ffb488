import type { BlockStart, Part, Seal } from '../../canonical.ts';
import { GrowingObject } from '../../growing-object.ts';
import { decodeFinishReason } from '../finish-reason.ts';

interface OpenCall {
  readonly block: number;
  readonly id: string;
  readonly arguments: GrowingObject;
  isOpen: boolean;
}

/** One tool call delta, as far as the server filled it in. */
export interface CallDelta {
  readonly index: number;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly arguments: string;
  readonly seal: Seal | undefined;
}

/** What the choices of one answer share. */
export interface BlockSink {
  emit(part: Part): void;
  nextBlock(): number;
  /** For calls whose server gives them none. Unique within the answer. */
  callId(block: number): string;
}

type TextKind = 'text' | 'reasoning' | 'refusal';

/**
 * The blocks of one choice of a stream. The wire has no block borders: a block ends where another kind of content
 * begins, calls where their arguments are whole and something else begins, the rest at the finish. Calls whose
 * arguments are not whole stay open, since servers may interleave them.
 */
export class ChoiceBlocks {
  readonly #choice: number;
  readonly #sink: BlockSink;
  #open: { readonly kind: TextKind; readonly block: number } | undefined;
  readonly #calls = new Map<number, OpenCall>();
  /** What came of calls whose name has not come, by index. */
  readonly #unnamed = new Map<number, CallDelta>();
  /** Calls that became whole since calls were last closed. */
  readonly #whole = new Set<OpenCall>();
  #isFinished = false;

  constructor(choice: number, sink: BlockSink) {
    this.#choice = choice;
    this.#sink = sink;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  text(kind: TextKind, text: string): void {
    if (text === '') return;
    if (this.#open?.kind !== kind) {
      this.#closeText();
      this.#closeWholeCalls();
      this.#open = { kind, block: this.#start({ kind }) };
    }
    this.#sink.emit({ kind: 'block-delta', choice: this.#choice, block: this.#open.block, text });
  }

  /** The seal of the reasoning that is open, or of reasoning that is not shown. */
  seal(seal: Seal): void {
    if (this.#open?.kind === 'reasoning') return this.#closeText(seal);
    this.#closeText();
    const block = this.#start({ kind: 'reasoning', seal: seal.isRedacted === true ? seal : undefined });
    this.#sink.emit({ kind: 'block-end', choice: this.#choice, block, seal });
  }

  call(delta: CallDelta): void {
    const waiting = this.#unnamed.get(delta.index);
    if (waiting !== undefined) this.#callOf(joinedCall(waiting, delta));
    else this.#callOf(delta);
  }

  #callOf(delta: CallDelta): void {
    const known = this.#calls.get(delta.index);
    const isNew = known === undefined || isAnotherCall(known, delta);
    if (isNew && delta.name === undefined) {
      this.#unnamed.set(delta.index, delta);
      return;
    }
    this.#unnamed.delete(delta.index);
    const call = isNew ? this.#startCall(delta, delta.name as string) : known;
    if (delta.arguments === '') return;
    call.arguments.add(delta.arguments);
    if (call.arguments.isWhole) this.#whole.add(call);
    else this.#whole.delete(call);
    this.#sink.emit({ kind: 'block-delta', choice: this.#choice, block: call.block, text: delta.arguments });
  }

  /** A repeated finish reason says nothing new. */
  finish(raw: string, stopSequence: string | undefined): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#closeText();
    for (const call of this.#calls.values()) this.#closeCall(call);
    const reason = decodeFinishReason(raw, this.#calls.size > 0);
    this.#sink.emit({ kind: 'finish', choice: this.#choice, reason, raw, stopSequence });
  }

  #start(content: BlockStart): number {
    const block = this.#sink.nextBlock();
    this.#sink.emit({ kind: 'block-start', choice: this.#choice, block, content });
    return block;
  }

  #startCall(delta: CallDelta, name: string): OpenCall {
    this.#closeText();
    this.#closeWholeCalls();
    const block = this.#sink.nextBlock();
    const id = delta.id ?? this.#sink.callId(block);
    const content = { kind: 'tool-call' as const, id, name, seal: delta.seal };
    this.#sink.emit({ kind: 'block-start', choice: this.#choice, block, content });
    const replaced = this.#calls.get(delta.index);
    if (replaced !== undefined) this.#closeCall(replaced);
    const call = { block, id, arguments: new GrowingObject(), isOpen: true };
    this.#calls.set(delta.index, call);
    return call;
  }

  #closeText(seal?: Seal): void {
    if (this.#open === undefined) return;
    this.#sink.emit({ kind: 'block-end', choice: this.#choice, block: this.#open.block, seal });
    this.#open = undefined;
  }

  #closeWholeCalls(): void {
    for (const call of this.#whole) this.#closeCall(call);
    this.#whole.clear();
  }

  #closeCall(call: OpenCall): void {
    if (!call.isOpen) return;
    call.isOpen = false;
    this.#sink.emit({ kind: 'block-end', choice: this.#choice, block: call.block });
  }
}

/** Some servers send the id first and the name in a later piece; without a name it is not a call yet. */
function joinedCall(earlier: CallDelta, later: CallDelta): CallDelta {
  return {
    index: later.index,
    id: earlier.id ?? later.id,
    name: later.name,
    arguments: earlier.arguments + later.arguments,
    seal: later.seal ?? earlier.seal,
  };
}

/**
 * Some servers give every call of an answer the same index: a new id with a name, or a name after whole arguments,
 * begins another call. Others repeat id and name in each piece of one call.
 */
function isAnotherCall(call: OpenCall, delta: CallDelta): boolean {
  if (delta.name === undefined) return delta.id !== undefined && delta.id !== call.id && call.arguments.isWhole;
  if (delta.id !== undefined) return delta.id !== call.id;
  return call.arguments.isWhole;
}
