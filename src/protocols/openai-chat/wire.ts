import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { FormatId } from '../protocol.ts';

/*
 * The recipe of a protocol folder: `-in` files are the client's side (they decode requests, encode answers), `-out`
 * files the upstream's (they encode requests, decode answers). `inbound.ts`, `outbound.ts` and `inspector.ts` put them
 * together under the contracts of `protocol.ts`.
 */

export const formatId: FormatId = { protocol: 'chat_completions', operation: 'chat' };

/** Name of this protocol in seals, extensions and format ids. */
export const protocol = formatId.protocol;

export const chatPath = '/chat/completions';

/** OpenRouter's form of reasoning that must come back unchanged. `format` names who sealed it. */
export type ReasoningDetail = {
  readonly type: 'reasoning.text' | 'reasoning.summary' | 'reasoning.encrypted';
  readonly text?: string;
  readonly summary?: string;
  readonly data?: string;
  readonly signature?: string;
  readonly format?: string;
  readonly id?: string;
  readonly index?: number;
};

/** Reasoning in answers: DeepSeek's and llama.cpp's field, and OpenRouter's. The SDK's types have neither. */
export interface ReasoningFields {
  readonly reasoning_content?: string;
  readonly reasoning_details?: readonly ReasoningDetail[];
}

/** Where Gemini's own OpenAI-compatible endpoint puts the thought signature of a call. */
export interface SealedCall {
  readonly extra_content?: { readonly google: { readonly thought_signature: string } };
}

export type WireMessage = Omit<ChatCompletion.Choice['message'], 'tool_calls'> &
  ReasoningFields & { readonly tool_calls?: readonly (WireToolCall & SealedCall)[] };

export interface WireToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

export type WireChoice = Omit<ChatCompletion.Choice, 'message'> & { readonly message: WireMessage };

export type WireResponse = Omit<ChatCompletion, 'choices'> & { readonly choices: readonly WireChoice[] };

export type WireDelta = Omit<ChatCompletionChunk.Choice.Delta, 'tool_calls'> &
  ReasoningFields & { readonly tool_calls?: readonly (ChatCompletionChunk.Choice.Delta.ToolCall & SealedCall)[] };

export type WireLogprobs = ChatCompletion.Choice.Logprobs;

export type WireFinishReason = ChatCompletion.Choice['finish_reason'];
