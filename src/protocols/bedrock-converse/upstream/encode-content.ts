import type { ContentPart, DocumentSource, MediaSource, ReasoningPart } from '../../canonical.ts';
import { inputOf } from '../../tool-input.ts';
import { wireName } from '../names.ts';
import type { ContentBlock, DocumentBlock, DocumentFormat, ImageBlock, ResultBlock } from '../wire.ts';
import { type Encoding, incapable } from './encoding.ts';

type Part<K extends ContentPart['kind']> = Extract<ContentPart, { kind: K }>;

const imageFormats: Readonly<Record<string, ImageBlock['image']['format']>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/jpg': 'jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
};

const documentFormats: Readonly<Record<string, DocumentFormat>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'text/html': 'html',
  'text/markdown': 'md',
  'application/json': 'txt',
};

/** The API refuses blank text; a result must not be empty all the same. */
const noOutput = '(no output)';

function bytesOf(source: MediaSource, what: string): { readonly base64: string; readonly mediaType: string } {
  switch (source.kind) {
    case 'bytes':
      return { base64: source.base64, mediaType: source.mediaType.toLowerCase() };
    case 'url':
      throw incapable(`${what} by URL`, 'messages');
    case 'file':
      throw incapable(`${what} from a file store`, 'messages');
  }
}

function imageBlock(part: Part<'image'>, encoding: Encoding): ImageBlock {
  if (part.detail !== undefined && part.detail !== 'auto') encoding.drops.add('image.detail');
  const { base64, mediaType } = bytesOf(part.source, 'images');
  const format = imageFormats[mediaType];
  if (format === undefined) throw incapable(`images of type ${mediaType}`, 'messages');
  return { image: { format, source: { bytes: base64 } } };
}

function documentBytes(source: DocumentSource): { readonly format: DocumentFormat; readonly base64: string } {
  if (source.kind === 'text') return { format: 'txt', base64: Buffer.from(source.text).toString('base64') };
  const { base64, mediaType } = bytesOf(source, 'documents');
  const format = documentFormats[mediaType] ?? (mediaType.startsWith('text/') ? 'txt' : undefined);
  if (format === undefined) throw incapable(`documents of type ${mediaType}`, 'messages');
  return { format, base64 };
}

function documentBlock(part: Part<'document'>, encoding: Encoding): DocumentBlock {
  const { format, base64 } = documentBytes(part.source);
  return { document: { format, name: encoding.documentName(part.name), source: { bytes: base64 } } };
}

function textBlocks(text: string): readonly { readonly text: string }[] {
  return text.trim() === '' ? [] : [{ text }];
}

/** What may also stand in the result of a tool. */
function resultBlocks(part: ContentPart, encoding: Encoding): readonly ResultBlock[] {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return textBlocks(part.text);
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

function toolResult(part: Part<'tool-result'>, encoding: Encoding): ContentBlock {
  const content = part.content.flatMap((inner) => resultBlocks(inner, encoding));
  return {
    toolResult: {
      toolUseId: wireName(part.id),
      content: content.length === 0 ? [{ text: noOutput }] : content,
      ...(part.isError === true ? { status: 'error' } : undefined),
    },
  };
}

function cacheOf(part: ContentPart, encoding: Encoding): readonly ContentBlock[] {
  return 'cache' in part ? encoding.cachePoint(part.cache, 'content') : [];
}

/** Blocks of a user message, the results of tools included. */
export function userBlocks(part: ContentPart, encoding: Encoding): readonly ContentBlock[] {
  const blocks = part.kind === 'tool-result' ? [toolResult(part, encoding)] : resultBlocks(part, encoding);
  return blocks.length === 0 ? [] : [...blocks, ...cacheOf(part, encoding)];
}

/** Only what this model's kind sealed can go back; models without seals take no reasoning back at all. */
function reasoningBlocks({ text, seal }: ReasoningPart, encoding: Encoding): readonly ContentBlock[] {
  if (seal?.protocol !== encoding.traits.sealProtocol) {
    encoding.drops.add('messages.reasoning');
    return [];
  }
  if (seal.isRedacted === true) return [{ reasoningContent: { redactedContent: seal.value } }];
  return [{ reasoningContent: { reasoningText: { text, signature: seal.value } } }];
}

/** Blocks of an assistant message, which takes text, reasoning and calls alone. */
export function assistantBlocks(part: ContentPart, encoding: Encoding): readonly ContentBlock[] {
  switch (part.kind) {
    case 'text':
    case 'refusal': {
      const blocks = textBlocks(part.text);
      return blocks.length === 0 ? [] : [...blocks, ...cacheOf(part, encoding)];
    }
    case 'reasoning':
      return reasoningBlocks(part, encoding);
    case 'tool-call': {
      const input = inputOf(part.arguments);
      const call = { toolUse: { toolUseId: wireName(part.id), name: wireName(part.name), input } };
      return [call, ...cacheOf(part, encoding)];
    }
    case 'image':
    case 'audio':
    case 'document':
    case 'tool-result':
      encoding.drops.add(`messages.assistant.${part.kind}`);
      return [];
  }
}
