import type { Cohere } from 'cohere-ai';
import type { FormatId } from '../protocol.ts';

export const formatId: FormatId = { protocol: 'cohere', operation: 'chat' };
export const embedFormatId: FormatId = { protocol: 'cohere', operation: 'embeddings' };
export const rerankFormatId: FormatId = { protocol: 'cohere', operation: 'rerank' };

export const protocol = formatId.protocol;

type SnakeCase<S extends string> = S extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${SnakeCase<Tail>}`
    : `_${Lowercase<Head>}${SnakeCase<Tail>}`
  : S;

/** What the wire has where the SDK's types have camel case. Free-form values (schemas, documents) keep their keys. */
export type Wire<T> = T extends string | number | boolean | undefined
  ? T
  : T extends readonly (infer U)[]
    ? readonly Wire<U>[]
    : string extends keyof T
      ? T
      : { readonly [K in keyof T as SnakeCase<K & string>]: Wire<T[K]> };

export type ChatBody = Wire<Cohere.V2ChatRequest> & { readonly stream: boolean };
export type WireMessage = Wire<Cohere.ChatMessageV2>;
export type WireUserContent = Wire<Cohere.Content>;
export type WireAssistantContent = Wire<Cohere.AssistantMessageV2ContentOneItem>;
export type WireToolContent = Wire<Cohere.ToolContent>;
export type WireToolCall = Wire<Cohere.ToolCallV2>;
export type WireTool = Wire<Cohere.ToolV2>;
export type EmbedBody = Wire<Cohere.V2EmbedRequest>;
export type RerankBody = Wire<Cohere.V2RerankRequest>;
export type InputType = Cohere.EmbedInputType;
