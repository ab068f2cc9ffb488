import type { Batch } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import type { GatewayError } from '../core/errors.ts';
import type { Usage } from '../core/model.ts';
import type { UpstreamAnswer } from './answer-tap.ts';
import type { Delivery } from './delivery.ts';
import type { Prepared } from './prepared.ts';

/** What an upstream answers, by the kind it turned out to be. Sees to it that the client gets what it should. */
export interface Answer {
  /** As far as it is known yet. */
  readonly usage: Usage | undefined;
  push(chunk: Buffer): void;
  end(): void;
  /** The connection broke. */
  break(error: GatewayError): void;
}

/** Where bytes come from, as far as it can be held back. */
export interface Flow {
  pause(): void;
  resume(): void;
}

/** The attempt, as its answer knows it. Nothing of the answer comes after it is over. */
export interface AnswerHost {
  readonly clock: Clock;
  readonly batch: Batch;
  readonly prepared: Prepared;
  readonly delivery: Delivery;
  /** The client asked for a stream. */
  readonly isStreamed: boolean;
  readonly head: UpstreamAnswer;
  readonly isOver: boolean;
  /** This candidate's answer is the client's answer. */
  readonly isCommitted: boolean;
  /**
   * Makes this candidate's answer the client's. Asked before the first byte of it is sent; false when another
   * candidate's already is, and this one is over. Safe to repeat.
   */
  claim(): boolean;
  /** Begins to watch for silence, in place of the limit until the answer begins. */
  watchSilence(): void;
  /** Something came at this monotonic time. */
  heard(atMs: number): void;
  /** To the client, no faster than it reads. */
  write(output: Buffer | string): void;
  /** So many bytes of the answer, and of what is made of it, are held. False when there is no room: this one has failed. */
  holds(bytes: number): boolean;
  /** It is whole and handed over. `firstTokenAt` is monotonic. */
  answered(usage: Usage | undefined, firstTokenAt?: number): void;
  /** Safe to repeat. */
  fail(error: GatewayError): void;
}
