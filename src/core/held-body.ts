/** What has come of a body. */
export class HeldBody {
  #chunks: Buffer[] = [];
  #size = 0;

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** All of it in one piece, without a copy where it came in one. */
  bytes(): Buffer {
    return this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
  }

  /** All of it, held no longer. */
  release(): readonly Buffer[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#size = 0;
    return chunks;
  }
}
