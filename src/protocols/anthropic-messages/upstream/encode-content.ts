import type { ContentPart, DocumentSource, MediaSource, Seal } from '../../canonical.ts';
import { type Encoding, incapable } from '../../claude/encoding.ts';
import { inputOf } from '../../tool-input.ts';
import {
  type ContentBlockParam,
  type DocumentBlockParam,
  type ImageBlockParam,
  protocol,
  type TextBlockParam,
  type ToolResultBlockParam,
} from '../wire.ts';

type Part<K extends ContentPart['kind']> = Extract<ContentPart, { kind: K }>;

const imageTypes = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] as const;

/** The pattern that ids of calls must match; other providers' ids hold colons and dots. */
function wireCallId(id: string): string {
  return id.replaceAll(/[^a-zA-Z0-9_-]/g, '_');
}

function imageSource(source: MediaSource): ImageBlockParam['source'] {
  switch (source.kind) {
    case 'url':
      return { type: 'url', url: source.url };
    case 'file':
      return { type: 'file', file_id: source.id };
    case 'bytes': {
      const mediaType = imageTypes.find((known) => known === source.mediaType.toLowerCase());
      if (mediaType === undefined) throw incapable(`images of type ${source.mediaType}`, 'messages');
      return { type: 'base64', media_type: mediaType, data: source.base64 };
    }
  }
}

function imageBlock(part: Part<'image'>, encoding: Encoding): ImageBlockParam {
  if (part.detail !== undefined && part.detail !== 'auto') encoding.drops.add('image.detail');
  return { type: 'image', source: imageSource(part.source), ...encoding.cache(part.cache) };
}

function documentBytes(source: Extract<DocumentSource, { kind: 'bytes' }>): DocumentBlockParam['source'] {
  if (source.mediaType === 'application/pdf') {
    return { type: 'base64', media_type: 'application/pdf', data: source.base64 };
  }
  if (!source.mediaType.startsWith('text/') && source.mediaType !== 'application/json') {
    throw incapable(`documents of type ${source.mediaType}`, 'messages');
  }
  return { type: 'text', media_type: 'text/plain', data: Buffer.from(source.base64, 'base64').toString('utf8') };
}

function documentSource(source: DocumentSource): DocumentBlockParam['source'] {
  switch (source.kind) {
    case 'bytes':
      return documentBytes(source);
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text };
    case 'url':
      return { type: 'url', url: source.url };
    case 'file':
      return { type: 'file', file_id: source.id };
  }
}

function documentBlock(part: Part<'document'>, encoding: Encoding): DocumentBlockParam {
  const title = part.name === undefined ? undefined : { title: part.name };
  return { type: 'document', source: documentSource(part.source), ...title, ...encoding.cache(part.cache) };
}

/** The API refuses text blocks without a visible character. */
function textBlocks(text: string, cache: ReturnType<Encoding['cache']>): readonly ContentBlockParam[] {
  return text.trim() === '' ? [] : [{ type: 'text', text, ...cache }];
}

/** Only what this protocol sealed can go back; other reasoning means nothing to the model and is refused unsealed. */
function reasoningBlocks(text: string, seal: Seal | undefined, encoding: Encoding): readonly ContentBlockParam[] {
  if (seal?.protocol !== protocol) {
    encoding.drops.add('messages.reasoning');
    return [];
  }
  if (seal.isRedacted === true) return [{ type: 'redacted_thinking', data: seal.value }];
  return [{ type: 'thinking', thinking: text, signature: seal.value }];
}

type ResultBlock = TextBlockParam | ImageBlockParam | DocumentBlockParam;

/** Blocks that may also stand in a tool result. */
function resultBlocks(part: ContentPart, encoding: Encoding): ResultBlock[] {
  switch (part.kind) {
    case 'text':
      return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text, ...encoding.cache(part.cache) }];
    case 'refusal':
      return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }];
    case 'image':
      return [imageBlock(part, encoding)];
    case 'document':
      return [documentBlock(part, encoding)];
    case 'audio':
      throw incapable('audio', 'messages');
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
      encoding.drops.add(`tool_result.${part.kind}`);
      return [];
  }
}

function toolResultBlock(part: Part<'tool-result'>, encoding: Encoding): ToolResultBlockParam {
  const content = part.content.flatMap((inner) => resultBlocks(inner, encoding));
  return {
    type: 'tool_result',
    tool_use_id: wireCallId(part.id),
    ...(content.length > 0 ? { content } : undefined),
    ...(part.isError === true ? { is_error: true } : undefined),
    ...encoding.cache(part.cache),
  };
}

/** Blocks of a user message. Tool results are placed by the caller, who knows their order. */
export function userBlocks(part: ContentPart, encoding: Encoding): readonly ContentBlockParam[] {
  return part.kind === 'tool-result' ? [toolResultBlock(part, encoding)] : resultBlocks(part, encoding);
}

/** Blocks of an assistant message, which takes text, thinking and calls alone. */
export function assistantBlocks(part: ContentPart, encoding: Encoding): readonly ContentBlockParam[] {
  switch (part.kind) {
    case 'text':
      return textBlocks(part.text, encoding.cache(part.cache));
    case 'refusal':
      return textBlocks(part.text, undefined);
    case 'reasoning':
      return reasoningBlocks(part.text, part.seal, encoding);
    case 'tool-call':
      return [
        {
          type: 'tool_use',
          id: wireCallId(part.id),
          name: part.name,
          input: inputOf(part.arguments),
          ...encoding.cache(part.cache),
        },
      ];
    case 'image':
    case 'audio':
    case 'document':
    case 'tool-result':
      encoding.drops.add(`messages.assistant.${part.kind}`);
      return [];
  }
}
