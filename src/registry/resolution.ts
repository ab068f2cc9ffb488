import type { LocalOnly, StrategyName } from '../config/schema.ts';
import type { Candidate, Capability, Operation } from '../core/model.ts';

/** Which rule a name matched by, in their order. */
export type Rule =
  | 'provider-lock'
  | 'preset'
  | 'virtual-model'
  | 'virtual-pattern'
  | 'model'
  | 'provider:model'
  | 'provider/model'
  | 'variant'
  | 'alias'
  | 'case-folded'
  | 'auto'
  | 'catch-all'
  | 'default-model'
  | 'none';

export interface ResolveRequest {
  /** As the client wrote it; empty when it named none. */
  readonly model: string;
  readonly operation: Operation;
  /** What the client wrote, where configuration puts `model` in its place: what restricts that name holds for this one. */
  readonly insteadOf?: string | undefined;
  /** Value of the provider-lock header. */
  readonly lock?: string | undefined;
  /** From a header or the client's key. */
  readonly localOnly?: LocalOnly | undefined;
  /** Names that the client's key may use; patterns with `*`. Undefined is all. */
  readonly allowedModels?: readonly string[] | undefined;
  /** What the request cannot do without. */
  readonly needs?: readonly Capability[] | undefined;
}

export type RejectionCode =
  | 'down'
  | 'needs-key'
  | 'disabled'
  | 'unknown-provider'
  | 'locked'
  | 'excluded'
  | 'local-only'
  | 'type'
  | 'capability'
  | 'mixed-embeddings'
  | 'not-allowed';

/** A place that the name means, and why this request does not go there. */
export interface Rejection {
  /** `provider:model`. */
  readonly candidate: string;
  readonly code: RejectionCode;
  readonly reason: string;
}

/** A server that is named and does not answer. */
export interface DownServer {
  readonly provider: string;
  readonly address: string;
  readonly startCommand: string | undefined;
}

/**
 * found: there are candidates. unknown: nothing has the name (a fresh look at the servers may change that).
 * down-type: it names a local kind of server, and none is there. unknown-provider: the lock names a provider that does
 * not exist. none-left: the name means something, but nothing that this request may use.
 */
export type ResolutionKind = 'found' | 'unknown' | 'down-type' | 'unknown-provider' | 'none-left';

export interface Resolution {
  readonly kind: ResolutionKind;
  readonly rule: Rule;
  readonly requested: string;
  /** In the order of configuration; strategies order them. Empty unless `found`. */
  readonly candidates: readonly Candidate[];
  readonly rejected: readonly Rejection[];
  /** Of the virtual model and preset together; every candidate's `params` has them already. */
  readonly params: Readonly<Record<string, unknown>> | undefined;
  readonly systemPrompt: string | undefined;
  readonly localOnly: LocalOnly;
  /** One provider was named: no failover to others. */
  readonly isPinned: boolean;
  /** The order of candidates was written by the user and is kept by the ordered strategy. */
  readonly isAsWritten: boolean;
  /** How the candidates are to be ordered. */
  readonly strategy: StrategyName;
  /** How many of the last candidates only stand in for the others, maybe with another model: they stay last. */
  readonly standIns: number;
  /** Ids of the providers that were found, not declared. */
  readonly discovered: ReadonlySet<string>;
  readonly virtualModel: string | undefined;
  /** For `unknown` and `unknown-provider`: names that may have been meant. */
  readonly near: readonly string[];
  /** For `down-type`, and for a pinned provider that is down. */
  readonly down: DownServer | undefined;
}
