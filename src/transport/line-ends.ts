const lf = 0x0a;
const cr = 0x0d;
const oneCr = Buffer.from('\r');

/**
 * A line of server-sent events may end in LF, CRLF or a lone CR. Makes LF of the last, and leaves all other bytes as
 * they are: streams without a CR cost one search a chunk.
 */
export class LineEnds {
  /** The last byte was a CR, which may be half of a CRLF. */
  #hasCr = false;
  /** A CR has stood alone: one at the end of a chunk is not waited for, or every event would come late. */
  #areLone = false;
  /** Such a one was told as LF: an LF that follows is its other half. */
  #isTold = false;

  get isHolding(): boolean {
    return this.#hasCr;
  }

  push(given: Buffer): Buffer {
    if (given.length === 0) return given;
    const chunk = this.#isTold && given[0] === lf ? given.subarray(1) : given;
    this.#isTold = false;
    if (!this.#hasCr && chunk.indexOf(cr) === -1) return chunk;
    const bytes = this.#hasCr ? Buffer.concat([oneCr, chunk]) : chunk;
    const { copy, hasLone } = withLineFeeds(bytes);
    this.#areLone ||= hasLone;
    this.#hasCr = false;
    if (copy[copy.length - 1] !== cr) return copy;
    return this.#areLone ? this.#tell(copy) : this.#hold(copy);
  }

  /** A CR that is held, as it came. */
  rest(): Buffer | undefined {
    if (!this.#hasCr) return undefined;
    this.#hasCr = false;
    return oneCr;
  }

  #tell(bytes: Buffer): Buffer {
    this.#isTold = true;
    const copy = Buffer.from(bytes);
    copy[copy.length - 1] = lf;
    return copy;
  }

  #hold(bytes: Buffer): Buffer {
    this.#hasCr = true;
    return bytes.subarray(0, -1);
  }
}

/** Its last byte stays as it is. A copy only where a CR stands alone. */
function withLineFeeds(bytes: Buffer): { readonly copy: Buffer; readonly hasLone: boolean } {
  let copy: Buffer | undefined;
  for (let at = bytes.indexOf(cr); at !== -1 && at < bytes.length - 1; at = bytes.indexOf(cr, at + 1)) {
    if (bytes[at + 1] === lf) continue;
    copy ??= Buffer.from(bytes);
    copy[at] = lf;
  }
  return { copy: copy ?? bytes, hasLone: copy !== undefined };
}
