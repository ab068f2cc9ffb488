import type { CanonicalResponse, Choice, FinishReason, TokenLogprob } from '../canonical.ts';
import { present } from '../fields.ts';
import { envelope } from '../openai-chat/envelope.ts';
import { encodeUsage } from '../openai-chat/usage.ts';
import type { AnswerContext, JsonObject } from '../protocol.ts';
import type { WireChoice, WireCompletion, WireLogprobs } from './wire.ts';

/** Encodes an answer as a legacy completion: its text alone, since this wire has no reasoning and no tools. */
export function encodeResponse(response: CanonicalResponse, context: AnswerContext): JsonObject {
  const body: WireCompletion = {
    ...envelope('text_completion', response, context),
    choices: response.choices.map(encodeChoice),
    ...present({ usage: response.usage === undefined ? undefined : encodeUsage(response.usage) }),
  };
  return { ...body };
}

function encodeChoice(choice: Choice): WireChoice {
  const texts = choice.content.filter((part) => part.kind === 'text' || part.kind === 'refusal');
  return {
    index: choice.index,
    text: texts.map((part) => part.text).join(''),
    logprobs: choice.logprobs === undefined ? null : encodeLogprobs(choice.logprobs, 0),
    finish_reason: encodeFinishReason(choice.finishReason),
  };
}

export function encodeFinishReason(reason: FinishReason): NonNullable<WireChoice['finish_reason']> {
  switch (reason) {
    case 'length':
      return 'length';
    case 'content-filter':
    case 'refusal':
      return 'content_filter';
    case 'stop':
    case 'tool-calls':
    case 'pause':
    case 'other':
      return 'stop';
  }
}

/** `offset` is where the first token begins in the answer's text. */
export function encodeLogprobs(tokens: readonly TokenLogprob[], offset: number): WireLogprobs {
  let end = offset;
  const offsets = tokens.map(({ token }) => {
    const start = end;
    end += token.length;
    return start;
  });
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top }) => Object.fromEntries(top.map(({ token, logprob }) => [token, logprob]))),
    text_offset: offsets,
  };
}
