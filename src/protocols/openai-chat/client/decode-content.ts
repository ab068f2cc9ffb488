import type { ContentPart, DocumentSource, MediaSource } from '../../canonical.ts';
import { parseDataUrl } from '../../data-url.ts';
import {
  asArray,
  asObject,
  asString,
  at,
  badField,
  isObject,
  optionalString,
  requiredObject,
  requiredString,
} from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';
import { decodeCacheMark } from './decode-tools.ts';

type PartDecoder = (part: JsonObject, path: string) => ContentPart;

const partDecoders: Readonly<Record<string, PartDecoder>> = {
  text: decodeText,
  input_text: decodeText,
  output_text: decodeText,
  image_url: decodeImage,
  input_audio: decodeAudio,
  file: decodeFile,
  refusal: (part, path) => ({ kind: 'refusal', text: requiredString(part, 'refusal', path) }),
  thinking: (part) => ({ kind: 'reasoning', text: thinkingText(part) }),
};

/**
 * `content` of a message: a string, parts, or nothing. Empty texts go: they say nothing, and stricter protocols
 * refuse them. Kinds of parts that are unknown here are dropped by name.
 */
export function decodeContent(message: JsonObject, path: string, drops: Set<string>): readonly ContentPart[] {
  const { content } = message;
  if (content === undefined || content === null || content === '') return [];
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  const here = at(path, 'content');
  if (!Array.isArray(content)) throw badField(here, 'a string or an array of parts');
  return content
    .map((part, i) => decodePart(part, at(here, i), drops))
    .filter((part) => part !== undefined)
    .filter((part) => part.kind !== 'text' || part.text !== '');
}

function decodePart(part: unknown, path: string, drops: Set<string>): ContentPart | undefined {
  if (typeof part === 'string') return { kind: 'text', text: part };
  if (!isObject(part)) throw badField(path, 'a part with a type');
  const type = requiredString(part, 'type', path);
  const decode = Object.hasOwn(partDecoders, type) ? partDecoders[type] : undefined;
  if (decode === undefined) drops.add(`content.${type}`);
  return decode?.(part, path);
}

function decodeText(part: JsonObject, path: string): ContentPart {
  return { kind: 'text', text: requiredString(part, 'text', path), cache: decodeCacheMark(part) };
}

/** Some servers' clients put the URL itself where OpenAI has an object. */
function decodeImage(part: JsonObject, path: string): ContentPart {
  const { image_url: image } = part;
  const isBare = typeof image === 'string';
  const object = isBare ? { url: image } : requiredObject(part, 'image_url', path);
  const here = at(path, 'image_url');
  const urlPath = isBare ? here : at(here, 'url');
  const url = requiredString(object, 'url', here);
  return {
    kind: 'image',
    source: decodeUrl(url, urlPath),
    detail: optionalString(object, 'detail', here),
    cache: decodeCacheMark(part),
  };
}

function decodeUrl(url: string, path: string): MediaSource {
  const bytes = parseDataUrl(url);
  if (bytes !== undefined) return bytes;
  if (!/^https?:\/\//i.test(url)) throw badField(path, 'an http(s) or a data URL');
  return { kind: 'url', url };
}

function decodeAudio(part: JsonObject, path: string): ContentPart {
  const audio = requiredObject(part, 'input_audio', path);
  const here = at(path, 'input_audio');
  const format = requiredString(audio, 'format', here);
  const base64 = requiredString(audio, 'data', here);
  const mediaType = format === 'mp3' ? 'audio/mpeg' : `audio/${format}`;
  return { kind: 'audio', source: { kind: 'bytes', mediaType, base64 }, format };
}

function decodeFile(part: JsonObject, path: string): ContentPart {
  const file = requiredObject(part, 'file', path);
  const here = at(path, 'file');
  return {
    kind: 'document',
    source: decodeFileSource(file, here),
    name: optionalString(file, 'filename', here),
    cache: decodeCacheMark(part),
  };
}

function decodeFileSource(file: JsonObject, path: string): DocumentSource {
  const id = optionalString(file, 'file_id', path);
  if (id !== undefined) return { kind: 'file', id };
  const data = requiredString(file, 'file_data', path);
  if (/^https?:\/\//i.test(data)) return { kind: 'url', url: data };
  // Bare base64 is what OpenAI's own examples for PDF files send.
  return parseDataUrl(data) ?? { kind: 'bytes', mediaType: 'application/pdf', base64: data };
}

/** The text of Mistral's thinking part, which nests text parts. */
export function thinkingText(part: JsonObject): string {
  const { thinking } = part;
  if (typeof thinking === 'string') return thinking;
  return asArray(thinking)
    .map((piece) => asString(asObject(piece)?.text) ?? '')
    .join('');
}
