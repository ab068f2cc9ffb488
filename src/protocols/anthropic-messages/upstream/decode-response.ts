import type { CanonicalResponse, Choice, ContentPart } from '../../canonical.ts';
import { asArray, asObject, asString, asText } from '../../fields.ts';
import { invalidAnswer } from '../../invalid-answer.ts';
import type { DecodeContext, JsonObject } from '../../protocol.ts';
import { argumentsOf } from '../../tool-input.ts';
import { classifyError } from '../errors.ts';
import { decodeFinishReason } from '../finish-reason.ts';
import { decodeUsage } from '../usage.ts';
import { protocol } from '../wire.ts';

/** Blocks of server tools are not decoded: their tools are never offered, so only odd servers would send them. */
function decodeBlock(block: JsonObject): readonly ContentPart[] {
  switch (block.type) {
    case 'text':
      return [{ kind: 'text', text: asString(block.text) ?? '' }];
    case 'thinking': {
      const signature = asText(block.signature);
      const seal = signature === undefined ? undefined : { protocol, value: signature };
      return [{ kind: 'reasoning', text: asString(block.thinking) ?? '', seal }];
    }
    case 'redacted_thinking': {
      const seal = { protocol, value: asString(block.data) ?? '', isRedacted: true };
      return [{ kind: 'reasoning', text: '', seal }];
    }
    case 'tool_use': {
      const id = asString(block.id) ?? '';
      return [{ kind: 'tool-call', id, name: asString(block.name) ?? '', arguments: argumentsOf(block.input) }];
    }
    default:
      return [];
  }
}

/** Why the model refused, where it says so beside the content. */
export function refusalText(stopDetails: unknown): string | undefined {
  return asText(asObject(stopDetails)?.explanation);
}

function decodeChoice(body: JsonObject, blocks: readonly unknown[]): Choice {
  const raw = asText(body.stop_reason);
  const refusal = refusalText(body.stop_details);
  const content = blocks.flatMap((block) => decodeBlock(asObject(block) ?? {}));
  return {
    index: 0,
    content: refusal === undefined ? content : [...content, { kind: 'refusal', text: refusal }],
    finishReason: raw === undefined ? 'other' : decodeFinishReason(raw),
    rawFinishReason: raw,
    stopSequence: asString(body.stop_sequence),
  };
}

/** Throws the error that the body is, or `upstream_invalid` when it is not a message, or is one without any outcome. */
export function checkAnswer(body: JsonObject, target: DecodeContext['target']): readonly unknown[] {
  if (body.type === 'error' || asObject(body.error) !== undefined) {
    throw classifyError(200, {}, JSON.stringify(body), target);
  }
  if (!Array.isArray(body.content)) throw invalidAnswer(target, 'it holds no message');
  const blocks = asArray(body.content);
  if (blocks.length === 0 && asText(body.stop_reason) === undefined) {
    throw invalidAnswer(target, 'it has neither content nor a stop reason');
  }
  return blocks;
}

export function decodeResponse(body: JsonObject, context: DecodeContext): CanonicalResponse {
  const blocks = checkAnswer(body, context.target);
  return {
    id: asString(body.id) ?? '',
    model: asString(body.model) ?? context.target.model.upstreamId,
    created: 0,
    choices: [decodeChoice(body, blocks)],
    usage: decodeUsage(body.usage),
  };
}
