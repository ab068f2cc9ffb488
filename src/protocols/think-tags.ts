/** A run of an answer's text, told apart by the tags of a local model. */
export interface TaggedText {
  readonly kind: 'text' | 'reasoning';
  readonly text: string;
}

const openTag = '<think>';
const closeTag = '</think>';

/**
 * Splits `<think>…</think>` off the front of an answer, as models write it whose server does not parse it. Only a tag
 * before any other text counts: later ones are something the model quotes. White space next to the tags goes. Fed in
 * pieces cut anywhere; what might still be part of a tag is held back.
 */
export class ThinkTagSplitter {
  #state: 'start' | 'reasoning' | 'after' | 'text' = 'start';
  #held = '';
  #hasReasoned = false;

  push(text: string): readonly TaggedText[] {
    if (this.#state === 'text') return text === '' ? [] : [{ kind: 'text', text }];
    this.#held += text;
    const runs: TaggedText[] = [];
    while (this.#step(runs));
    return runs;
  }

  /** What was still held when the answer ended. */
  end(): readonly TaggedText[] {
    const rest = this.#held;
    this.#held = '';
    if (this.#state === 'reasoning') return run('reasoning', rest.trimEnd());
    return this.#state === 'after' ? [] : run('text', rest);
  }

  /** Takes one step from state to state; false when more text is needed. */
  #step(runs: TaggedText[]): boolean {
    switch (this.#state) {
      case 'start':
        return this.#start();
      case 'reasoning':
        return this.#reasoning(runs);
      case 'after':
        return this.#after();
      case 'text':
        runs.push(...run('text', this.#held));
        this.#held = '';
        return false;
    }
  }

  #start(): boolean {
    const text = this.#held.trimStart();
    if (text.startsWith(openTag)) {
      this.#held = text.slice(openTag.length);
      this.#state = 'reasoning';
      return true;
    }
    if (openTag.startsWith(text)) return false;
    this.#state = 'text';
    return true;
  }

  #reasoning(runs: TaggedText[]): boolean {
    // White space before the first word goes; later runs keep theirs, which separates words of two pieces.
    if (!this.#hasReasoned) this.#held = this.#held.trimStart();
    const close = this.#held.indexOf(closeTag);
    const end = close === -1 ? firstUnsure(this.#held) : close;
    const text = close === -1 ? this.#held.slice(0, end) : this.#held.slice(0, end).trimEnd();
    if (text !== '') this.#hasReasoned = true;
    runs.push(...run('reasoning', text));
    this.#held = this.#held.slice(close === -1 ? end : end + closeTag.length);
    if (close === -1) return false;
    this.#state = 'after';
    return true;
  }

  #after(): boolean {
    this.#held = this.#held.trimStart();
    if (this.#held === '') return false;
    this.#state = 'text';
    return true;
  }
}

/** Where text begins that may turn out to be white space before a closing tag, or the beginning of that tag. */
function firstUnsure(text: string): number {
  let end = text.length;
  const angle = text.lastIndexOf('<');
  if (angle !== -1 && closeTag.startsWith(text.slice(angle))) end = angle;
  return text.slice(0, end).trimEnd().length;
}

function run(kind: TaggedText['kind'], text: string): readonly TaggedText[] {
  return text === '' ? [] : [{ kind, text }];
}

/** The same for an answer that is there as a whole. */
export function splitThinkTags(text: string): readonly TaggedText[] {
  const splitter = new ThinkTagSplitter();
  return [...splitter.push(text), ...splitter.end()];
}
