import type { TokenLogprob, ToolCallPart } from '../../canonical.ts';
import { present } from '../../fields.ts';
import { inputOf } from '../../tool-input.ts';
import type { WireChatPiece, WireGeneratePiece, WireLogprob, WireToolCall } from '../wire.ts';

/** A piece of an answer, or all of it. */
export interface Piece {
  readonly text?: string | undefined;
  readonly thinking?: string | undefined;
  readonly calls?: readonly WireToolCall[] | undefined;
}

/** Where a piece stands in a line: all that sets `/api/chat` and `/api/generate` apart. */
export type PieceShape = (piece: Piece) => WireChatPiece | WireGeneratePiece;

export function chatPiece({ text = '', thinking, calls }: Piece): WireChatPiece {
  return { message: present({ role: 'assistant', content: text, thinking, tool_calls: calls }) };
}

/** Calls have no place: the request could not offer tools. */
export function generatePiece({ text = '', thinking }: Piece): WireGeneratePiece {
  return present({ response: text, thinking });
}

/** Arguments are an object here; where the model wrote something else it is wrapped, never lost. */
export function encodeCall(call: Omit<ToolCallPart, 'kind'>, index: number): WireToolCall {
  return { id: call.id, function: { index, name: call.name, arguments: inputOf(call.arguments) } };
}

export function encodeLogprobs(logprobs: readonly TokenLogprob[]): WireLogprob[] {
  return logprobs.map(({ token, logprob, bytes, top }) => ({
    ...present({ token, logprob, bytes: bytes ?? undefined }),
    ...(top.length === 0
      ? undefined
      : { top_logprobs: top.map((other) => ({ ...present({ ...other, bytes: other.bytes ?? undefined }) })) }),
  }));
}
