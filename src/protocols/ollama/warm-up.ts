import { asArray, asText } from '../fields.ts';
import type { FormatId, JsonObject } from '../protocol.ts';
import { chatPiece, generatePiece } from './client/answer-piece.ts';
import { timestamp, type WireHead } from './wire.ts';

/** A request without a prompt: it loads the model, or unloads it when it is to be kept for no time. */
export interface WarmUp {
  readonly model: string;
  readonly action: 'load' | 'unload';
}

/** Undefined when the request asks for an answer (embeddings always do), or names no model. */
export function warmUpOf({ operation }: FormatId, body: JsonObject): WarmUp | undefined {
  const model = asText(body.model);
  if (model === undefined || operation === 'embeddings') return undefined;
  const isEmpty =
    operation === 'chat' ? asArray(body.messages).length === 0 && isAbsentOrList(body.messages) : hasNoPrompt(body);
  return isEmpty ? { model, action: isZero(body.keep_alive) ? 'unload' : 'load' } : undefined;
}

/** Anything else is a mistake that decoding must complain about. */
function isAbsentOrList(messages: unknown): boolean {
  return messages === undefined || messages === null || Array.isArray(messages);
}

function hasNoPrompt({ prompt, images }: JsonObject): boolean {
  return (prompt === undefined || prompt === null || prompt === '') && asArray(images).length === 0;
}

/** A number of seconds, or a Go duration: `0`, `0s`, `0m0s`. */
function isZero(keepAlive: unknown): boolean {
  if (typeof keepAlive === 'string') return /^[+-]?(?:0+(?:\.0*)?(?:[a-zµ]+|$))+$/.test(keepAlive);
  return keepAlive === 0;
}

/** The whole answer to a warm-up, one object even where a stream was asked for. */
export function encodeWarmUp({ operation }: FormatId, { model, action }: WarmUp, nowMs: number): JsonObject {
  const head: WireHead = { model, created_at: timestamp(nowMs), done: true };
  const piece = operation === 'chat' ? chatPiece({}) : generatePiece({});
  return { ...head, ...piece, done_reason: action };
}
