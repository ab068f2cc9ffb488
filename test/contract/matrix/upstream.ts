import type { ProtocolName } from '../../../src/core/model.ts';
import type { Answer, Json, TokenCounts } from './vocabulary.ts';

/** A call or a result as it stands in a request to the upstream. Ids are undefined where the wire has none. */
export interface SentCall {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly input: unknown;
}

export interface SentResult {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly text: string;
}

export interface History {
  readonly calls: readonly SentCall[];
  readonly results: readonly SentResult[];
}

/** One way out: a strict fake of the provider, and what the router must have told it. */
export interface Upstream {
  readonly name: string;
  readonly protocol: ProtocolName;
  /** What the provider cannot do, by scenario. */
  readonly lacks: Readonly<Record<string, string>>;
  /** What a request holds that asks for reasoning. */
  readonly asksReasoning: RegExp;
  /** Whether its 429 says when to come again. */
  readonly tellsRetryAfter: boolean;
  readonly tells: TokenCounts;
  /** What the provider seals its reasoning with, to have it back in the next turn. */
  readonly seal?: RegExp;
  history(body: Json): History;
  start(): Promise<RunningUpstream>;
}

export interface RunningUpstream {
  /** The provider's block in the configuration, without its models. */
  readonly provider: Json;
  /** What the router's environment must hold: credentials that are not in the configuration. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The provider's own id of the model to ask. */
  readonly model: string;
  /** Queues the answer to one request. */
  answer(answer: Answer): void;
  /** Bodies of the generating requests so far. */
  bodies(): readonly Json[];
  close(): Promise<void>;
}
