import { createHash } from 'node:crypto';
import type { Secret } from './secret.ts';

/** The words of `api_protocol`: what an endpoint speaks. */
export const protocolNames = [
  'chat_completions',
  'responses',
  'messages',
  'generate_content',
  'cohere',
  'converse',
  'ollama',
] as const;
export type ProtocolName = (typeof protocolNames)[number];

/** What a request asks for, whatever the protocol it came in. */
export const operations = [
  'chat',
  'completions',
  'embeddings',
  'count_tokens',
  'rerank',
  'speech',
  'transcriptions',
  'translations',
  'images',
  'image_edits',
  'moderations',
] as const;
export type Operation = (typeof operations)[number];

/**
 * What a model is for. `audio` speaks or hears, the server does not tell which; `unknown` where it tells nothing: such a
 * model is tried for everything.
 */
export const modelTypes = [
  'chat',
  'embedding',
  'completion',
  'rerank',
  'speech',
  'transcription',
  'audio',
  'image',
  'video',
  'moderation',
  'unknown',
] as const;
export type ModelType = (typeof modelTypes)[number];

export const capabilities = ['tools', 'vision', 'reasoning', 'structured_output', 'audio', 'documents'] as const;
export type Capability = (typeof capabilities)[number];

/** US dollars per million tokens. */
export interface Pricing {
  readonly input: number;
  readonly output: number;
  readonly cached_input?: number | undefined;
  readonly cache_write?: number | undefined;
}

/** What stands behind an address. `openai` is any OpenAI-compatible server without a kind of its own. */
export type ServerKind =
  | 'ollama'
  | 'llamacpp'
  | 'lm_studio'
  | 'vllm'
  | 'sglang'
  | 'localai'
  | 'docker_model_runner'
  | 'koboldcpp'
  | 'text_generation_webui'
  | 'gpt4all'
  | 'jan'
  | 'tgi'
  | 'mlx_lm'
  | 'litellm'
  | 'openai';

export interface Timeouts {
  readonly connectMs: number;
  /** First byte of content of a stream. */
  readonly firstTokenMs: number;
  /** Silence within a stream. */
  readonly idleMs: number;
  /** The whole of an answer that is not streamed. */
  readonly totalMs: number;
}

/** How the credential travels; the code stands in `transport/auth`. */
export type AuthKind = 'none' | 'bearer' | 'x-api-key' | 'x-goog-api-key' | 'api-key' | 'sigv4' | 'google';

/** Base URL + credentials. Shared by all models of a provider at one address; identity is `key`. */
export interface Endpoint {
  /** Stable over reloads: provider id and base URL. Breaker states and pools hang on it. */
  readonly key: string;
  readonly providerId: string;
  /** The provider's `type`: a word of the catalogue (`ollama`, `openai`, `groq`, …), or `openai` for generic ones. */
  readonly type: string;
  /** Exact base, version prefix included, no trailing slash: `http://127.0.0.1:11434/v1`. */
  readonly baseUrl: string;
  readonly auth: AuthKind;
  readonly credential: Secret | undefined;
  /** Extra request headers of the user's, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeouts: Timeouts;
  /** True when every address its host resolves to is loopback or private (or `local: true`). */
  readonly isLocal: boolean;
  /** Its host has not been looked up yet: `isLocal` is a guess from the name, which no promise may rest on. */
  readonly isUnresolved?: boolean | undefined;
  /** True when it is on this machine's loopback. */
  readonly isLoopback: boolean;
  /** In-flight limit; undefined: without a limit. */
  readonly maxConcurrent: number | undefined;
  readonly queue: { readonly max: number; readonly timeoutMs: number };
  /** Connections in the pool; undefined leaves it open. */
  readonly poolSize: number | undefined;
  /** Order among providers of one name, lower first. */
  readonly priority: number | undefined;
  /** Share of the requests under the weighted strategy; undefined is 1. */
  readonly weight?: number | undefined;
  readonly quirks: EndpointQuirks;
  /** Provider-specific values: azure `api_version`, bedrock `region`, vertex `project` and `location`. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Departures of an upstream from the protocol it claims; from the catalogue, by type. */
export interface EndpointQuirks {
  /** The field that limits the answer's tokens in chat completions; undefined: whatever the client wrote. */
  readonly tokenLimitField?: 'max_tokens' | 'max_completion_tokens' | undefined;
  /** False: has no legacy `/completions`, or not for the models of today; they are asked in chat instead. */
  readonly completions?: boolean | undefined;
  /** False: rejects `stream_options`. */
  readonly streamOptions?: boolean | undefined;
  /** False: rejects `response_format: json_object` (LM Studio). */
  readonly jsonObject?: boolean | undefined;
  /** Takes image bytes only, no http URLs (Ollama). */
  readonly imageBytesOnly?: boolean | undefined;
  /**
   * Where reasoning text is expected when it is sent back in chat completions; undefined: it is not sent.
   * `reasoning_details` also carries the seals of sealed reasoning (OpenRouter).
   */
  readonly reasoningField?: 'reasoning_content' | 'reasoning' | 'reasoning_details' | undefined;
  /** Takes `cache_control` marks on parts and tools in chat completions (OpenRouter). */
  readonly cacheMarks?: boolean | undefined;
  /** False: no `developer` role; it is sent as `system`. */
  readonly developerRole?: boolean | undefined;
  /** Top-level request fields that it answers with a 400. */
  readonly rejectedFields?: readonly string[] | undefined;
  /** Path of a tokenizer endpoint on the server's root. */
  readonly tokenizePath?: string | undefined;
}

/** One model as one endpoint serves it. */
export interface ServedModel {
  /** The name clients ask for. */
  readonly id: string;
  /** The name the upstream knows. */
  readonly upstreamId: string;
  readonly type: ModelType;
  /** Context in tokens that one request may use; undefined when unknown. */
  readonly context: number | undefined;
  /** What it was trained for, where that differs from `context`. */
  readonly contextMax?: number | undefined;
  readonly isLoaded: boolean | undefined;
  /** Bytes on disk. */
  readonly sizeBytes?: number | undefined;
  readonly pricing: Pricing | undefined;
  /** Undefined when unknown, which is not the same as none. */
  readonly capabilities: ReadonlySet<Capability> | undefined;
  /** What this model can be asked in, first is preferred. */
  readonly protocols: readonly ProtocolName[];
  /**
   * Nothing leaves the user's network, by what was known of its address when the snapshot was made. False for an Ollama
   * cloud model behind a loopback address.
   */
  readonly isLocal: boolean;
  /**
   * What is true wherever its socket leads: the user says so (`local`), or the server hands the prompt on. Undefined where
   * the address decides that a connection goes to.
   */
  readonly isLocalByWord?: boolean | undefined;
  /** Unix seconds; 0 when unknown. */
  readonly created: number;
}

/** Endpoint + model: one place a request may go. */
export interface Candidate {
  readonly endpoint: Endpoint;
  readonly model: ServedModel;
  /** From a virtual model's endpoint entry or preset: fills what the request left out. */
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  /** Overrides the endpoint's first-token and total limits. */
  readonly timeoutMs?: number | undefined;
  /** Overrides the endpoint's. */
  readonly weight?: number | undefined;
}

/** Candidates in the order they are to be tried: one after the other, or the first `width` in a race. */
export type Plan =
  | { readonly kind: 'in-turn'; readonly strategy: string; readonly candidates: readonly Candidate[] }
  | {
      readonly kind: 'at-once';
      readonly strategy: string;
      readonly candidates: readonly Candidate[];
      /** At least 2. Those behind follow in turn when all of the race have failed. */
      readonly width: number;
    };

/** Longest model name that is kept as it is. Characters. */
const maxKeptName = 256;

/**
 * A candidate's identity for breakers, statistics and logs. Of bounded length: behind `provider:` a client may write
 * what it likes.
 */
export function candidateKey({ endpoint, model }: Candidate): string {
  return `${endpoint.key}#${boundedName(model.upstreamId)}`;
}

/** A name to remember something under: itself, or where it is long its beginning and a digest. */
export function boundedName(name: string): string {
  if (name.length <= maxKeptName) return name;
  return `${name.slice(0, 64)}…sha256:${createHash('sha256').update(name).digest('hex')}`;
}

/** Token counts of one request. `input` includes what was read from a cache. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cachedInput?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly reasoning?: number | undefined;
  readonly audioInput?: number | undefined;
  readonly audioOutput?: number | undefined;
  /** True when counted by us, not told by the upstream. */
  readonly isEstimate?: boolean | undefined;
}
