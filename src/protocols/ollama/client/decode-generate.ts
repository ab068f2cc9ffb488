import { GatewayError } from '../../../core/errors.ts';
import type { ContentPart, Message } from '../../canonical.ts';
import { optionalBoolean, optionalString } from '../../fields.ts';
import type { DecodedRequest, JsonObject } from '../../protocol.ts';
import { decodeImages } from './decode-images.ts';
import { decodeSettings } from './decode-settings.ts';

/**
 * Fields that no chat can honour: the text after a gap, the client's own template or none at all, the tokens of an
 * earlier answer, the size of a picture to be made.
 */
const uncarried = ['suffix', 'template', 'raw', 'width', 'height', 'steps'] as const;

const knownFields = ['model', 'prompt', 'system', 'images', 'stream', 'context', ...uncarried] as const;

/** Decodes a request to `/api/generate` as a chat of one turn. */
export function decodeGenerate(body: JsonObject): DecodedRequest {
  if (asksFor(body.context))
    throw new GatewayError('unsupported', "'context' is only known to the server that made it; use /api/chat.", {
      param: 'context',
    });
  const request = {
    model: optionalString(body, 'model') ?? '',
    messages: decodePrompt(body),
    tools: [],
    ...decodeSettings(body, knownFields),
    stream: optionalBoolean(body, 'stream') ?? true,
    includeUsage: true,
  };
  return { request, drops: uncarried.filter((field) => asksFor(body[field])) };
}

function decodePrompt(body: JsonObject): readonly Message[] {
  const system = optionalString(body, 'system') ?? '';
  const prompt = optionalString(body, 'prompt') ?? '';
  const content: readonly ContentPart[] = [
    ...decodeImages(body),
    ...(prompt === '' ? [] : [{ kind: 'text' as const, text: prompt }]),
  ];
  const turn: Message = { role: 'user', content };
  return system === '' ? [turn] : [{ role: 'system', content: [{ kind: 'text', text: system }] }, turn];
}

/** Clients in Go send every field, empty where it asks for nothing. */
function asksFor(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false && value !== '' && value !== 0;
}
