const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** A JSON object that comes in pieces. Knows whether it is whole without reading again what it has read. */
export class GrowingObject {
  #text = '';
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** Open until the last bracket is closed; broken when anything but white space follows that. */
  #state: 'open' | 'closed' | 'broken' = 'open';
  /** Brackets tell where it may end, the parser whether it is JSON; asked once. */
  #isValid: boolean | undefined;

  add(piece: string): void {
    if (this.#state === 'open') this.#text += piece;
    for (let at = 0; at < piece.length && this.#state !== 'broken'; at++) this.#read(piece.charCodeAt(at));
  }

  get isWhole(): boolean {
    if (this.#state !== 'closed') return false;
    this.#isValid ??= isJson(this.#text);
    return this.#isValid;
  }

  #read(code: number): void {
    if (this.#state === 'closed') {
      if (code > 0x20) this.#state = 'broken';
    } else if (this.#isInString) this.#readString(code);
    else if (code === quote) this.#isInString = true;
    else if (code === openBrace || code === openBracket) this.#depth += 1;
    else if (code === closeBrace || code === closeBracket) {
      this.#depth -= 1;
      if (this.#depth <= 0) this.#state = code === closeBrace ? 'closed' : 'broken';
    }
  }

  #readString(code: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (code === backslash) this.#isEscaped = true;
    else if (code === quote) this.#isInString = false;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
