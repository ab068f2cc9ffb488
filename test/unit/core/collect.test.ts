import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { collect } from '../../../src/core/collect.ts';

function bodyOf(...pieces: string[]): Readable {
  return Readable.from(pieces.map((piece) => Buffer.from(piece)));
}

describe('a small body', () => {
  it('is read whole, up to the limit itself', async () => {
    const { bytes, isCut } = await collect(bodyOf('ab', '', 'cd'), 4);
    expect([bytes.toString(), isCut]).toEqual(['abcd', false]);
  });

  it('is empty where nothing comes', async () => {
    expect(await collect(bodyOf(), 4)).toEqual({ bytes: Buffer.alloc(0), isCut: false });
  });

  it('is cut at the limit, and its stream ended', async () => {
    const body = bodyOf('ab', 'cde', 'f');
    const { bytes, isCut } = await collect(body, 4);
    expect([bytes.toString(), isCut, body.destroyed]).toEqual(['abcd', true, true]);
  });

  it('that breaks off rejects with its error', async () => {
    const body = new Readable({ read() {} });
    body.push('ab');
    const reading = collect(body, 4);
    body.destroy(new Error('reset'));
    await expect(reading).rejects.toThrow('reset');
  });
});
