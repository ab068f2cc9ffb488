import { GatewayError } from '../../../core/errors.ts';
import type { Candidate } from '../../../core/model.ts';
import type { CanonicalResponse, Choice, ContentPart, Extensions } from '../../canonical.ts';
import { asArray, asNumber, asObject, asString, asText, isEmpty, isObject, present } from '../../fields.ts';
import { classifyError, isErrorBody } from '../../openai/errors.ts';
import { decodeLogprobs } from '../../openai/logprobs.ts';
import { decodeUsage } from '../../openai/usage.ts';
import type { DecodeContext, JsonObject } from '../../protocol.ts';
import { splitThinkTags, type TaggedText } from '../../think-tags.ts';
import { thinkingText } from '../client/decode-content.ts';
import { decodeFinishReason } from '../finish-reason.ts';
import { decodeCallSeal, decodeReasoning } from '../reasoning.ts';
import { formatId } from '../wire.ts';

/** Decodes an upstream's whole answer. Throws `upstream_invalid`, or the error that a 200 may hold. */
export function decodeResponse(body: JsonObject, { target }: DecodeContext): CanonicalResponse {
  return {
    id: asString(body.id) ?? '',
    model: asString(body.model) ?? '',
    created: asNumber(body.created) ?? 0,
    choices: checkedChoices(body, target).map((choice, i) => decodeChoice(choice, i, target)),
    usage: decodeUsage(body.usage),
    extensions: decodeExtensions(body),
  };
}

/** The choices of a complete answer, at least one, each with a message. */
export function checkedChoices(body: JsonObject, target: Candidate): readonly JsonObject[] {
  if (isErrorBody(body)) throw classifyError(200, {}, JSON.stringify(body), target);
  const choices = asArray(body.choices).filter(isObject);
  if (choices.length === 0) throw new GatewayError('upstream_invalid', 'The upstream answered without a choice.');
  for (const choice of choices) {
    if (choice.finish_reason === 'error') throw new GatewayError('upstream_failed', 'The upstream failed.');
    if (!isObject(choice.message)) {
      throw new GatewayError('upstream_invalid', 'The upstream answered without a message.');
    }
  }
  return choices;
}

function decodeChoice(choice: JsonObject, position: number, target: Candidate): Choice {
  const message = asObject(choice.message) ?? {};
  const content = decodeMessage(message, target);
  const raw = asText(choice.finish_reason);
  const hasToolCalls = content.some((part) => part.kind === 'tool-call');
  return {
    index: asNumber(choice.index) ?? position,
    content,
    finishReason: decodeFinishReason(raw ?? '', hasToolCalls),
    rawFinishReason: raw,
    // vLLM puts a token's number here when no text was hit.
    stopSequence: asString(choice.stop_reason),
    logprobs: decodeLogprobs(choice.logprobs),
  };
}

function decodeMessage(message: JsonObject, target: Candidate): readonly ContentPart[] {
  const reasoning = decodeReasoning(message);
  const pieces = contentPieces(message.content);
  const hasTags = reasoning.length === 0 && mayTagThinking(target);
  const texts = hasTags ? pieces.flatMap(splitPiece) : pieces;
  const refusal = asText(message.refusal);
  return [
    ...reasoning,
    ...texts,
    ...(refusal === undefined ? [] : [{ kind: 'refusal' as const, text: refusal }]),
    ...decodeCalls(message),
  ];
}

function splitPiece(piece: TaggedText): readonly TaggedText[] {
  return piece.kind === 'text' ? splitThinkTags(piece.text) : [piece];
}

/** Only engines on one's own machines pass their models' tags through; a hosted answer that has them quotes them. */
export function mayTagThinking(target: Candidate): boolean {
  return target.model.isLocal;
}

/** Text and reasoning of `content`: a string, or parts as Mistral sends them. Empty ones are left out. */
export function contentPieces(content: unknown): readonly TaggedText[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  return asArray(content).flatMap((part): readonly TaggedText[] => {
    const object = asObject(part) ?? {};
    const isThinking = object.type === 'thinking';
    const text = isThinking ? thinkingText(object) : asString(object.text);
    return text === undefined || text === '' ? [] : [{ kind: isThinking ? 'reasoning' : 'text', text }];
  });
}

function decodeCalls(message: JsonObject): readonly ContentPart[] {
  const answerCalls = asArray(message.tool_calls).filter(isObject);
  const legacy = asObject(message.function_call);
  const calls = legacy === undefined ? answerCalls : [...answerCalls, { function: legacy }];
  return calls.flatMap((call, i) => {
    const named = asObject(call.function);
    const name = asText(named?.name);
    if (named === undefined || name === undefined) return [];
    const given = named.arguments;
    return [
      {
        kind: 'tool-call' as const,
        id: asText(call.id) ?? `call_${i}_${name}`,
        name,
        arguments: isObject(given) ? JSON.stringify(given) : (asString(given) ?? ''),
        seal: decodeCallSeal(call),
      },
    ];
  });
}

/** What only clients of this protocol can use. */
function decodeExtensions(body: JsonObject): Extensions | undefined {
  const fields = present({
    system_fingerprint: body.system_fingerprint ?? undefined,
    service_tier: body.service_tier ?? undefined,
    timings: body.timings ?? undefined,
  });
  return isEmpty(fields) ? undefined : { [formatId.protocol]: { ...fields } };
}
