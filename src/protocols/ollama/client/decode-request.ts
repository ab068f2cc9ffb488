import type { Tool } from '../../canonical.ts';
import {
  at,
  optionalBoolean,
  optionalObject,
  optionalObjects,
  optionalString,
  requiredObject,
  requiredString,
} from '../../fields.ts';
import type { DecodedRequest, JsonObject } from '../../protocol.ts';
import { decodeMessages } from './decode-messages.ts';
import { decodeSettings } from './decode-settings.ts';

const knownFields = ['model', 'messages', 'tools', 'stream'] as const;

/** Decodes a request to `/api/chat`. Streams are the default on this wire, and usage is always in them. */
export function decodeRequest(body: JsonObject): DecodedRequest {
  const drops = new Set<string>();
  const request = {
    model: optionalString(body, 'model') ?? '',
    messages: decodeMessages(body),
    tools: decodeTools(body, drops),
    ...decodeSettings(body, knownFields),
    stream: optionalBoolean(body, 'stream') ?? true,
    includeUsage: true,
  };
  return { request, drops: [...drops] };
}

function decodeTools(body: JsonObject, drops: Set<string>): readonly Tool[] {
  return (optionalObjects(body, 'tools') ?? []).flatMap(({ value, path }) => {
    const type = optionalString(value, 'type', path) ?? 'function';
    if (type !== 'function') {
      drops.add(`tools.${type}`);
      return [];
    }
    const here = at(path, 'function');
    const named = requiredObject(value, 'function', path);
    return [
      {
        name: requiredString(named, 'name', here),
        description: optionalString(named, 'description', here),
        parameters: optionalObject(named, 'parameters', here) ?? { type: 'object', properties: {} },
      },
    ];
  });
}
