import type { BlockStart, Part, Seal } from '../../canonical.ts';
import type { AnswerShape } from '../finish-reason.ts';

interface Block {
  readonly number: number;
  readonly kind: BlockStart['kind'];
  isEmpty: boolean;
  isOpen: boolean;
}

/** Blocks of a stream that is read, by a key of the reader's choice. A key is used for one block only. */
export class OpenBlocks {
  readonly #emit: (part: Part) => void;
  readonly #blocks = new Map<string, Block>();
  /** Text and reasoning that has not ended. */
  readonly #openTexts = new Set<Block>();

  constructor(emit: (part: Part) => void) {
    this.#emit = emit;
  }

  get hasAny(): boolean {
    return this.#blocks.size > 0;
  }

  get shape(): AnswerShape {
    const kinds = new Set([...this.#blocks.values()].map((block) => block.kind));
    return { hasToolCalls: kinds.has('tool-call'), hasRefusal: kinds.has('refusal') };
  }

  has(key: string): boolean {
    return this.#blocks.has(key);
  }

  isEmpty(key: string): boolean {
    return this.#blocks.get(key)?.isEmpty ?? true;
  }

  /** Ends text and reasoning before it: those do not overlap, though llama.cpp says late that they ended. */
  begin(key: string, content: BlockStart): void {
    if (this.#blocks.has(key)) return;
    for (const block of this.#openTexts) this.#end(block);
    const block: Block = { number: this.#blocks.size, kind: content.kind, isEmpty: true, isOpen: true };
    this.#blocks.set(key, block);
    if (block.kind !== 'tool-call') this.#openTexts.add(block);
    this.#emit({ kind: 'block-start', choice: 0, block: block.number, content });
  }

  /** Adds to a block, beginning it as `content` says when there is none. Text after its end is lost. */
  text(key: string, text: string, content?: BlockStart): void {
    if (text === '') return;
    if (content !== undefined) this.begin(key, content);
    const block = this.#blocks.get(key);
    if (block === undefined || !block.isOpen) return;
    block.isEmpty = false;
    this.#emit({ kind: 'block-delta', choice: 0, block: block.number, text });
  }

  end(key: string, seal?: Seal): void {
    const block = this.#blocks.get(key);
    if (block !== undefined) this.#end(block, seal);
  }

  endAll(): void {
    for (const block of this.#blocks.values()) this.#end(block);
  }

  #end(block: Block, seal?: Seal): void {
    if (!block.isOpen) return;
    block.isOpen = false;
    this.#openTexts.delete(block);
    this.#emit({ kind: 'block-end', choice: 0, block: block.number, ...(seal !== undefined && { seal }) });
  }
}
