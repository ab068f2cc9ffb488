import type {
  CountTokensResponse,
  FunctionDeclaration,
  GenerateContentResponse,
  Candidate as SdkCandidate,
  Content as SdkContent,
  GenerationConfig as SdkGenerationConfig,
  LogprobsResult as SdkLogprobsResult,
  Model as SdkModel,
  Part as SdkPart,
  ToolConfig as SdkToolConfig,
} from '@google/genai';
import type { FormatId } from '../protocol.ts';

export const formatId: FormatId = { protocol: 'generate_content', operation: 'chat' };
export const embedFormatId: FormatId = { protocol: 'generate_content', operation: 'embeddings' };

/** Name of this protocol in seals, extensions and format ids. */
export const protocol = formatId.protocol;

/**
 * The SDK's types as JSON has them: enumerations are their words, everything may be missing. The REST wire is
 * camelCase like the SDK; only what `wire` documents differs.
 */
type Json<T> = T extends string
  ? `${T}`
  : T extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]?: Json<T[Key]> | undefined }
      : T;

export type WirePart = Json<SdkPart>;
export type WireContent = Json<SdkContent>;
export type WireGenerationConfig = Json<Omit<SdkGenerationConfig, 'responseFormat'>>;
export type WireToolConfig = Json<SdkToolConfig>;
export type WireFunctionDeclaration = Json<FunctionDeclaration>;
export type WireCandidate = Json<SdkCandidate>;
export type WireLogprobs = Json<SdkLogprobsResult>;
export type WireFinishReason = NonNullable<WireCandidate['finishReason']>;

export type WireResponse = Json<
  Pick<
    GenerateContentResponse,
    'candidates' | 'usageMetadata' | 'promptFeedback' | 'modelVersion' | 'responseId' | 'createTime'
  >
>;
export type WireUsage = NonNullable<WireResponse['usageMetadata']>;

/** The SDK spreads this over its `config` argument; on the wire it is one flat body. */
export interface WireRequest {
  readonly contents: readonly WireContent[];
  readonly systemInstruction?: WireContent | undefined;
  readonly tools?: readonly { readonly functionDeclarations: readonly WireFunctionDeclaration[] }[] | undefined;
  readonly toolConfig?: WireToolConfig | undefined;
  readonly generationConfig?: WireGenerationConfig | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly serviceTier?: string | undefined;
}

export type WireTokenCount = Json<Pick<CountTokensResponse, 'totalTokens' | 'cachedContentTokenCount'>>;

/** `supportedGenerationMethods` is what the SDK renames to `supportedActions`. */
export type WireModel = Json<
  Pick<SdkModel, 'name' | 'displayName' | 'description' | 'version' | 'inputTokenLimit' | 'outputTokenLimit'>
> & { readonly supportedGenerationMethods?: readonly string[] | undefined };
