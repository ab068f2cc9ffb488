import type { ChatResponse, GenerateResponse, Logprob, Message, ModelResponse, ToolCall } from 'ollama';
import type { FormatId } from '../protocol.ts';

/* The client's side alone: upstreams that are Ollama are spoken to in chat completions. */

export const formatId: FormatId = { protocol: 'ollama', operation: 'chat' };
/** `/api/generate`: a prompt in, a text out. */
export const generateFormatId: FormatId = { protocol: 'ollama', operation: 'completions' };
/** `/api/embed` and the older `/api/embeddings`. */
export const embedFormatId: FormatId = { protocol: 'ollama', operation: 'embeddings' };

export const protocol = formatId.protocol;

/** Servers since 0.12 number their calls and give them ids; the client's types know neither yet. */
export type WireToolCall = Omit<ToolCall, 'function'> & {
  readonly id: string;
  readonly function: ToolCall['function'] & { readonly index: number };
};

export type WireMessage = Omit<Message, 'tool_calls' | 'images'> & { readonly tool_calls?: readonly WireToolCall[] };

export type WireLogprob = Logprob;

/** Nanoseconds and tokens. Absent where unknown, as the server leaves out zeros. */
export type WireMetrics = Partial<
  Pick<
    ChatResponse,
    'total_duration' | 'load_duration' | 'prompt_eval_count' | 'prompt_eval_duration' | 'eval_count' | 'eval_duration'
  >
>;

/** What stands in every answer and in every line of a stream. The client's types have dates where the wire has text. */
export type WireHead = Pick<ChatResponse, 'model' | 'done'> & { readonly created_at: string };

/** The piece of an answer that `/api/chat` carries. */
export interface WireChatPiece {
  readonly message: WireMessage;
}

/** The piece of an answer that `/api/generate` carries. */
export type WireGeneratePiece = Pick<GenerateResponse, 'thinking'> & { readonly response: string };

export type WireModel = Omit<ModelResponse, 'modified_at' | 'expires_at' | 'size_vram'> & {
  readonly modified_at: string;
};

/** One line of a stream. */
export function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** RFC 3339. */
export function timestamp(unixMs: number): string {
  return new Date(unixMs).toISOString();
}
