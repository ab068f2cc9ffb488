import type { Candidate } from '../../core/model.ts';
import { asArray, asText } from '../fields.ts';
import type { FormatId, JsonObject, UpstreamQuestion, WarmUp, WarmUps } from '../protocol.ts';
import { chatPiece, generatePiece } from './client/answer-piece.ts';
import { timestamp, type WireHead } from './wire.ts';

/** The warm-ups of one of Ollama's paths. */
export function warmUpsOf(id: FormatId): WarmUps {
  return { read: (body) => warmUpOf(id, body), answer: (warmUp, nowMs) => encodeWarmUp(id, warmUp, nowMs) };
}

/** A model that is to be kept for no time is unloaded. Undefined when the request asks for an answer (embeddings always do), or names no model. */
export function warmUpOf({ operation }: FormatId, body: JsonObject): WarmUp | undefined {
  const model = asText(body.model);
  if (model === undefined || operation === 'embeddings') return undefined;
  const isEmpty =
    operation === 'chat' ? asArray(body.messages).length === 0 && isAbsentOrList(body.messages) : hasNoPrompt(body);
  if (!isEmpty) return undefined;
  return { model, action: isZero(body.keep_alive) ? 'unload' : 'load', keepAlive: body.keep_alive };
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
export function encodeWarmUp(
  { operation }: FormatId,
  { model, action }: Omit<WarmUp, 'keepAlive'>,
  nowMs: number,
): JsonObject {
  const head: WireHead = { model, created_at: timestamp(nowMs), done: true };
  const piece = operation === 'chat' ? chatPiece({}) : generatePiece({});
  return { ...head, ...piece, done_reason: action };
}

/** How an upstream is told to load or unload a model. Only Ollama can be told: undefined for all others. */
export function askForWarmUp({ endpoint, model }: Candidate, keepAlive: unknown): UpstreamQuestion | undefined {
  if (endpoint.type !== 'ollama') return undefined;
  return {
    url: `${endpoint.baseUrl.replace(/\/v\d+$/, '')}/api/generate`,
    headers: {},
    body: { model: model.upstreamId, ...(keepAlive === undefined ? {} : { keep_alive: keepAlive }) },
  };
}
