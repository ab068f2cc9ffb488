import type { ChatCompletionContentPart, ChatCompletionContentPartText } from 'openai/resources/chat/completions';
import { GatewayError } from '../../../core/errors.ts';
import type { EndpointQuirks } from '../../../core/model.ts';
import type { CacheMark, ContentPart, DocumentSource, MediaSource } from '../../canonical.ts';
import { toDataUrl } from '../../data-url.ts';
import { present } from '../../fields.ts';

/** What encoding of one request needs to know, and what it found that the wire cannot carry. */
export interface EncodeState {
  readonly quirks: EndpointQuirks;
  readonly drops: Set<string>;
}

type TextPart = Extract<ContentPart, { kind: 'text' }>;

export function isText(part: ContentPart): part is TextPart {
  return part.kind === 'text';
}

/** A single text is a string, which every server takes; several stay parts. */
export function encodeText(texts: readonly TextPart[], state: EncodeState): string | ChatCompletionContentPartText[] {
  const [first] = texts;
  if (first === undefined) return '';
  const isPlain = texts.length === 1 && (first.cache === undefined || state.quirks.cacheMarks !== true);
  if (!isPlain) return texts.map((part) => encodeTextPart(part, state));
  if (first.cache !== undefined) state.drops.add('cache_control');
  return first.text;
}

function encodeTextPart(part: TextPart, state: EncodeState): ChatCompletionContentPartText {
  return { type: 'text', text: part.text, ...encodeCacheMark(part.cache, state) };
}

export function encodeCacheMark(mark: CacheMark | undefined, { quirks, drops }: EncodeState): object {
  if (mark === undefined) return {};
  if (quirks.cacheMarks === true) return { cache_control: present({ type: 'ephemeral', ttl: mark.ttl }) };
  drops.add('cache_control');
  return {};
}

/**
 * A part of a user message. Undefined, and named as a drop, for what users' messages never hold. Media that the
 * upstream cannot take throw `upstream_incapable`, since an answer that ignored them would be wrong.
 */
export function encodePart(part: ContentPart, state: EncodeState): ChatCompletionContentPart | undefined {
  switch (part.kind) {
    case 'text':
      return encodeTextPart(part, state);
    case 'image':
      return encodeImage(part, state);
    case 'audio':
      return encodeAudio(part);
    case 'document':
      return encodeDocument(part, state);
    case 'refusal':
      return { type: 'text', text: part.text };
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
      state.drops.add(`user.${part.kind}`);
      return undefined;
  }
}

function encodeImage(part: Extract<ContentPart, { kind: 'image' }>, state: EncodeState): ChatCompletionContentPart {
  const image: { url: string; detail?: string } = present({
    url: imageUrl(part.source, state.quirks),
    detail: part.detail,
  });
  // The SDK lists the words for `detail` that it knows; new ones are the upstream's to judge.
  return { type: 'image_url', image_url: image as { url: string }, ...encodeCacheMark(part.cache, state) };
}

function imageUrl(source: MediaSource, quirks: EndpointQuirks): string {
  switch (source.kind) {
    case 'bytes':
      return toDataUrl(source);
    case 'url':
      if (quirks.imageBytesOnly === true) throw incapable('images by URL');
      return source.url;
    case 'file':
      throw incapable('images by file id');
  }
}

function encodeAudio(part: Extract<ContentPart, { kind: 'audio' }>): ChatCompletionContentPart {
  if (part.source.kind !== 'bytes') throw incapable('audio by reference');
  const format = part.format ?? audioFormat(part.source.mediaType);
  // OpenAI takes two formats, compatible servers more.
  return { type: 'input_audio', input_audio: { data: part.source.base64, format: format as 'wav' | 'mp3' } };
}

function audioFormat(mediaType: string): string {
  const subtype = mediaType.replace(/^audio\/(?:x-)?/, '');
  return subtype === 'mpeg' ? 'mp3' : subtype;
}

function encodeDocument(
  part: Extract<ContentPart, { kind: 'document' }>,
  state: EncodeState,
): ChatCompletionContentPart {
  const mark = encodeCacheMark(part.cache, state);
  const text = documentText(part.source);
  if (text !== undefined) {
    const title = part.name === undefined ? '' : `${part.name}:\n`;
    return { type: 'text', text: `${title}${text}`, ...mark };
  }
  return { type: 'file', file: { ...fileSource(part.source), ...present({ filename: part.name }) }, ...mark };
}

/** Text goes as text: the file part of this wire is for PDF. */
function documentText(source: DocumentSource): string | undefined {
  if (source.kind === 'text') return source.text;
  if (source.kind !== 'bytes' || !source.mediaType.startsWith('text/')) return undefined;
  return Buffer.from(source.base64, 'base64').toString('utf8');
}

function fileSource(source: DocumentSource): { file_id: string } | { file_data: string } {
  switch (source.kind) {
    case 'bytes':
      return { file_data: toDataUrl(source) };
    case 'file':
      return { file_id: source.id };
    case 'url':
    case 'text':
      throw incapable('documents by URL');
  }
}

function incapable(what: string): GatewayError {
  return new GatewayError('upstream_incapable', `This upstream does not take ${what}.`);
}
