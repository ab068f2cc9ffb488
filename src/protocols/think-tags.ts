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
 * pieces cut anywhere; what might still be part of a tag is held back. Each piece is read once, however much white
 * space came before it.
 */
export class ThinkTagSplitter {
  #state: 'start' | 'reasoning' | 'after' | 'text' = 'start';
  /** White space that goes if a tag follows. */
  #blank = '';
  /** What may be the beginning of a tag, behind the white space. */
  #tag = '';
  #hasReasoned = false;

  push(text: string): readonly TaggedText[] {
    switch (this.#state) {
      case 'start':
        return this.#start(text);
      case 'reasoning':
        return this.#reasoning(this.#tag + text);
      case 'after':
        return this.#after(text);
      case 'text':
        return run('text', text);
    }
  }

  /** What was still held when the answer ended. */
  end(): readonly TaggedText[] {
    const rest = this.#tag === '' && this.#state === 'reasoning' ? '' : this.#takeBlank() + this.#tag;
    this.#tag = '';
    return run(this.#state === 'reasoning' ? 'reasoning' : 'text', rest);
  }

  #start(text: string): readonly TaggedText[] {
    const begun = this.#tag === '' ? text.trimStart() : this.#tag + text;
    if (this.#tag === '') this.#blank += text.slice(0, text.length - begun.length);
    if (begun.startsWith(openTag)) {
      this.#state = 'reasoning';
      this.#blank = '';
      this.#tag = '';
      return this.#reasoning(begun.slice(openTag.length));
    }
    this.#tag = begun;
    if (openTag.startsWith(begun)) return [];
    const held = this.end();
    this.#state = 'text';
    return held;
  }

  #reasoning(text: string): readonly TaggedText[] {
    const close = text.indexOf(closeTag);
    const end = close === -1 ? beginningOfTag(text) : close;
    const thought = text.slice(0, end).trimEnd();
    const runs = this.#reasoned(thought);
    if (close === -1) {
      if (this.#hasReasoned) this.#blank += text.slice(thought.length, end);
      this.#tag = text.slice(end);
      return runs;
    }
    this.#state = 'after';
    this.#blank = '';
    this.#tag = '';
    return [...runs, ...this.#after(text.slice(close + closeTag.length))];
  }

  /** White space before the first word goes; later it is kept, since it separates words of two pieces. */
  #reasoned(thought: string): readonly TaggedText[] {
    if (thought === '') return [];
    const text = this.#hasReasoned ? this.#takeBlank() + thought : thought.trimStart();
    this.#hasReasoned = true;
    return run('reasoning', text);
  }

  #after(text: string): readonly TaggedText[] {
    const begun = text.trimStart();
    if (begun !== '') this.#state = 'text';
    return run('text', begun);
  }

  #takeBlank(): string {
    const blank = this.#blank;
    this.#blank = '';
    return blank;
  }
}

/** Where text begins that may turn out to be the beginning of a closing tag; its length where there is none. */
function beginningOfTag(text: string): number {
  const angle = text.lastIndexOf('<');
  return angle !== -1 && closeTag.startsWith(text.slice(angle)) ? angle : text.length;
}

function run(kind: TaggedText['kind'], text: string): readonly TaggedText[] {
  return text === '' ? [] : [{ kind, text }];
}

/** The same for an answer that is there as a whole. */
export function splitThinkTags(text: string): readonly TaggedText[] {
  const splitter = new ThinkTagSplitter();
  return [...splitter.push(text), ...splitter.end()];
}
