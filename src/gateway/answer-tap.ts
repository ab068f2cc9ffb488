import type { GatewayError } from '../core/errors.ts';
import type { Candidate, Usage } from '../core/model.ts';
import type { JsonObject } from '../protocols/protocol.ts';

/** What an upstream's answer brings along. */
export interface UpstreamAnswer {
  readonly candidate: Candidate;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly drops: readonly string[];
  readonly usage?: Usage | undefined;
}

export interface CompleteAnswer {
  /**
   * The answer as one body in the client's protocol. Undefined where that was never in one place: answers over the size
   * that is held, and streams of protocols whose last event does not repeat the answer.
   */
  readonly json: JsonObject | undefined;
  readonly usage: Usage | undefined;
}

/**
 * Watches one answer on its way to the client, between the attempt that gives it and the delivery: for whoever keeps,
 * counts or compares answers, so that our own output is not parsed again. It sees the answer that the client gets and
 * nothing of attempts that failed or lost; a request that ends without an answer calls nothing. In order: `begin`,
 * `chunk` as often as needed, then one of `complete` and `broken`. None of them may throw or take long: the client
 * waits.
 */
export interface AnswerTap {
  begin(answer: UpstreamAnswer): void;
  /** The next bytes or text exactly as the client gets them; a stream's whole events. The bytes must not be changed. */
  chunk(chunk: Buffer | string): void;
  complete(answer: CompleteAnswer): void;
  /** It ended early: `error` is what the client was told, undefined when the client left. */
  broken(error: GatewayError | undefined): void;
}

/** Several that watch the same answer; undefined when there are none. */
export function allTaps(...taps: readonly (AnswerTap | undefined)[]): AnswerTap | undefined {
  const present = taps.filter((tap) => tap !== undefined);
  if (present.length < 2) return present[0];
  return {
    begin(answer) {
      for (const tap of present) tap.begin(answer);
    },
    chunk(chunk) {
      for (const tap of present) tap.chunk(chunk);
    },
    complete(answer) {
      for (const tap of present) tap.complete(answer);
    },
    broken(error) {
      for (const tap of present) tap.broken(error);
    },
  };
}
