import type { FormatId, JsonObject } from '../protocol.ts';

/** Name of this protocol in seals and format ids. */
export const protocol = 'converse';

export const formatId: FormatId = { protocol, operation: 'chat' };

/*
 * The request as the API's model has it (`POST /model/{id}/converse`, `…/converse-stream`). Each block is an object
 * with one member, whose name says what it is. Bytes are base64.
 */

export interface CachePoint {
  readonly cachePoint: { readonly type: 'default'; readonly ttl?: '5m' | '1h' };
}

export type SystemBlock = { readonly text: string } | CachePoint;

export interface ImageBlock {
  readonly image: {
    readonly format: 'png' | 'jpeg' | 'gif' | 'webp';
    readonly source: { readonly bytes: string };
  };
}

export type DocumentFormat = 'pdf' | 'csv' | 'doc' | 'docx' | 'xls' | 'xlsx' | 'html' | 'txt' | 'md';

export interface DocumentBlock {
  readonly document: {
    readonly format: DocumentFormat;
    readonly name: string;
    readonly source: { readonly bytes: string };
  };
}

export interface ToolUseBlock {
  readonly toolUse: { readonly toolUseId: string; readonly name: string; readonly input: JsonObject };
}

export type ResultBlock = { readonly text: string } | ImageBlock | DocumentBlock;

export interface ToolResultBlock {
  readonly toolResult: {
    readonly toolUseId: string;
    readonly content: readonly ResultBlock[];
    readonly status?: 'success' | 'error';
  };
}

export interface ReasoningBlock {
  readonly reasoningContent:
    | { readonly reasoningText: { readonly text: string; readonly signature?: string } }
    | { readonly redactedContent: string };
}

export type ContentBlock =
  | { readonly text: string }
  | ImageBlock
  | DocumentBlock
  | ToolUseBlock
  | ToolResultBlock
  | ReasoningBlock
  | CachePoint;

export interface WireMessage {
  readonly role: 'user' | 'assistant';
  readonly content: readonly ContentBlock[];
}

export interface ToolSpec {
  readonly toolSpec: {
    readonly name: string;
    readonly description?: string;
    readonly inputSchema: { readonly json: JsonObject };
    readonly strict?: boolean;
  };
}

export type ToolChoice =
  | { readonly auto: JsonObject }
  | { readonly any: JsonObject }
  | { readonly tool: { readonly name: string } };

export interface ToolConfig {
  readonly tools: readonly (ToolSpec | CachePoint)[];
  readonly toolChoice?: ToolChoice;
}

export interface InferenceConfig {
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly stopSequences?: readonly string[];
}

export interface RequestBody {
  readonly messages: readonly WireMessage[];
  readonly system?: readonly SystemBlock[];
  readonly inferenceConfig?: InferenceConfig;
  readonly toolConfig?: ToolConfig;
  readonly outputConfig?: {
    readonly textFormat: {
      readonly type: 'json_schema';
      readonly structure: {
        /** `schema` is JSON in a string. */
        readonly jsonSchema: { readonly schema: string; readonly name?: string; readonly description?: string };
      };
    };
  };
  /** What only the model behind it knows: `thinking`, `top_k`. */
  readonly additionalModelRequestFields?: JsonObject;
  /** JSON pointers into the model's own answer. */
  readonly additionalModelResponseFieldPaths?: readonly string[];
  readonly requestMetadata?: Readonly<Record<string, string>>;
  readonly serviceTier?: { readonly type: 'default' | 'flex' | 'priority' | 'reserved' };
}
