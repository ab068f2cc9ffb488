import type { CanonicalResponse, ContentPart } from '../../canonical.ts';
import { asArray, asObject, asString, asText, isObject } from '../../fields.ts';
import type { DecodeContext, JsonObject } from '../../protocol.ts';
import { classifyError, invalidAnswer } from '../errors.ts';
import { checkFinishReason, decodeFinishReason } from '../finish-reason.ts';
import { decodeLogprobs } from '../logprobs.ts';
import { decodeUsage } from '../usage.ts';

/**
 * Decodes a whole answer. The wire names no model, so it is the one that was asked. Citations refer to documents that
 * no other protocol's client has sent, and are left out.
 */
export function decodeResponse(body: JsonObject, { target }: DecodeContext): CanonicalResponse {
  const message = asObject(body.message);
  if (message === undefined) throw noMessage(body, target);
  const raw = asText(body.finish_reason);
  checkFinishReason(raw, undefined);
  const content = decodeContent(message);
  const logprobs = decodeLogprobs(asArray(body.logprobs));
  const choice = {
    index: 0,
    content,
    finishReason: decodeFinishReason(
      raw ?? '',
      content.some((part) => part.kind === 'tool-call'),
    ),
    rawFinishReason: raw,
    logprobs: logprobs.length === 0 ? undefined : logprobs,
  };
  const usage = decodeUsage(body.usage);
  return { id: asString(body.id) ?? '', model: target.model.upstreamId, created: 0, choices: [choice], usage };
}

/** In errors `message` is the text. */
function noMessage(body: JsonObject, target: DecodeContext['target']) {
  const isError = typeof body.message === 'string' || body.error !== undefined;
  if (isError) return classifyError(200, {}, JSON.stringify(body), target);
  return invalidAnswer('answered without a message');
}

/** The plan of calls is what the model says before them. */
function decodeContent(message: JsonObject): readonly ContentPart[] {
  const blocks = asArray(message.content).filter(isObject).flatMap(decodeBlock);
  const plan = asText(message.tool_plan);
  const calls = asArray(message.tool_calls).filter(isObject).flatMap(decodeCall);
  return [...blocks, ...(plan === undefined ? [] : [{ kind: 'text' as const, text: plan }]), ...calls];
}

function decodeBlock(block: JsonObject): readonly ContentPart[] {
  const thinking = asText(block.thinking);
  if (thinking !== undefined) return [{ kind: 'reasoning', text: thinking }];
  const text = asText(block.text);
  return text === undefined ? [] : [{ kind: 'text', text }];
}

function decodeCall(call: JsonObject, index: number): readonly ContentPart[] {
  const named = asObject(call.function);
  const name = asText(named?.name);
  if (name === undefined) return [];
  const id = asText(call.id) ?? `call_${index}_${name}`;
  return [{ kind: 'tool-call', id, name, arguments: asString(named?.arguments) ?? '' }];
}
