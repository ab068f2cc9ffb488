import { lengthText } from './fields.ts';

/** Of longer ones nothing is kept. What was read of one takes up to 70 kB, mostly 1 or 2. Characters. */
const maxKept = 4096;

const lengthField = /(\r\ncontent-length:[ \t]*)(\d+)/i;

/** How a head is read. */
export interface HeadReading<Head> {
  /** Throws for what is no head. Must depend on the text alone. */
  read(text: string): Head;
  /** What `read` would make of the same text with another value of its one Content-Length field. Bytes. */
  withLength(head: Head, length: number): Head;
}

/**
 * Reads the heads of one connection. They are the same time and again, or differ in the length of the body alone: of
 * these, what was read of the last one still holds, which takes a tenth of the time.
 */
export class HeadReader<Head> {
  readonly #reading: HeadReading<Head>;
  #last: Head | undefined;
  /** Text of the last head up to the digits of its length, the digits, and what follows. All in the first without one. */
  #before = '';
  #length = '';
  #after = '';

  constructor(reading: HeadReading<Head>) {
    this.#reading = reading;
  }

  /** Throws for what is no head. What it returns is shared: not to be changed. */
  read(text: string): Head {
    const known = this.#known(text);
    if (known !== undefined) return known;
    const head = this.#reading.read(text);
    this.#keep(text, head);
    return head;
  }

  #known(text: string): Head | undefined {
    if (this.#last === undefined) return undefined;
    const from = this.#before.length;
    const end = text.length - this.#after.length;
    if (text.slice(0, from) !== this.#before || text.slice(end) !== this.#after) return undefined;
    const length = text.slice(from, end);
    if (length === this.#length) return this.#last;
    if (this.#length === '' || !lengthText.test(length)) return undefined;
    return this.#reading.withLength(this.#last, Number(length));
  }

  #keep(text: string, head: Head): void {
    const kept = text.length <= maxKept ? text : '';
    this.#last = kept === '' ? undefined : head;
    const field = lengthField.exec(kept);
    const from = field === null ? kept.length : field.index + (field[1] as string).length;
    this.#length = field?.[2] ?? '';
    this.#before = kept.slice(0, from);
    this.#after = kept.slice(from + this.#length.length);
  }
}
