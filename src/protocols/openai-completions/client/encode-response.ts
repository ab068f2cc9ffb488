import type { CanonicalResponse, Choice } from '../../canonical.ts';
import { present } from '../../fields.ts';
import { envelope } from '../../openai/envelope.ts';
import { encodeUsage } from '../../openai/usage.ts';
import type { AnswerContext, JsonObject } from '../../protocol.ts';
import { encodeFinishReason } from '../finish-reason.ts';
import type { WireChoice, WireCompletion } from '../wire.ts';
import { encodeLogprobs } from './encode-logprobs.ts';

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
