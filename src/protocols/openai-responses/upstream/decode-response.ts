import { cut } from '../../../core/cut.ts';
import type { CanonicalResponse, ContentPart, TokenLogprob } from '../../canonical.ts';
import { asArray, asNumber, asObject, asString, asText, present } from '../../fields.ts';
import { invalidAnswer } from '../../invalid-answer.ts';
import { decodeLogprobs } from '../../openai/logprobs.ts';
import type { DecodeContext, JsonObject } from '../../protocol.ts';
import { reasoningText } from '../client/decode-items.ts';
import { failureOf } from '../errors.ts';
import { type AnswerShape, decodeFinishReason } from '../finish-reason.ts';
import { openSeal } from '../seal.ts';
import { customArguments } from '../tools.ts';
import { decodeUsage } from '../usage.ts';

/** A complete answer. Throws what a failed one really is, `upstream_invalid` for one that has not ended. */
export function decodeResponse(body: JsonObject, context: DecodeContext): CanonicalResponse {
  const failure = failureOf(body, context.target);
  if (failure !== undefined) throw failure;
  if (!Array.isArray(body.output)) throw invalidAnswer(context.target, 'the response has no output');
  const content = body.output.flatMap((item) => itemContent(asObject(item) ?? {}));
  const finish = decodeFinishReason(body, shapeOf(content));
  if (finish === undefined)
    throw invalidAnswer(context.target, `the response ended as '${cut(String(body.status), 40)}'`);
  return {
    id: asString(body.id) ?? '',
    model: asString(body.model) ?? context.target.model.upstreamId,
    created: asNumber(body.created_at) ?? 0,
    choices: [
      {
        index: 0,
        content,
        finishReason: finish.reason,
        rawFinishReason: finish.raw,
        logprobs: outputLogprobs(body.output),
      },
    ],
    usage: decodeUsage(body.usage),
  };
}

function shapeOf(content: readonly ContentPart[]): AnswerShape {
  return {
    hasToolCalls: content.some((part) => part.kind === 'tool-call'),
    hasRefusal: content.some((part) => part.kind === 'refusal'),
  };
}

/** What an output item holds; nothing for the steps of tools that the provider runs itself. */
export function itemContent(item: JsonObject): readonly ContentPart[] {
  switch (item.type) {
    case 'message':
      return asArray(item.content).flatMap((part) => outputContent(asObject(part) ?? {}));
    case 'reasoning':
      return reasoningContent(item);
    case 'function_call':
      return callContent(item, asString(item.arguments) ?? '');
    case 'custom_tool_call':
      return callContent(item, customArguments(asString(item.input) ?? ''));
    default:
      return [];
  }
}

function outputContent(part: JsonObject): readonly ContentPart[] {
  if (part.type === 'refusal') return [{ kind: 'refusal', text: asString(part.refusal) ?? '' }];
  if (part.type !== 'output_text') return [];
  const citations = asArray(part.annotations);
  return [{ kind: 'text', text: asString(part.text) ?? '', ...(citations.length > 0 && { citations }) }];
}

function reasoningContent(item: JsonObject): readonly ContentPart[] {
  const encrypted = asText(item.encrypted_content);
  const seal = encrypted === undefined ? undefined : openSeal(encrypted).seal;
  const reasoning = reasoningText(item);
  if (reasoning.text === '' && seal === undefined) return [];
  return [present({ kind: 'reasoning' as const, ...reasoning, seal, id: asText(item.id) })];
}

/** llama.cpp writes both ids; some servers have only the item's. */
function callContent(item: JsonObject, args: string): readonly ContentPart[] {
  const id = asText(item.call_id) ?? asText(item.id);
  const name = asText(item.name);
  return id === undefined || name === undefined ? [] : [{ kind: 'tool-call', id, name, arguments: args }];
}

function outputLogprobs(output: readonly unknown[]): readonly TokenLogprob[] | undefined {
  const content = output
    .flatMap((item) => asArray(asObject(item)?.content))
    .flatMap((part) => asArray(asObject(part)?.logprobs));
  return decodeLogprobs({ content });
}
