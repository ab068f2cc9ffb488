/** Pieces below this are put together: each would take more memory than it holds. Bytes. */
const smallBytes = 1024;
/** What they are put together in. Bytes. */
const tailBytes = 16 * 1024;

/** What has come of a body. */
export class HeldBody {
  #chunks: Buffer[] = [];
  #size = 0;
  /** Small pieces that came after the chunks. */
  #tail: Buffer | undefined;
  #tailUsed = 0;

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  add(chunk: Buffer): void {
    this.#size += chunk.length;
    // Most bodies come in one or two pieces, which are kept as they are.
    if (chunk.length < smallBytes && this.#chunks.length > 1) return this.#addSmall(chunk);
    this.#closeTail();
    this.#chunks.push(chunk);
  }

  /** All of it in one piece, without a copy where it came in one. */
  bytes(): Buffer {
    this.#closeTail();
    return this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
  }

  /** Its first bytes, as many as there are of them. */
  beginning(length: number): Buffer {
    this.#closeTail();
    const pieces: Buffer[] = [];
    for (let at = 0, size = 0; at < this.#chunks.length && size < length; at++) {
      const piece = (this.#chunks[at] as Buffer).subarray(0, length - size);
      pieces.push(piece);
      size += piece.length;
    }
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  }

  /** The same, held no longer. */
  take(): Buffer {
    const bytes = this.bytes();
    this.release();
    return bytes;
  }

  /** All of it in the pieces it is held in, held no longer. */
  release(): readonly Buffer[] {
    this.#closeTail();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#size = 0;
    return chunks;
  }

  #addSmall(chunk: Buffer): void {
    if (this.#tailUsed + chunk.length > tailBytes) this.#closeTail();
    this.#tail ??= Buffer.allocUnsafeSlow(tailBytes);
    this.#tailUsed += chunk.copy(this.#tail, this.#tailUsed);
  }

  #closeTail(): void {
    if (this.#tail === undefined) return;
    this.#chunks.push(this.#tail.subarray(0, this.#tailUsed));
    this.#tail = undefined;
    this.#tailUsed = 0;
  }
}
