import type { MediaSource } from './canonical.ts';

type Bytes = Extract<MediaSource, { kind: 'bytes' }>;

/**
 * Reads `data:image/png;base64,…`. Undefined when it is not a data URL. Percent-encoded data URLs become base64, which
 * is how bytes travel in the canonical form.
 */
export function parseDataUrl(url: string): Bytes | undefined {
  if (!/^data:/i.test(url)) return undefined;
  const comma = url.indexOf(',');
  if (comma === -1) return undefined;
  const [mediaType, ...parameters] = url.slice(5, comma).split(';');
  const isBase64 = parameters.at(-1)?.trim().toLowerCase() === 'base64';
  const payload = url.slice(comma + 1);
  const base64 = isBase64 ? payload : percentEncodedToBase64(payload);
  if (base64 === undefined) return undefined;
  return { kind: 'bytes', mediaType: mediaType === undefined || mediaType === '' ? 'text/plain' : mediaType, base64 };
}

function percentEncodedToBase64(payload: string): string | undefined {
  try {
    return Buffer.from(decodeURIComponent(payload)).toString('base64');
  } catch {
    // A stray % makes it undecodable; to the caller that is not a data URL, which it reports with the field's path.
    return undefined;
  }
}

export function toDataUrl(source: Bytes): string {
  return `data:${source.mediaType};base64,${source.base64}`;
}
