import type { ChatCompletionTokenLogprob } from 'openai/resources/chat/completions';
import type { TokenLogprob } from '../canonical.ts';
import { asArray, asNumber, asObject } from '../fields.ts';
import type { WireLogprobs } from '../openai-chat/wire.ts';
import type { JsonObject } from '../protocol.ts';

/** Reads `logprobs` of a choice; a refusal's count like content's. Undefined when there are none. */
export function decodeLogprobs(value: unknown): readonly TokenLogprob[] | undefined {
  const logprobs = asObject(value);
  if (logprobs === undefined) return undefined;
  const tokens = [...asArray(logprobs.content), ...asArray(logprobs.refusal)];
  const decoded = tokens.flatMap((token) => {
    const object = asObject(token);
    if (object === undefined) return [];
    return [{ ...decodeToken(object), top: asArray(object.top_logprobs).flatMap(decodeTop) }];
  });
  return decoded.length === 0 ? undefined : decoded;
}

type Top = TokenLogprob['top'][number];

function decodeTop(value: unknown): readonly Top[] {
  const token = asObject(value);
  return token === undefined ? [] : [decodeToken(token)];
}

function decodeToken(token: JsonObject): Top {
  const bytes = token.bytes;
  return {
    token: String(token.token ?? ''),
    logprob: asNumber(token.logprob) ?? 0,
    bytes: Array.isArray(bytes) ? bytes.filter((byte) => typeof byte === 'number') : null,
  };
}

export function encodeLogprobs(logprobs: readonly TokenLogprob[]): WireLogprobs {
  return { content: logprobs.map(encodeToken), refusal: null };
}

function encodeToken(token: TokenLogprob): ChatCompletionTokenLogprob {
  return { ...encodeTop(token), top_logprobs: token.top.map(encodeTop) };
}

function encodeTop(token: Top): ChatCompletionTokenLogprob.TopLogprob {
  return { token: token.token, logprob: token.logprob, bytes: token.bytes ? [...token.bytes] : null };
}
