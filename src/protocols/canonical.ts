import type { Capability, Usage } from '../core/model.ts';

/**
 * The hub of all translation: every inbound protocol decodes into it, every outbound protocol encodes from it. What
 * only one protocol knows travels in `extensions`, under that protocol's name, and is written back by that protocol
 * alone.
 */
export interface CanonicalRequest {
  readonly model: string;
  /** In the order they came; system and developer messages stay in place. */
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice | undefined;
  readonly parallelToolCalls?: boolean | undefined;
  readonly output?: OutputFormat | undefined;
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly minP?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly seed?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  /** Number of choices. */
  readonly n?: number | undefined;
  readonly logprobs?: boolean | undefined;
  readonly topLogprobs?: number | undefined;
  readonly logitBias?: Readonly<Record<string, number>> | undefined;
  readonly reasoning?: ReasoningRequest | undefined;
  /** The end user, as the client names it. */
  readonly user?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly serviceTier?: string | undefined;
  readonly stream: boolean;
  /** Whether the client asked for usage in its stream. Protocols that always carry usage say true. */
  readonly includeUsage: boolean;
  /** Ollama's `keep_alive`, llama.cpp's template arguments and the like, by protocol name. */
  readonly extensions?: Extensions | undefined;
  /** Fields as the client wrote them, for protocols whose answer repeats them (Responses). Never sent upstream. */
  readonly echo?: Readonly<Record<string, unknown>> | undefined;
}

export type Extensions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool';

export interface Message {
  readonly role: Role;
  /** The speaker's name, where the protocol has one. */
  readonly name?: string | undefined;
  readonly content: readonly ContentPart[];
}

/** Marks the end of a cacheable prefix. */
export interface CacheMark {
  readonly ttl?: string | undefined;
}

export type ContentPart =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly cache?: CacheMark | undefined;
      readonly citations?: readonly unknown[] | undefined;
    }
  | {
      readonly kind: 'image';
      readonly source: MediaSource;
      readonly detail?: string | undefined;
      readonly cache?: CacheMark | undefined;
    }
  | { readonly kind: 'audio'; readonly source: MediaSource; readonly format?: string | undefined }
  | {
      readonly kind: 'document';
      readonly source: DocumentSource;
      readonly name?: string | undefined;
      readonly cache?: CacheMark | undefined;
    }
  | ReasoningPart
  | ToolCallPart
  | ToolResultPart
  | { readonly kind: 'refusal'; readonly text: string };

/** Bytes are kept in base64 as they came. `file` is an id in the provider's own file store. */
export type MediaSource =
  | { readonly kind: 'bytes'; readonly mediaType: string; readonly base64: string }
  | { readonly kind: 'url'; readonly url: string; readonly mediaType?: string | undefined }
  | { readonly kind: 'file'; readonly id: string };

export type DocumentSource =
  | MediaSource
  | { readonly kind: 'text'; readonly text: string; readonly mediaType?: string | undefined };

export interface ReasoningPart {
  readonly kind: 'reasoning';
  /** Empty when only the sealed form exists. */
  readonly text: string;
  /** True when `text` is a summary of reasoning that is not shown. */
  readonly isSummary?: boolean | undefined;
  /**
   * What the provider needs to take its own reasoning back: Anthropic's signature, OpenAI's encrypted content,
   * Gemini's thought signature. Only valid at the protocol that made it.
   */
  readonly seal?: Seal | undefined;
  readonly id?: string | undefined;
}

export interface Seal {
  /** The protocol that made it: `messages`, `responses`, `generate_content`. */
  readonly protocol: string;
  readonly value: string;
  /** Anthropic's redacted_thinking: the seal is all there is. */
  readonly isRedacted?: boolean | undefined;
}

export interface ToolCallPart {
  readonly kind: 'tool-call';
  readonly id: string;
  readonly name: string;
  /** JSON text as the model wrote it; may be invalid when cut by length. */
  readonly arguments: string;
  /** Gemini's thought signature on a function call. */
  readonly seal?: Seal | undefined;
  readonly cache?: CacheMark | undefined;
}

export interface ToolResultPart {
  readonly kind: 'tool-result';
  /** The call's id. */
  readonly id: string;
  /** The call's name; Gemini and Ollama need it, decoders fill it in from the call where the wire lacks it. */
  readonly name?: string | undefined;
  readonly content: readonly ContentPart[];
  readonly isError?: boolean | undefined;
  readonly cache?: CacheMark | undefined;
}

export interface Tool {
  readonly name: string;
  readonly description?: string | undefined;
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly strict?: boolean | undefined;
  readonly cache?: CacheMark | undefined;
  /** Codex's named groups of tools: the flattened name is `name`, the group's travels here to be folded back. */
  readonly namespace?: string | undefined;
}

export type ToolChoice =
  | { readonly kind: 'auto' }
  | { readonly kind: 'none' }
  | { readonly kind: 'required' }
  | { readonly kind: 'tool'; readonly name: string }
  | { readonly kind: 'allowed'; readonly names: readonly string[]; readonly isRequired: boolean };

export type OutputFormat =
  | { readonly kind: 'text' }
  | { readonly kind: 'json' }
  | {
      readonly kind: 'json-schema';
      readonly name: string;
      readonly description?: string | undefined;
      readonly schema: Readonly<Record<string, unknown>>;
      readonly strict?: boolean | undefined;
    };

export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';

export interface ReasoningRequest {
  readonly effort?: ReasoningEffort | undefined;
  /** Tokens to spend on reasoning; 0 switches it off, -1 leaves it to the model. */
  readonly budgetTokens?: number | undefined;
  /** Whether the caller wants to see the reasoning (or a summary of it). */
  readonly summary?: string | undefined;
}

export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'refusal' | 'pause' | 'other';

export interface CanonicalResponse {
  readonly id: string;
  /** What the upstream wrote. */
  readonly model: string;
  /** Unix seconds; 0 when the upstream does not tell. */
  readonly created: number;
  readonly choices: readonly Choice[];
  readonly usage?: Usage | undefined;
  readonly extensions?: Extensions | undefined;
}

export interface Choice {
  readonly index: number;
  /** Text, reasoning, tool calls and refusals in the order the model gave them. */
  readonly content: readonly ContentPart[];
  readonly finishReason: FinishReason;
  /** The upstream's own word. */
  readonly rawFinishReason?: string | undefined;
  /** The stop sequence that was hit, where the upstream tells. */
  readonly stopSequence?: string | undefined;
  readonly logprobs?: readonly TokenLogprob[] | undefined;
}

export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes?: readonly number[] | null | undefined;
  readonly top: readonly {
    readonly token: string;
    readonly logprob: number;
    readonly bytes?: readonly number[] | null | undefined;
  }[];
}

/**
 * One item of a stream. Blocks have explicit starts and ends and a number that is unique within the answer; blocks of
 * one choice do not overlap unless the upstream interleaves tool calls (chat completions may), so encoders whose wire
 * forbids overlap must order them themselves.
 */
export type Part =
  | {
      readonly kind: 'start';
      readonly id: string;
      readonly model: string;
      readonly created: number;
      readonly usage?: Usage | undefined;
    }
  | {
      readonly kind: 'block-start';
      readonly choice: number;
      readonly block: number;
      readonly content: BlockStart;
    }
  /** Text of a text, reasoning or refusal block; a piece of JSON of a tool call. Never empty. */
  | { readonly kind: 'block-delta'; readonly choice: number; readonly block: number; readonly text: string }
  /** `seal` closes a reasoning block (Anthropic's signature_delta, Gemini's thoughtSignature). */
  | { readonly kind: 'block-end'; readonly choice: number; readonly block: number; readonly seal?: Seal | undefined }
  | { readonly kind: 'logprobs'; readonly choice: number; readonly logprobs: readonly TokenLogprob[] }
  | {
      readonly kind: 'finish';
      readonly choice: number;
      readonly reason: FinishReason;
      readonly raw?: string | undefined;
      readonly stopSequence?: string | undefined;
    }
  /** Cumulative; the last one counts. */
  | { readonly kind: 'usage'; readonly usage: Usage };

export type BlockStart =
  | { readonly kind: 'text' }
  | { readonly kind: 'refusal' }
  | {
      readonly kind: 'reasoning';
      readonly isSummary?: boolean | undefined;
      readonly id?: string | undefined;
      readonly seal?: Seal | undefined;
    }
  | { readonly kind: 'tool-call'; readonly id: string; readonly name: string; readonly seal?: Seal | undefined };

/**
 * What planning needs to know of a request, read without decoding it whole. `needs` are the capabilities a candidate
 * must not be known to lack.
 */
export interface RequestFacts {
  /** As the client wrote it; undefined when it named none. */
  readonly model: string | undefined;
  readonly stream: boolean;
  /** Whether the client wants usage in its stream. */
  readonly includeUsage: boolean;
  readonly needs: ReadonlySet<Capability>;
  /** Rough size of the prompt in tokens (characters / 4). */
  readonly promptTokens: number;
  /** Choices asked for, where it is more than one. */
  readonly choices?: number | undefined;
  readonly maxTokens: number | undefined;
}
