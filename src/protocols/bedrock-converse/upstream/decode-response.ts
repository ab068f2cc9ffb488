import type { CanonicalRequest, CanonicalResponse, ContentPart } from '../../canonical.ts';
import { asArray, asObject, asString, asText } from '../../fields.ts';
import { invalidAnswer } from '../../invalid-answer.ts';
import type { DecodeContext, JsonObject } from '../../protocol.ts';
import { argumentsOf } from '../../tool-input.ts';
import { decodeFinishReason } from '../finish-reason.ts';
import { type ModelTraits, traitsOf } from '../model-traits.ts';
import { originalName } from '../names.ts';
import { decodeUsage } from '../usage.ts';

function decodeReasoning(block: JsonObject, { sealProtocol: protocol }: ModelTraits): ContentPart {
  const redacted = asText(block.redactedContent);
  if (redacted !== undefined)
    return { kind: 'reasoning', text: '', seal: { protocol, value: redacted, isRedacted: true } };
  const shown = asObject(block.reasoningText) ?? {};
  const signature = asText(shown.signature);
  const seal = signature === undefined ? undefined : { protocol, value: signature };
  return { kind: 'reasoning', text: asString(shown.text) ?? '', seal };
}

function decodeCall(call: JsonObject, request: CanonicalRequest): ContentPart {
  const name = originalName(asString(call.name) ?? '', request);
  return { kind: 'tool-call', id: asString(call.toolUseId) ?? '', name, arguments: argumentsOf(call.input) };
}

/** Blocks that no request of ours can bring about are not decoded. */
function decodeBlock(block: JsonObject, traits: ModelTraits, request: CanonicalRequest): readonly ContentPart[] {
  const text = asString(block.text);
  if (text !== undefined) return [{ kind: 'text', text }];
  const reasoning = asObject(block.reasoningContent);
  if (reasoning !== undefined) return [decodeReasoning(reasoning, traits)];
  const call = asObject(block.toolUse);
  return call === undefined ? [] : [decodeCall(call, request)];
}

/** Where the model itself says which stop sequence it hit. */
export function stopSequenceOf(additional: unknown): string | undefined {
  const fields = asObject(additional);
  return asText(fields?.stop_sequence) ?? asText(asObject(fields?.delta)?.stop_sequence);
}

/** Throws `upstream_invalid` when the body is not a message, or is one without any outcome. */
export function decodeResponse(body: JsonObject, { target, request }: DecodeContext): CanonicalResponse {
  const message = asObject(asObject(body.output)?.message);
  const raw = asText(body.stopReason);
  if (message === undefined && raw === undefined) throw invalidAnswer(target, 'it holds no message');
  const blocks = asArray(message?.content);
  if (blocks.length === 0 && raw === undefined) throw invalidAnswer(target, 'it has neither content nor a stop reason');
  const traits = traitsOf(target.model.upstreamId);
  return {
    id: '',
    model: target.model.upstreamId,
    created: 0,
    choices: [
      {
        index: 0,
        content: blocks.flatMap((block) => decodeBlock(asObject(block) ?? {}, traits, request)),
        finishReason: raw === undefined ? 'other' : decodeFinishReason(raw),
        rawFinishReason: raw,
        stopSequence: stopSequenceOf(body.additionalModelResponseFields),
      },
    ],
    usage: decodeUsage(body.usage),
  };
}
