import { GatewayError } from '../../../core/errors.ts';
import type { CanonicalRequest } from '../../canonical.ts';
import { present } from '../../fields.ts';
import type { DecodedRequest, InboundRoute, JsonObject } from '../../protocol.ts';
import { camelCased, optionalObjectAt, stringAt } from '../proto-json.ts';
import { type Drops, messagesFromContents, systemFromInstruction } from './decode-contents.ts';
import { generationFromWire } from './decode-generation.ts';
import { toolChoiceFromWire, toolsFromWire } from './decode-tools.ts';

const known = new Set([
  'model',
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'generationConfig',
  'labels',
  'serviceTier',
]);

/** The model of the path, without the collection that Google writes before it. */
export function routeModel(route: InboundRoute): string | undefined {
  return route.model?.replace(/^models\//, '');
}

export function isStreamed(route: InboundRoute): boolean {
  return route.action === 'streamGenerateContent';
}

/** Throws `bad_request` naming the field; unknown fields are dropped by name. */
export function decodeRequest(value: JsonObject, route: InboundRoute): DecodedRequest {
  const body = camelCased(value);
  if ((body.cachedContent ?? undefined) !== undefined)
    throw new GatewayError('unsupported', 'cachedContent is kept at Google; send the contents themselves.', {
      param: 'cachedContent',
    });
  const drops: Drops = new Set(Object.keys(body).filter((name) => !known.has(name)));
  const messages = messagesFromContents(body.contents, drops);
  if (messages.length === 0) {
    throw new GatewayError('bad_request', 'contents must not be empty.', { param: 'contents' });
  }
  const request: CanonicalRequest = {
    model: routeModel(route) ?? stringAt(body.model, 'model')?.replace(/^models\//, '') ?? '',
    messages: [...systemFromInstruction(body.systemInstruction, drops), ...messages],
    tools: toolsFromWire(body.tools, drops),
    toolChoice: toolChoiceFromWire(body.toolConfig),
    ...generationFromWire(body.generationConfig, drops),
    metadata: labelsOf(body),
    serviceTier: stringAt(body.serviceTier, 'serviceTier'),
    stream: isStreamed(route),
    includeUsage: true,
  };
  return { request: present(request), drops: [...drops] };
}

function labelsOf(body: JsonObject): Readonly<Record<string, string>> | undefined {
  const labels = optionalObjectAt(body.labels, 'labels');
  if (labels === undefined) return undefined;
  // Read from the body: the keys are the client's own and keep their spelling.
  return Object.fromEntries(Object.entries(body.labels ?? {}).map(([key, value]) => [key, String(value)]));
}
