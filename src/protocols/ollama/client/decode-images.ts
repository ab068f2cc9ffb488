import type { ContentPart } from '../../canonical.ts';
import { parseDataUrl } from '../../data-url.ts';
import { at, badField, optionalArray } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';

interface Signature {
  readonly mediaType: string;
  /** Where the bytes stand. */
  readonly offset: number;
  readonly bytes: string;
}

/** What the beginnings of image files look like, as Latin-1. */
const signatures: readonly Signature[] = [
  { mediaType: 'image/png', offset: 0, bytes: '\x89PNG' },
  { mediaType: 'image/jpeg', offset: 0, bytes: '\xff\xd8\xff' },
  { mediaType: 'image/gif', offset: 0, bytes: 'GIF8' },
  { mediaType: 'image/webp', offset: 8, bytes: 'WEBP' },
  { mediaType: 'image/bmp', offset: 0, bytes: 'BM' },
  { mediaType: 'image/tiff', offset: 0, bytes: 'II*\0' },
  { mediaType: 'image/tiff', offset: 0, bytes: 'MM\0*' },
  { mediaType: 'image/avif', offset: 4, bytes: 'ftypavif' },
  { mediaType: 'image/heic', offset: 4, bytes: 'ftyphei' },
  { mediaType: 'image/heic', offset: 4, bytes: 'ftypmif1' },
];

/** Characters of base64 that hold every signature. */
const headLength = 24;

/** This wire sends bare bytes; what they are is told by their beginning. Unknown ones are the upstream's to judge. */
function sniffMediaType(base64: string): string {
  const head = Buffer.from(base64.slice(0, headLength), 'base64').toString('latin1');
  const found = signatures.find(({ offset, bytes }) => head.startsWith(bytes, offset));
  return found?.mediaType ?? 'application/octet-stream';
}

/** `images` of a message or a request: base64, with or without the prefix of a data URL. */
export function decodeImages(from: JsonObject, path = ''): readonly ContentPart[] {
  return (optionalArray(from, 'images', path) ?? []).map((image, i) => {
    if (typeof image !== 'string') throw badField(at(at(path, 'images'), i), 'an image in base64');
    const bytes = { kind: 'bytes' as const, mediaType: sniffMediaType(image), base64: image };
    return { kind: 'image', source: parseDataUrl(image) ?? bytes };
  });
}
