import type { Usage } from '../../../core/model.ts';
import { present } from '../../fields.ts';
import type { WireMetrics } from '../wire.ts';

export interface Measured {
  readonly usage: Usage | undefined;
  /** Since the request came; undefined where it is not measured. Milliseconds. */
  readonly totalMs: number | undefined;
  /** Until the answer's first piece; undefined for an answer that came as a whole. */
  readonly firstPieceMs: number | undefined;
}

const nanosecondsPerMs = 1_000_000;

/** Clients divide by these. */
function nanoseconds(ms: number): number {
  return Math.max(1, Math.round(ms * nanosecondsPerMs));
}

/**
 * The counts and durations of a finished answer. Loading is part of the wait for the first piece: upstreams do not
 * tell them apart.
 */
export function encodeMetrics({ usage, totalMs, firstPieceMs }: Measured): WireMetrics {
  const counts = { prompt_eval_count: usage?.input, eval_count: usage?.output };
  if (totalMs === undefined) return present(counts);
  return present({
    total_duration: nanoseconds(totalMs),
    load_duration: 0,
    prompt_eval_count: counts.prompt_eval_count,
    prompt_eval_duration: firstPieceMs === undefined ? undefined : nanoseconds(firstPieceMs),
    eval_count: counts.eval_count,
    eval_duration: nanoseconds(totalMs - (firstPieceMs ?? 0)),
  });
}
