import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { GatewayError } from '../core/errors.ts';
import { HeldBody } from '../core/held-body.ts';

const decoders: Readonly<Record<string, (options: { readonly chunkSize: number }) => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** Unpacked at a time. Bytes. */
const chunkSize = 64 * 1024;

const knownEncodings = Object.keys(decoders);

/** One is the rule, two are a mistake somewhere on the way; every further one only multiplies the work. */
const maxEncodings = 3;

/** `Content-Encoding` as a list without `identity`; undefined entries never occur. */
export function encodingsOf(header: string | string[] | undefined): readonly string[] {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  return text
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
}

/** Told of bytes before they are held, those of every encoding; what it throws ends the decoding. */
export type OnBytes = (bytes: number) => void;

/**
 * Undoes the encodings, last applied first. A small body can unpack to gigabytes: `onBytes` sees to it that none does.
 * Throws `unsupported_media`, `bad_request`, or what `onBytes` threw.
 */
export async function decodeBody(body: Buffer, encodings: readonly string[], onBytes: OnBytes): Promise<Buffer> {
  if (encodings.length > maxEncodings) {
    throw new GatewayError('unsupported_media', `The body is encoded ${encodings.length} times.`, {
      hint: 'send the body as it is, or encoded once',
    });
  }
  let bytes = body;
  for (const name of encodings.toReversed()) {
    const decoder = decoders[name];
    if (decoder === undefined) {
      throw new GatewayError('unsupported_media', `The content encoding "${name.slice(0, 40)}" is not known.`, {
        hint: `send the body as it is, or as ${knownEncodings.join(', ')}`,
      });
    }
    bytes = await run(decoder({ chunkSize }), bytes, onBytes);
  }
  return bytes;
}

/** For bytes that are unpacked as they come, in the order they are to be applied. Undefined when one is not known. */
export function streamDecoders(encodings: readonly string[]): readonly Transform[] | undefined {
  if (encodings.length > maxEncodings) return undefined;
  const made = encodings.toReversed().map((name) => decoders[name]?.({ chunkSize }));
  return made.includes(undefined) ? undefined : (made as Transform[]);
}

async function run(decoder: Transform, input: Buffer, onBytes: OnBytes): Promise<Buffer> {
  const output = new HeldBody();
  decoder.end(input);
  try {
    // Leaving the loop by a throw destroys the decoder.
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      onBytes(chunk.length);
      output.add(chunk);
    }
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown;
    throw new GatewayError('bad_request', 'The body is not in the content encoding it names.', { cause: thrown });
  }
  return output.bytes();
}
