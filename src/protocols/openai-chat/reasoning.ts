import type { ReasoningPart, Seal } from '../canonical.ts';
import { asArray, asObject, asString, asText, present } from '../fields.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReasoningDetail } from './wire.ts';

/** `format` of reasoning details against the protocol whose seal it is. */
const formats: readonly (readonly [format: string, protocol: string])[] = [
  ['anthropic-claude-v1', 'messages'],
  ['openai-responses-v1', 'responses'],
  ['google-gemini-v1', 'generate_content'],
];

function protocolOf(format: unknown): string {
  return formats.find(([known]) => known === format)?.[1] ?? asText(format) ?? 'chat_completions';
}

function formatOf(protocol: string): string {
  return formats.find(([, known]) => known === protocol)?.[0] ?? protocol;
}

/** The reasoning text of a message or a delta, by whichever name the server has for it. */
export function reasoningText(message: JsonObject): string | undefined {
  return asText(message.reasoning_content) ?? asText(message.reasoning) ?? asText(message.thinking);
}

/** The whole reasoning of a message. Details win over plain text, which repeats them. */
export function decodeReasoning(message: JsonObject): readonly ReasoningPart[] {
  const details = decodeDetails(message.reasoning_details);
  if (details.length > 0) return details;
  const text = reasoningText(message);
  return text === undefined ? [] : [{ kind: 'reasoning', text }];
}

/** A summary and the sealed form that follows it are one piece of reasoning. */
export function decodeDetails(value: unknown): readonly ReasoningPart[] {
  const parts: ReasoningPart[] = [];
  for (const item of asArray(value)) {
    const detail = asObject(item);
    const part = detail === undefined ? undefined : decodeDetail(detail);
    if (part === undefined) continue;
    const before = parts.at(-1);
    if (before?.isSummary === true && before.seal === undefined && part.seal !== undefined && part.text === '') {
      parts[parts.length - 1] = { ...before, seal: { protocol: part.seal.protocol, value: part.seal.value } };
    } else parts.push(part);
  }
  return parts;
}

function decodeDetail(detail: JsonObject): ReasoningPart | undefined {
  const id = asText(detail.id);
  const protocol = protocolOf(detail.format);
  switch (detail.type) {
    case 'reasoning.text': {
      const signature = asText(detail.signature);
      const seal = signature === undefined ? undefined : { protocol, value: signature };
      return { kind: 'reasoning', text: asString(detail.text) ?? '', seal, id };
    }
    case 'reasoning.summary':
      return { kind: 'reasoning', text: asString(detail.summary) ?? '', isSummary: true, id };
    case 'reasoning.encrypted': {
      const value = asText(detail.data);
      if (value === undefined) return undefined;
      const isRedacted = protocol === 'messages' ? true : undefined;
      return { kind: 'reasoning', text: '', seal: { protocol, value, isRedacted }, id };
    }
    default:
      return undefined;
  }
}

/** What a client must send back unchanged; none when nothing is sealed. */
export function encodeDetails(parts: readonly ReasoningPart[]): readonly ReasoningDetail[] {
  if (!parts.some((part) => part.seal !== undefined)) return [];
  return parts.flatMap(encodeDetail).map((detail, index) => ({ ...detail, index }));
}

function encodeDetail(part: ReasoningPart): readonly ReasoningDetail[] {
  const { seal, id } = part;
  const format = seal === undefined ? undefined : formatOf(seal.protocol);
  if (part.isSummary === true) {
    const summary = present({ type: 'reasoning.summary' as const, summary: part.text, format, id });
    return seal === undefined ? [summary] : [summary, encrypted(seal, id)];
  }
  if (seal !== undefined && part.text === '') return [encrypted(seal, id)];
  return [present({ type: 'reasoning.text' as const, text: part.text, signature: seal?.value, format, id })];
}

function encrypted(seal: Seal, id: string | undefined): ReasoningDetail {
  return present({ type: 'reasoning.encrypted' as const, data: seal.value, format: formatOf(seal.protocol), id });
}

/** Gemini's seal of a call, as its own compatible endpoint writes it. */
export function decodeCallSeal(call: JsonObject): Seal | undefined {
  const google = asObject(asObject(call.extra_content)?.google);
  const value = asText(google?.thought_signature);
  return value === undefined ? undefined : { protocol: 'generate_content', value };
}

export function encodeCallSeal(seal: Seal | undefined) {
  if (seal?.protocol !== 'generate_content') return {};
  return { extra_content: { google: { thought_signature: seal.value } } };
}
