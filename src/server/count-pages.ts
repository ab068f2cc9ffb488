import { GatewayError } from '../core/errors.ts';
import { passedHeader } from '../core/loop-mark.ts';
import { nextTurn } from '../core/next-turn.ts';
import { readRoutingHeaders } from '../gateway/exchange.ts';
import type { TokenCount, TokenCounter } from '../gateway/token-count.ts';
import { decodeCountRequest as decodeMessages } from '../protocols/anthropic-messages/client/decode-request.ts';
import { encodeCount } from '../protocols/anthropic-messages/count-tokens.ts';
import { asText } from '../protocols/fields.ts';
import { decodeCountRequest as decodeGemini, encodeCountResponse } from '../protocols/gemini/count-tokens.ts';
import type { DecodedRequest, InboundRoute, JsonObject } from '../protocols/protocol.ts';
import { jsonPage, type Page, type PageHandler, type PageRequest } from './pages.ts';

interface CountShape {
  readonly model: (body: JsonObject, route: InboundRoute) => string;
  readonly decode: (body: JsonObject, route: InboundRoute) => DecodedRequest;
  readonly encode: (tokens: number) => object;
}

const messages: CountShape = {
  model: (body) => asText(body.model) ?? '',
  decode: decodeMessages,
  encode: encodeCount,
};

const gemini: CountShape = {
  model: (_body, route) => route.model ?? '',
  decode: decodeGemini,
  encode: encodeCountResponse,
};

/** `POST /v1/messages/count_tokens` */
export function messagesCountPage(counter: TokenCounter): PageHandler {
  return (request) => count(counter, messages, request);
}

/** `POST /v1beta/models/{model}:countTokens` */
export function geminiCountPage(counter: TokenCounter): PageHandler {
  return (request) => count(counter, gemini, request);
}

async function count(counter: TokenCounter, shape: CountShape, asked: PageRequest): Promise<Page> {
  const { body, key, headers, signal, trail } = asked;
  if (body === undefined)
    throw new GatewayError('bad_request', 'The request body is empty; a JSON object is expected.');
  const route: InboundRoute = { model: asked.rest, action: undefined, query: asked.query, headers };
  const { lock, localOnly } = readRoutingHeaders(headers);
  // Parsing, decoding, encoding and estimating a long prompt take long each.
  await nextTurn();
  const { request } = shape.decode(body, route);
  await nextTurn();
  const counted = await counter.count({
    model: shape.model(body, route),
    request,
    lock,
    localOnly,
    allowedModels: key?.models,
    passed: headers[passedHeader],
    signal,
    trail,
  });
  return { ...jsonPage(shape.encode(counted.tokens)), headers: sourceOf(counted) };
}

/** Neither wire has a place for it, so a header says where the number comes from. */
function sourceOf({ isEstimate }: TokenCount): readonly string[] {
  return ['x-router-token-count', isEstimate ? 'estimate' : 'exact'];
}
