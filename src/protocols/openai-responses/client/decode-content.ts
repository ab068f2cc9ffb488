import type { ContentPart, DocumentSource, MediaSource } from '../../canonical.ts';
import { parseDataUrl } from '../../data-url.ts';
import { badField, isObject, optionalString, requiredObject, requiredString } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';

type Drop = (name: string) => void;
type PartDecoder = (part: JsonObject, at: string) => ContentPart | undefined;

/** Parts of a message or of a tool's output. Unknown kinds are dropped by name, so that newer clients still work. */
export function decodeContent(value: unknown, at: string, drop: Drop): readonly ContentPart[] {
  if (value === undefined || value === null || value === '') return [];
  if (typeof value === 'string') return [{ kind: 'text', text: value }];
  if (!Array.isArray(value)) throw badField(at, 'a string or an array');
  return value.flatMap((part, index) => {
    if (!isObject(part)) throw badField(`${at}[${index}]`, 'an object');
    const type = String(part.type);
    const decoded = partDecoders.get(type)?.(part, `${at}[${index}]`);
    if (decoded === undefined) drop(`content.${type}`);
    return decoded ?? [];
  });
}

const partDecoders: ReadonlyMap<string, PartDecoder> = new Map([
  ['input_text', decodeText],
  ['output_text', decodeText],
  ['text', decodeText],
  [
    'refusal',
    (part: JsonObject, at: string) => ({ kind: 'refusal' as const, text: requiredString(part, 'refusal', at) }),
  ],
  ['input_image', decodeImage],
  ['input_file', decodeFile],
  ['input_audio', decodeAudio],
]);

function decodeText(part: JsonObject, at: string): ContentPart {
  const annotations = part.annotations;
  const text = requiredString(part, 'text', at);
  return Array.isArray(annotations) && annotations.length > 0
    ? { kind: 'text', text, citations: annotations }
    : { kind: 'text', text };
}

function decodeImage(part: JsonObject, at: string): ContentPart {
  const detail = optionalString(part, 'detail', at);
  const url = optionalString(part, 'image_url', at);
  const source = url === undefined ? storedFile(part, at) : urlSource(url, `${at}.image_url`);
  if (source === undefined) throw badField(`${at}.image_url`, 'a URL, or a file_id beside it');
  return { kind: 'image', source, ...(detail !== undefined && { detail }) };
}

function decodeFile(part: JsonObject, at: string): ContentPart {
  const name = optionalString(part, 'filename', at);
  const source = fileSource(part, at, name);
  return { kind: 'document', source, ...(name !== undefined && { name }) };
}

function fileSource(part: JsonObject, at: string, name: string | undefined): DocumentSource {
  const data = optionalString(part, 'file_data', at);
  if (data !== undefined) {
    if (data.startsWith('data:')) return urlSource(data, `${at}.file_data`);
    return { kind: 'bytes', mediaType: typeOfFile(name), base64: data };
  }
  const url = optionalString(part, 'file_url', at);
  const source = url === undefined ? storedFile(part, at) : urlSource(url, `${at}.file_url`);
  if (source === undefined) throw badField(`${at}.file_data`, 'file data, a file_url or a file_id');
  return source;
}

/** Bare base64 says nothing of its type; PDF is what nearly everybody sends. */
function typeOfFile(name: string | undefined): string {
  return name === undefined || name.toLowerCase().endsWith('.pdf') ? 'application/pdf' : 'application/octet-stream';
}

function storedFile(part: JsonObject, at: string): MediaSource | undefined {
  const id = optionalString(part, 'file_id', at);
  return id === undefined ? undefined : { kind: 'file', id };
}

function urlSource(url: string, at: string): MediaSource {
  if (!url.startsWith('data:')) return { kind: 'url', url };
  const source = parseDataUrl(url);
  if (source === undefined) throw badField(at, 'a URL or a readable data URL');
  return source;
}

const audioTypes: Readonly<Record<string, string>> = { mp3: 'audio/mpeg', wav: 'audio/wav' };

function decodeAudio(part: JsonObject, at: string): ContentPart {
  const audio = requiredObject(part, 'input_audio', at);
  const format = requiredString(audio, 'format', `${at}.input_audio`);
  const base64 = requiredString(audio, 'data', `${at}.input_audio`);
  return {
    kind: 'audio',
    source: { kind: 'bytes', mediaType: audioTypes[format] ?? `audio/${format}`, base64 },
    format,
  };
}
