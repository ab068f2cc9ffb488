const space = 0x20;
const lineEnds: ReadonlySet<number> = new Set([0x0d, 0x0a]);

/** Words of a request line that a space follows: method and target. */
const spacedWords = 2;

/**
 * Watches the line that a connection begins with for what Node's parser forgives: more than one space between its words,
 * which others may take for an empty target (RFC 9112, 3).
 */
export class RequestLine {
  /** Words that have begun. */
  #words = 0;
  #isInWord = false;
  #isOver = false;

  /** False where a word is empty. */
  accepts(bytes: Buffer): boolean {
    for (let at = 0; at < bytes.length && !this.#isOver; at++) {
      const byte = bytes[at] as number;
      if (lineEnds.has(byte)) {
        // Lines before the first word are forgiven (RFC 9112, 2.2).
        this.#isOver = this.#words > 0;
      } else if (byte !== space) {
        if (!this.#isInWord) this.#words++;
        this.#isInWord = true;
        this.#isOver = this.#words > spacedWords;
      } else if (this.#isInWord) this.#isInWord = false;
      else return false;
    }
    return true;
  }
}
