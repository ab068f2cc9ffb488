import type { Outcome } from '../resilience/stats.ts';
import type { AttemptOutcome } from './attempt.ts';
import type { AttemptEnd } from './trail.ts';

/** Monotonic time at which a stream began; undefined for other answers. */
export function answeredAt(outcome: AttemptOutcome, startedAt: number): number | undefined {
  if (outcome.kind !== 'answered' || outcome.firstTokenMs === undefined) return undefined;
  return startedAt + outcome.firstTokenMs;
}

/** Errors that say something about the request, not about who was asked. */
const faultless: ReadonlySet<string> = new Set(['upstream_rejected', 'upstream_context', 'upstream_incapable']);

/** What an attempt has shown of the candidate. */
export function measurement(
  outcome: AttemptOutcome,
  about: { readonly latencyMs: number; readonly hasLost: boolean },
): Outcome {
  if (about.hasLost) return { kind: 'lost', latencyMs: about.latencyMs };
  switch (outcome.kind) {
    case 'answered':
      return { kind: 'answered', latencyMs: about.latencyMs };
    case 'client-closed':
      return { kind: 'unknown' };
    case 'failed':
    case 'broken': {
      const { source, code } = outcome.error;
      return { kind: source === 'upstream' && !faultless.has(code) ? 'failed' : 'unknown' };
    }
  }
}

/** What an attempt is told as. `hasLost`: another candidate's answer was taken. */
export function endOf(
  outcome: AttemptOutcome,
  { hasLost, queueMs }: { readonly hasLost: boolean; readonly queueMs: number },
): AttemptEnd {
  const failure = 'error' in outcome ? outcome.error : undefined;
  const departed = hasLost ? 'lost' : 'client_closed';
  const code = failure?.code ?? (outcome.kind === 'client-closed' ? departed : 'ok');
  return { code, status: outcome.status, message: failure?.message, queueMs };
}
