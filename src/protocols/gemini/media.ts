import type { ContentPart, DocumentSource, MediaSource } from '../canonical.ts';
import type { JsonObject } from '../protocol.ts';
import { optionalObjectAt, stringAt } from './proto-json.ts';
import type { WirePart } from './wire.ts';

/** The part of an `inlineData` or `fileData`, by its media type; undefined when it has neither. */
export function mediaPart(part: JsonObject, path: string): ContentPart | undefined {
  const inline = optionalObjectAt(part.inlineData, `${path}.inlineData`);
  if (inline !== undefined) {
    const mediaType = stringAt(inline.mimeType, `${path}.inlineData.mimeType`) ?? 'application/octet-stream';
    const base64 = stringAt(inline.data, `${path}.inlineData.data`) ?? '';
    return ofType(mediaType, { kind: 'bytes', mediaType, base64 }, stringAt(inline.displayName, path));
  }
  const file = optionalObjectAt(part.fileData, `${path}.fileData`);
  if (file === undefined) return undefined;
  const mediaType = stringAt(file.mimeType, `${path}.fileData.mimeType`);
  const url = stringAt(file.fileUri, `${path}.fileData.fileUri`) ?? '';
  const source: MediaSource = mediaType === undefined ? { kind: 'url', url } : { kind: 'url', url, mediaType };
  return ofType(mediaType ?? mediaTypeOf(url) ?? '', source, stringAt(file.displayName, path));
}

function ofType(mediaType: string, source: MediaSource, name: string | undefined): ContentPart {
  if (mediaType.startsWith('image/')) return { kind: 'image', source };
  if (mediaType.startsWith('audio/')) return { kind: 'audio', source, format: audioFormat(mediaType) };
  return name === undefined ? { kind: 'document', source } : { kind: 'document', source, name };
}

/** `audio/mpeg` is called mp3 everywhere else; `x-` prefixes say nothing. */
function audioFormat(mediaType: string): string {
  const subtype = mediaType.slice('audio/'.length).split(';')[0] ?? '';
  return subtype === 'mpeg' ? 'mp3' : subtype.replace(/^x-/, '');
}

const typesByExtension: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heic',
  pdf: 'application/pdf',
  txt: 'text/plain',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  mp4: 'video/mp4',
};

function mediaTypeOf(url: string): string | undefined {
  const extension = /\.([a-z0-9]+)(?:[?#]|$)/i.exec(url)?.[1];
  return extension === undefined ? undefined : typesByExtension[extension.toLowerCase()];
}

/** Used where a URL gives no hint; Gemini refuses a file without a type. */
export const fallbackTypes = { image: 'image/jpeg', audio: 'audio/wav', document: 'application/pdf' } as const;

/**
 * Media as Gemini takes it: bytes inline, everything with a URL (its own Files API included) as a file. Undefined for
 * an id of another provider's file store.
 */
export function mediaToWire(source: DocumentSource, fallbackType: string, name?: string): WirePart | undefined {
  const displayName = name === undefined ? {} : { displayName: name };
  switch (source.kind) {
    case 'bytes':
      return { inlineData: { mimeType: source.mediaType, data: source.base64, ...displayName } };
    case 'url':
      return {
        fileData: { mimeType: source.mediaType ?? mediaTypeOf(source.url) ?? fallbackType, fileUri: source.url },
      };
    case 'file':
      return /^(https|gs):\/\//.test(source.id)
        ? { fileData: { mimeType: fallbackType, fileUri: source.id } }
        : undefined;
    case 'text':
      return { text: source.text };
  }
}
