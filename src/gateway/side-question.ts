import { GatewayError } from '../core/errors.ts';
import type { Candidate } from '../core/model.ts';
import type { Trail } from './trail.ts';

/** Asks an upstream outside the attempt loop. It is told like any other attempt of the request. */
export async function asAttempt<Answer>(
  trail: Trail,
  candidate: Candidate,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const begun = trail.begin(candidate);
  trail.sent++;
  trail.isLocal = candidate.model.isLocal && trail.isLocal !== false;
  const end = (code: GatewayError['code'] | 'ok', status: number | undefined, message: string | undefined) =>
    trail.end(begun, { code, status, message, queueMs: 0 });
  try {
    const answer = await ask();
    end('ok', 200, undefined);
    trail.conclusion = { ...unanswered, kind: 'answered', candidate };
    return answer;
  } catch (thrown) {
    const { code, upstreamStatus, message } = errorOf(thrown);
    end(code, upstreamStatus, message);
    throw thrown;
  }
}

const unanswered = { error: undefined, usage: undefined, cost: undefined, firstTokenMs: undefined };

/** The client's signal carries no error of ours. */
function errorOf(thrown: unknown): GatewayError {
  const hasLeft = thrown instanceof DOMException && thrown.name === 'AbortError';
  return hasLeft ? new GatewayError('client_closed', 'The client left.') : GatewayError.from(thrown);
}
