import type { CanonicalResponse, Choice } from '../../canonical.ts';
import { present } from '../../fields.ts';
import type { AnswerContext, JsonObject } from '../../protocol.ts';
import { encodeFinishReason } from '../finish-reason.ts';
import { timestamp, type WireHead } from '../wire.ts';
import { encodeCall, encodeLogprobs, type Piece, type PieceShape } from './answer-piece.ts';
import { encodeMetrics } from './encode-metrics.ts';

/** Encodes a whole answer in one object. The first choice alone: clients of this wire cannot ask for more. */
export function encodeResponse(response: CanonicalResponse, context: AnswerContext, shape: PieceShape): JsonObject {
  const choice = response.choices[0];
  const totalMs = context.elapsedMs?.();
  const head: WireHead = {
    model: response.model === '' ? context.requestedModel : response.model,
    created_at: timestamp(context.nowMs + (totalMs ?? 0)),
    done: true,
  };
  return {
    ...head,
    ...shape(choice === undefined ? {} : pieceOf(choice)),
    done_reason: encodeFinishReason(choice?.finishReason ?? 'other'),
    ...present({ logprobs: choice?.logprobs === undefined ? undefined : encodeLogprobs(choice.logprobs) }),
    ...encodeMetrics({ usage: response.usage, totalMs, firstPieceMs: undefined }),
  };
}

function pieceOf({ content }: Choice): Piece {
  const texts = content.filter((part) => part.kind === 'text' || part.kind === 'refusal');
  const thoughts = content.filter((part) => part.kind === 'reasoning').map((part) => part.text);
  const calls = content.filter((part) => part.kind === 'tool-call');
  const thinking = thoughts.join('');
  return {
    text: texts.map((part) => part.text).join(''),
    thinking: thinking === '' ? undefined : thinking,
    calls: calls.length === 0 ? undefined : calls.map(encodeCall),
  };
}
