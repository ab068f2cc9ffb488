import type { CanonicalResponse, Choice } from '../../canonical.ts';
import { asObject, present } from '../../fields.ts';
import { envelope } from '../../openai/envelope.ts';
import { encodeLogprobs } from '../../openai/logprobs.ts';
import { encodeUsage } from '../../openai/usage.ts';
import type { AnswerContext, JsonObject } from '../../protocol.ts';
import { encodeFinishReason } from '../finish-reason.ts';
import { encodeCallSeal, encodeDetails } from '../reasoning.ts';
import { formatId, type WireChoice, type WireMessage, type WireResponse } from '../wire.ts';

/** Encodes an answer for a client of chat completions. Reasoning goes out as `reasoning_content`. */
export function encodeResponse(response: CanonicalResponse, context: AnswerContext): JsonObject {
  const body: WireResponse = {
    ...asObject(response.extensions?.[formatId.protocol]),
    ...envelope('chat.completion', response, context),
    choices: response.choices.map(encodeChoice),
    ...present({ usage: response.usage === undefined ? undefined : encodeUsage(response.usage) }),
  };
  return { ...body };
}

function encodeChoice(choice: Choice): WireChoice {
  return {
    index: choice.index,
    message: encodeMessage(choice),
    logprobs: choice.logprobs === undefined ? null : encodeLogprobs(choice.logprobs),
    finish_reason: encodeFinishReason(choice.finishReason),
  };
}

function encodeMessage({ content }: Choice): WireMessage {
  const texts = content.filter((part) => part.kind === 'text').map((part) => part.text);
  const refusals = content.filter((part) => part.kind === 'refusal').map((part) => part.text);
  const reasoning = content.filter((part) => part.kind === 'reasoning');
  const calls = content.filter((part) => part.kind === 'tool-call');
  const thought = reasoning.map((part) => part.text).join('');
  const details = encodeDetails(reasoning);
  return present({
    role: 'assistant' as const,
    content: texts.length === 0 && calls.length + refusals.length > 0 ? null : texts.join(''),
    refusal: refusals.length === 0 ? null : refusals.join(''),
    reasoning_content: thought === '' ? undefined : thought,
    reasoning_details: details.length === 0 ? undefined : details,
    tool_calls:
      calls.length === 0
        ? undefined
        : calls.map((call) => ({
            id: call.id,
            type: 'function' as const,
            function: { name: call.name, arguments: call.arguments },
            ...encodeCallSeal(call.seal),
          })),
  });
}
