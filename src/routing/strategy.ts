import type { StrategyName } from '../config/schema.ts';
import type { Candidate, Plan } from '../core/model.ts';

export type { StrategyName };

/** What is known of one candidate when a request is planned. Plain values of that moment: nothing in it changes. */
export interface CandidateFacts {
  /**
   * Smoothed milliseconds until an answer of this request's kind began (streams) or was whole (others); undefined when
   * nothing is known, or nothing new enough.
   */
  readonly latencyMs: number | undefined;
  /** It was asked not long ago, with whatever outcome. */
  readonly isTried: boolean;
  /** It is being asked right now. */
  readonly isBeingTried: boolean;
  /** Smoothed share of requests that failed, 0 to 1; 0 for one that was never asked. */
  readonly errorRate: number;
  /** Requests that its endpoint has from us now, those that wait for a place included. */
  readonly inFlight: number;
  /** Of them, those that wait. */
  readonly queued: number;
  /** US dollars that this request would about cost; undefined when no price is known. */
  readonly price: number | undefined;
  /** From the configuration, 1 where it says nothing. 0 keeps it for when all others have failed. */
  readonly weight: number;
}

/** One place a request may go, and what is known of it. */
export interface Choice {
  readonly candidate: Candidate;
  readonly facts: CandidateFacts;
}

/** All that a strategy may look at beside the choices. */
export interface Circumstances {
  /** How the candidates came about. */
  readonly resolution: {
    /** Their order was written by the user. */
    readonly isAsWritten: boolean;
    /** Ids of providers that were found, not declared: they come after the others. */
    readonly discovered: ReadonlySet<string>;
  };
  /** Requests for the same model that were planned before this one: all that taking turns and drawing lots needs. */
  readonly turn: number;
  /** Candidates that a race may ask at once; undefined is all. */
  readonly maxAtOnce: number | undefined;
}

export interface Strategy {
  readonly name: StrategyName;
  /**
   * Orders the candidates; loses none and adds none. Pure: no clock, no I/O, nothing remembered between calls. Health,
   * limits and breakers are not its business: who cannot be asked now is put last by those who try.
   */
  plan(choices: readonly Choice[], circumstances: Circumstances): Plan;
}
