import { HeldBody } from './held-body.ts';

export interface Collected {
  readonly bytes: Buffer;
  /** There was more than was read. */
  readonly isCut: boolean;
}

/**
 * Reads a small body whole. One of more than `maxBytes` is cut there and its stream destroyed, which ends the exchange.
 * Rejects with the stream's error.
 */
export async function collect(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Collected> {
  const held = new HeldBody();
  for await (const chunk of body) {
    held.add(chunk);
    if (held.size > maxBytes) return { bytes: held.bytes().subarray(0, maxBytes), isCut: true };
  }
  return { bytes: held.bytes(), isCut: false };
}
