import type { CreateEmbeddingResponse, Embedding } from 'openai/resources/embeddings';
import type { FormatId } from '../protocol.ts';

export const embeddingsFormat: FormatId = { protocol: 'chat_completions', operation: 'embeddings' };

export const embeddingsPath = '/embeddings';

/** The SDK's type of an answer says numbers although `encoding_format: base64` makes them text. */
export type WireEmbedding = Omit<Embedding, 'embedding'> & { readonly embedding: readonly number[] | string };

export type WireEmbeddings = Omit<CreateEmbeddingResponse, 'data'> & { readonly data: readonly WireEmbedding[] };
