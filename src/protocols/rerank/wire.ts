import type { FormatId } from '../protocol.ts';

/**
 * `/v1/rerank` as Jina, vLLM and llama.cpp have it, which is Cohere's older form with a model and usage. No SDK has
 * types for it.
 */
export const rerankFormat: FormatId = { protocol: 'chat_completions', operation: 'rerank' };

export const rerankPath = '/rerank';

export interface WireResult {
  readonly index: number;
  readonly relevance_score: number;
  readonly document?: { readonly text: string };
}

export interface WireAnswer {
  readonly id: string;
  readonly object: 'list';
  readonly model: string;
  readonly results: readonly WireResult[];
  /** Jina's and vLLM's place for counts. */
  readonly usage?: { readonly prompt_tokens: number; readonly total_tokens: number };
  /** Cohere's. */
  readonly meta?: { readonly tokens: { readonly input_tokens: number; readonly output_tokens: number } };
}
