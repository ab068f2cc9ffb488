import type { ContentPart, DocumentSource } from '../../canonical.ts';
import { toDataUrl } from '../../data-url.ts';
import type { WireInputPart, WireRefusal, WireText } from '../wire.ts';

/** What a user message and a tool's output are made of. Undefined: cannot stand there. */
export function inputPart(part: ContentPart): WireInputPart | undefined {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return { type: 'input_text', text: part.text };
    case 'image':
      return imagePart(part);
    case 'document':
      return { type: 'input_file', ...fileSource(part.source), ...filename(part) };
    case 'audio':
      return audioPart(part);
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
      return undefined;
  }
}

function imagePart(part: Extract<ContentPart, { kind: 'image' }>): WireInputPart {
  const { source } = part;
  const detail = part.detail ?? 'auto';
  if (source.kind === 'file') return { type: 'input_image', detail, file_id: source.id };
  return { type: 'input_image', detail, image_url: source.kind === 'url' ? source.url : toDataUrl(source) };
}

/** Files that are sent along must have a name. */
function filename(part: Extract<ContentPart, { kind: 'document' }>): { readonly filename?: string } {
  if (part.name !== undefined) return { filename: part.name };
  const { source } = part;
  if (source.kind === 'file' || source.kind === 'url') return {};
  const isPdf = source.kind === 'bytes' && source.mediaType === 'application/pdf';
  return { filename: isPdf ? 'document.pdf' : 'document.txt' };
}

function fileSource(source: DocumentSource): { file_id: string } | { file_url: string } | { file_data: string } {
  switch (source.kind) {
    case 'file':
      return { file_id: source.id };
    case 'url':
      return { file_url: source.url };
    case 'bytes':
      return { file_data: toDataUrl(source) };
    case 'text': {
      const base64 = Buffer.from(source.text).toString('base64');
      return { file_data: toDataUrl({ kind: 'bytes', mediaType: source.mediaType ?? 'text/plain', base64 }) };
    }
  }
}

/** Only bytes: this wire has no other form of audio. */
function audioPart(part: Extract<ContentPart, { kind: 'audio' }>): WireInputPart | undefined {
  if (part.source.kind !== 'bytes') return undefined;
  const format = part.format ?? (part.source.mediaType === 'audio/mpeg' ? 'mp3' : part.source.mediaType.split('/')[1]);
  return { type: 'input_audio', input_audio: { data: part.source.base64, format: format ?? 'wav' } };
}

/** What a model's message is made of. Undefined: a model does not answer with that. */
export function outputPart(part: ContentPart): WireText | WireRefusal | undefined {
  if (part.kind === 'refusal') return { type: 'refusal', refusal: part.text };
  if (part.kind !== 'text') return undefined;
  return { type: 'output_text', text: part.text, annotations: ownAnnotations(part.citations) };
}

const annotationTypes: ReadonlySet<unknown> = new Set([
  'file_citation',
  'url_citation',
  'container_file_citation',
  'file_path',
] satisfies WireText['annotations'][number]['type'][]);

/** Citations of other protocols have other shapes, which strict clients refuse. */
function ownAnnotations(citations: readonly unknown[] | undefined): WireText['annotations'] {
  return (citations ?? []).filter((citation): citation is WireText['annotations'][number] => {
    return (
      typeof citation === 'object' && citation !== null && 'type' in citation && annotationTypes.has(citation.type)
    );
  });
}
