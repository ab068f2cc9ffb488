import type { Capability, ModelType, ServerKind } from './model.ts';

/**
 * What discovery found out about one address. Made by `discovery`, read by `registry`, `doctor` and the commands.
 * `down`: was there once, does not answer now. `needs-key`: identified, but its listing wants a credential.
 */
export type ServerState = 'ready' | 'loading' | 'needs-key' | 'down';

export interface ServerFacts {
  /** Literal address that answered, without path or slash: `http://127.0.0.1:11434`, `http://[::1]:8080`. */
  readonly origin: string;
  /** Exact base for OpenAI-compatible requests: `http://127.0.0.1:11434/v1`, Docker's `…:12434/engines/v1`. */
  readonly baseUrl: string;
  readonly kind: ServerKind;
  readonly version: string | undefined;
  readonly state: ServerState;
  /** Why it is not ready, for people. */
  readonly detail?: string | undefined;
  readonly models: readonly ModelFacts[];
  /** Parallel requests the server takes, where it tells (llama.cpp's `total_slots`). */
  readonly slots?: number | undefined;
  /** One model whatever name is asked for: llama.cpp in single-model mode. */
  readonly answersAnyModel: boolean;
  /** An aggregator (LiteLLM, another router): its models may run anywhere, never counted as local. */
  readonly isAggregator: boolean;
  /** Unix milliseconds of the last answer. */
  readonly checkedAtMs: number;
}

export interface ModelFacts {
  /** The name to show and to be asked for; llama.cpp's file path is reduced to its name without `.gguf`. */
  readonly id: string;
  /** What the server wants to be sent. */
  readonly upstreamId: string;
  /** Other names the server itself takes for it. */
  readonly aliases: readonly string[];
  readonly type: ModelType;
  /** Tokens one request may really use, as loaded. */
  readonly context: number | undefined;
  readonly contextMax: number | undefined;
  readonly isLoaded: boolean | undefined;
  readonly sizeBytes: number | undefined;
  readonly capabilities: ReadonlySet<Capability> | undefined;
  /** Runs on someone else's machine although a local server lists it (Ollama's cloud models). */
  readonly isRemote: boolean;
  /** Unix seconds; 0 when unknown. */
  readonly created: number;
}
