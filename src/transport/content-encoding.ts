import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { GatewayError } from '../core/errors.ts';

type Decoder = (
  input: Buffer,
  options: { maxOutputLength: number },
  callback: (error: Error | null, result: Buffer) => void,
) => void;

const decoders: Readonly<Record<string, Decoder>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: inflate,
  br: brotliDecompress,
  zstd: zstdDecompress,
};

export const knownEncodings = Object.keys(decoders);

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

/**
 * Undoes the encodings, last applied first, never past `limit` bytes: a small body must not unpack to gigabytes.
 * Throws `unsupported_media`, `too_large` or `bad_request`.
 */
export async function decodeBody(body: Buffer, encodings: readonly string[], limit: number): Promise<Buffer> {
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
    bytes = await run(decoder, bytes, limit);
  }
  return bytes;
}

function run(decoder: Decoder, input: Buffer, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    decoder(input, { maxOutputLength: limit }, (error, result) => {
      if (error === null) return resolve(result);
      const isTooLarge = (error as { readonly code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
      if (isTooLarge) return reject(new GatewayError('too_large', `The body unpacks to more than ${limit} bytes.`));
      reject(new GatewayError('bad_request', 'The body is not in the content encoding it names.', { cause: error }));
    });
  });
}
