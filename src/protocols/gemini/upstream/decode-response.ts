import type { GatewayError } from '../../../core/errors.ts';
import type { Candidate } from '../../../core/model.ts';
import type { CanonicalResponse, Choice, ContentPart } from '../../canonical.ts';
import { asArray, asNumber, asObject, asString, asText, present } from '../../fields.ts';
import { invalidAnswer } from '../../invalid-answer.ts';
import type { DecodeContext, JsonObject } from '../../protocol.ts';
import { classifyErrorObject } from '../errors.ts';
import { decodeFinishReason, isFailedFinish } from '../finish-reason.ts';
import { logprobsFromWire } from '../logprobs.ts';
import { mediaPart } from '../media.ts';
import { objectsIn } from '../proto-json.ts';
import { sealFromOwnSignature } from '../seal.ts';
import { usageFromWire } from '../usage.ts';

/** Throws the error that a 200 may hold, and `upstream_invalid` for an answer without candidates. */
export function decodeResponse(body: JsonObject, context: DecodeContext): CanonicalResponse {
  const error = asObject(body.error);
  if (error !== undefined) throw classifyErrorObject(error, context.target);
  const blocked = blockReason(body);
  const candidates = objectsIn(body.candidates);
  if (candidates.length === 0 && blocked === undefined)
    throw invalidAnswer(context.target, 'an answer without candidates');
  const ids = new CallNumbers(body, context);
  const choices = candidates.map((candidate, index) => choiceFromWire(candidate, index, { ids, context }));
  return present({
    id: asString(body.responseId) ?? '',
    model: asText(body.modelVersion) ?? context.target.model.upstreamId,
    created: createdFromWire(body.createTime),
    choices: candidates.length === 0 ? [blockedChoice(blocked)] : choices,
    usage: usageFromWire(body.usageMetadata),
  });
}

/** Why a prompt was refused; then there are no candidates. */
export function blockReason(body: JsonObject): string | undefined {
  return asText(asObject(body.promptFeedback)?.blockReason);
}

function blockedChoice(reason: string | undefined): Choice {
  return present({ index: 0, content: [], finishReason: 'content-filter', rawFinishReason: reason } as const);
}

/** Unix seconds; only Vertex tells. */
export function createdFromWire(value: unknown): number {
  const ms = Date.parse(asString(value) ?? '');
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}

interface Reading {
  readonly ids: CallNumbers;
  readonly context: DecodeContext;
}

function choiceFromWire(candidate: JsonObject, position: number, reading: Reading): Choice {
  const content = asArray(asObject(candidate.content)?.parts).flatMap((part) => partFromWire(part, reading.ids));
  const raw = asText(candidate.finishReason);
  if (content.length === 0 && (raw === undefined || isFailedFinish(raw)))
    throw emptyAnswer(candidate, reading.context.target);
  const hasCalls = content.some((part) => part.kind === 'tool-call');
  const logprobs = logprobsFromWire(candidate.logprobsResult);
  return present({
    index: asNumber(candidate.index) ?? position,
    content,
    finishReason: decodeFinishReason(raw ?? 'STOP', hasCalls),
    rawFinishReason: raw,
    logprobs: logprobs.length === 0 ? undefined : logprobs,
  });
}

/** Nothing came but the news that it went wrong: another try may do better. */
export function emptyAnswer(candidate: JsonObject, target: Candidate): GatewayError {
  const reason = asText(candidate.finishReason) ?? 'no finish reason';
  const message = asText(candidate.finishMessage);
  return invalidAnswer(target, `an empty answer (${reason}${message === undefined ? '' : `: ${message}`})`);
}

/** Everything one part of an answer holds; a text is split from its signature as in requests. */
export function partFromWire(value: unknown, ids: CallNumbers): readonly ContentPart[] {
  const part = asObject(value);
  if (part === undefined) return [];
  const seal = sealFromOwnSignature(part.thoughtSignature);
  const call = asObject(part.functionCall);
  if (call !== undefined) {
    const args = JSON.stringify(asObject(call.args) ?? {});
    const id = asText(call.id) ?? ids.next();
    return [present({ kind: 'tool-call', id, name: asString(call.name) ?? '', arguments: args, seal } as const)];
  }
  const sealed: readonly ContentPart[] = seal === undefined ? [] : [{ kind: 'reasoning', text: '', seal }];
  const media = asObject(part.inlineData) === undefined ? undefined : mediaPart(part, 'parts');
  if (media !== undefined) return [media, ...sealed];
  const text = asString(part.text) ?? '';
  if (part.thought === true) return text === '' ? sealed : [present({ kind: 'reasoning', text, seal } as const)];
  return text === '' ? sealed : [{ kind: 'text', text }, ...sealed];
}

/**
 * Ids for calls that come without one, unique within the conversation: the answer's own id where it has one, else the
 * number of messages before it, which only grows.
 */
export class CallNumbers {
  readonly #prefix: string;
  #count = 0;

  constructor(body: JsonObject, context: DecodeContext) {
    const answer = asText(body.responseId)
      ?.replace(/[^a-zA-Z0-9_-]/g, '')
      .slice(0, 24);
    this.#prefix = `call_${answer ?? context.request.messages.length}`;
  }

  next(): string {
    this.#count += 1;
    return `${this.#prefix}_${this.#count}`;
  }
}
