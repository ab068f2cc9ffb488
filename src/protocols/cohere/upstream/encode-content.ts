import type { ContentPart, DocumentSource, MediaSource, ToolResultPart } from '../../canonical.ts';
import { toDataUrl } from '../../data-url.ts';
import { present } from '../../fields.ts';
import type { WireAssistantContent, WireToolContent, WireUserContent } from '../wire.ts';
import { dropCacheMark, type EncodeState, incapable } from './encoding.ts';

export type TextContent = Extract<WireUserContent, { type: 'text' }>;

/** A single text is a string; several stay parts. */
export function plainOrParts<T extends { readonly type: string }>(parts: readonly (T | TextContent)[]) {
  const [first] = parts;
  return parts.length === 1 && first !== undefined && isTextContent(first) ? first.text : parts;
}

function isTextContent(part: { readonly type: string }): part is TextContent {
  return part.type === 'text';
}

/** Texts of an instruction; anything else in it is named as a drop. */
export function encodeTexts(content: readonly ContentPart[], state: EncodeState): readonly TextContent[] {
  return content.flatMap((part) => {
    if (part.kind === 'text') {
      dropCacheMark(part.cache, state);
      return [{ type: 'text' as const, text: part.text }];
    }
    state.drops.add(`system.${part.kind}`);
    return [];
  });
}

/** A part of a user's message. Media that the wire has no place for throw `upstream_incapable`. */
export function encodeUserPart(part: ContentPart, state: EncodeState): readonly WireUserContent[] {
  switch (part.kind) {
    case 'text':
      dropCacheMark(part.cache, state);
      return [{ type: 'text', text: part.text }];
    case 'refusal':
      return [{ type: 'text', text: part.text }];
    case 'image':
      dropCacheMark(part.cache, state);
      return [{ type: 'image_url', image_url: present({ url: imageUrl(part.source), detail: detailOf(part.detail) }) }];
    case 'document': {
      dropCacheMark(part.cache, state);
      const title = part.name === undefined ? '' : `${part.name}:\n`;
      return [{ type: 'text', text: `${title}${documentText(part.source)}` }];
    }
    case 'audio':
      throw incapable('audio');
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
      state.drops.add(`user.${part.kind}`);
      return [];
  }
}

function imageUrl(source: MediaSource): string {
  switch (source.kind) {
    case 'bytes':
      return toDataUrl(source);
    case 'url':
      return source.url;
    case 'file':
      throw incapable('images by file id');
  }
}

/** Other words mean a level that the wire does not know; its default is the nearest. */
function detailOf(detail: string | undefined): 'auto' | 'low' | 'high' | undefined {
  return detail === 'auto' || detail === 'low' || detail === 'high' ? detail : undefined;
}

/** There are documents in answers to tools alone, and of text alone. */
function documentText(source: DocumentSource): string {
  if (source.kind === 'text') return source.text;
  if (source.kind === 'bytes' && source.mediaType.startsWith('text/')) {
    return Buffer.from(source.base64, 'base64').toString('utf8');
  }
  throw incapable('documents other than text');
}

/** What an assistant said, without its calls. */
export function encodeAssistantPart(part: ContentPart, state: EncodeState): readonly WireAssistantContent[] {
  switch (part.kind) {
    case 'text':
      dropCacheMark(part.cache, state);
      return [{ type: 'text', text: part.text }];
    case 'refusal':
      return [{ type: 'text', text: part.text }];
    case 'reasoning':
      // Sealed reasoning that is not shown says nothing here.
      if (part.text !== '' && state.reasons) return [{ type: 'thinking', thinking: part.text }];
      state.drops.add('reasoning');
      return [];
    case 'tool-call':
      return [];
    case 'image':
    case 'audio':
    case 'document':
    case 'tool-result':
      state.drops.add('assistant.media');
      return [];
  }
}

/** What a result holds that its message can: texts, and texts with a title as documents. Images follow later. */
export function encodeResultContent(result: ToolResultPart, state: EncodeState): readonly WireToolContent[] {
  return result.content.flatMap((part): readonly WireToolContent[] => {
    if (part.kind === 'text') return [{ type: 'text', text: part.text }];
    if (part.kind !== 'document') return [];
    dropCacheMark(part.cache, state);
    return [{ type: 'document', document: { data: present({ title: part.name, text: documentText(part.source) }) } }];
  });
}
